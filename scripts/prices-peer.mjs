// Answers what calls cost by @pydantic/genai-prices: a JSON object a line in, a number or
// null a line out. The package is found in the folder build/prices.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
const { calcPrice } = createRequire(process.cwd() + '/build/prices/')('@pydantic/genai-prices')
const out = []
for await (const line of createInterface({ input: process.stdin })) {
  const { provider, model, at, usage } = JSON.parse(line)
  const price = calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })
  out.push(price ? [price.total_price, price.model.id] : null)
}
process.stdout.write(out.map((x) => JSON.stringify(x)).join('\n') + '\n')
