package acceptance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// plainAnswers are the answers of questions that are figures, by question.
var plainAnswers = map[string]func(*plainSample) string{
	"What did we spend?":                 func(p *plainSample) string { return p.spent(func(*plainCall) string { return "" }) },
	"What did we spend by model?":        func(p *plainSample) string { return p.spent(func(c *plainCall) string { return c.model }) },
	"How many tokens did we use?":        (*plainSample).all,
	"Is that the same from the traces?":  (*plainSample).all,
	"And from the calls?":                (*plainSample).all,
	"Tokens by user?":                    func(p *plainSample) string { return p.tokensBy(func(c *plainCall) string { return c.user }) },
	"Tokens by agent?":                   func(p *plainSample) string { return p.tokensBy(func(c *plainCall) string { return c.agent }) },
	"Tokens by session?":                 func(p *plainSample) string { return p.tokensBy(func(c *plainCall) string { return c.session }) },
	"Calls by service?":                  func(p *plainSample) string { return p.callsBy(func(c *plainCall) string { return c.service }) },
	"Calls by model?":                    func(p *plainSample) string { return p.callsBy(func(c *plainCall) string { return c.model }) },
	"How many calls of language models?": func(p *plainSample) string { return one(p.languageCalls()) },
	"From the traces?":                   func(p *plainSample) string { return one(p.languageCalls()) },
	"From the calls?":                    func(p *plainSample) string { return one(p.languageCalls()) },
	"How many calls failed?":             func(p *plainSample) string { return one(p.failedCalls()) },
	"Of how many calls is the cost known?": func(p *plainSample) string {
		return one(count(p.calls, func(c *plainCall) bool { return c.isCall && c.kind == "llm" && c.cost != nil }), p.languageCalls())
	},
	"What do models cost whose cost nobody reports?": func(p *plainSample) string {
		sum := decimal.Zero
		for _, c := range p.calls {
			if c.model == "claude-sonnet-4" {
				sum = sum.Add(*c.cost)
			}
		}
		return sum.String()
	},
	"Tokens by provider?": func(p *plainSample) string {
		return p.tokensBy(func(c *plainCall) string { return c.text("gen_ai.provider.name") })
	},
	"Tokens of one prompt version?": func(p *plainSample) string {
		return p.tokensBy(func(c *plainCall) string { return c.text("gen_ai.prompt.version") })
	},
	"Which traces were dearest?": func(p *plainSample) string {
		byTrace := map[byte]int64{}
		for _, c := range p.calls {
			byTrace[c.trace] += c.tokens()
		}
		var rows [][2]int64
		for trace, n := range byTrace {
			rows = append(rows, [2]int64{n, int64(trace)})
		}
		slices.SortFunc(rows, func(a, b [2]int64) int { return cmp.Compare(b[0], a[0]) })
		return fmt.Sprintf("%s|%d\n%s|%d", hexOf(byte(rows[0][1])), rows[0][0], hexOf(byte(rows[1][1])), rows[1][0])
	},
	"Tokens that only agents tell?": func(p *plainSample) string {
		return p.tokensBy(func(c *plainCall) string {
			if c.isCall {
				return ""
			}
			return c.kind + "|" + c.service
		})
	},
	"Tokens a call, on average, of one service?": func(p *plainSample) string {
		sum, calls := int64(0), int64(0)
		for _, c := range p.calls {
			if c.service == "shop" && c.input != nil {
				sum, calls = sum+c.tokens(), calls+1
			}
		}
		return decimal.NewFromInt(sum).DivRound(decimal.NewFromInt(calls), 1).StringFixed(1)
	},
	"How many calls of tools?": func(p *plainSample) string { n := int64(len(p.tools)); return one(n, n, n) },
	"Which tools are called?": func(p *plainSample) string {
		return sums(p.tools, func(s *plainSpan) (string, []int64) { return s.tool(), []int64{1} })
	},
	"Which tools fail?": func(p *plainSample) string {
		return sums(p.tools, func(s *plainSpan) (string, []int64) { return s.tool(), []int64{when(s.failed != "")} })
	},
	"How many errors in all?": func(p *plainSample) string {
		inSession := count(p.calls, func(c *plainCall) bool { return c.isCall && c.failed != "" && c.session == "s3" }) +
			count(p.tools, func(s *plainSpan) bool { return s.failed != "" && s.session == "s3" })
		return one(p.failedCalls()+p.failedTools(), inSession)
	},
	"Which errors?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) { return c.failed, []int64{1} })
	},
	"How many spans say error?": func(p *plainSample) string {
		return one(count(p.spans, func(s *plainSpan) bool { return s.failed != "" }))
	},
	"Error rate of a model?": func(p *plainSample) string {
		of := func(c *plainCall) bool { return c.isCall && c.model == "gpt-4o-mini" }
		failed := count(p.calls, func(c *plainCall) bool { return of(c) && c.failed != "" })
		return decimal.NewFromInt(100*failed).DivRound(decimal.NewFromInt(count(p.calls, of)), 1).StringFixed(1)
	},
	"Median latency of answered calls?": func(p *plainSample) string {
		ms := p.answeredFor()
		return fmt.Sprint(ms[(len(ms)-1)/2])
	},
	"The slowest answer?": func(p *plainSample) string { return fmt.Sprintf("true|%d", slices.Max(p.answeredFor())) },
	"Average latency of one service's calls?": func(p *plainSample) string {
		sum, calls := 0, 0
		for _, c := range p.calls {
			if c.trace == 2 {
				sum, calls = sum+c.to-c.from, calls+1
			}
		}
		return fmt.Sprint(sum / calls)
	},
	"How long do tools take?": func(p *plainSample) string {
		longest := map[string]int{}
		for _, s := range p.tools {
			longest[s.tool()] = max(longest[s.tool()], s.to-s.from)
		}
		var text []string
		for name, ms := range longest {
			text = append(text, fmt.Sprintf("%s|%d", name, ms))
		}
		return inOrder(text)
	},
	"Which calls run in prod?": func(p *plainSample) string {
		return one(count(p.calls, func(c *plainCall) bool { return c.trace == 1 })) // whose root says so
	},
	"Which calls does an agent make?": func(p *plainSample) string {
		return one(count(p.calls, func(c *plainCall) bool { return c.isCall && c.agent == "concierge" }))
	},
	"How many sessions?": func(p *plainSample) string {
		sessions := map[string]bool{}
		for _, s := range p.spans {
			sessions[s.session] = true
		}
		delete(sessions, "")
		return fmt.Sprint(len(sessions))
	},
	"Who was in a shared trace?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) {
			if c.trace != 5 {
				return "", nil
			}
			return c.session + "|" + c.user, []int64{1, when(c.failed != "")}
		})
	},
	"Who runs into failing calls?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) { return c.user, []int64{when(c.failed != "")} })
	},
	"How long did a session last?": func(p *plainSample) string {
		first, last := 1<<62, 0
		for _, s := range p.spans {
			if s.session == "s3" {
				begin := int(s.trace-1) * 60_000
				first, last = min(first, begin+s.from), max(last, begin+s.to)
			}
		}
		return fmt.Sprint((last - first) / 1000)
	},
	"Whose tools fail?": func(p *plainSample) string {
		return sums(p.tools, func(s *plainSpan) (string, []int64) { return s.user, []int64{when(s.failed != ""), 1} })
	},
	"What do 1,000 answers of a model cost?": func(p *plainSample) string {
		cost, calls := map[string]decimal.Decimal{}, map[string]int64{}
		for _, c := range p.calls {
			if c.isCall && c.kind == "llm" && c.failed == "" && c.cost != nil {
				cost[c.model], calls[c.model] = cost[c.model].Add(*c.cost), calls[c.model]+1
			}
		}
		var text []string
		for model, sum := range cost {
			text = append(text, model+"|"+sum.Shift(3).DivRound(decimal.NewFromInt(calls[model]), 3).StringFixed(3))
		}
		return inOrder(text)
	},
	"How large are the prompts of an agent?": func(p *plainSample) string {
		sum, calls := int64(0), int64(0)
		for _, c := range p.calls {
			if c.agent == "concierge" && c.input != nil {
				sum, calls = sum+*c.input, calls+1
			}
		}
		return one(sum / calls)
	},
	"Which traces have errors?": func(p *plainSample) string {
		spans := slices.Clone(p.tools)
		for _, c := range p.calls {
			spans = append(spans, c.plainSpan)
		}
		return sums(spans, func(s *plainSpan) (string, []int64) { return shortHex(s.trace), []int64{when(s.failed != "")} })
	},
	"Where did a call fail and another answer?": func(p *plainSample) string {
		var text []string
		for trace := range byte(9) {
			failed := func(c *plainCall) bool { return c.isCall && c.trace == trace && c.failed != "" }
			answered := func(c *plainCall) bool { return c.isCall && c.trace == trace && c.failed == "" }
			if slices.ContainsFunc(p.calls, failed) && slices.ContainsFunc(p.calls, answered) {
				text = append(text, shortHex(trace))
			}
		}
		return strings.Join(text, "\n")
	},
	"How much of the cost is estimated?": func(p *plainSample) string {
		calls, cost := map[string]int64{}, map[string]decimal.Decimal{}
		for _, c := range p.calls {
			if c.cost != nil {
				source := map[bool]string{true: "estimated", false: "reported"}[c.estimated]
				calls[source], cost[source] = calls[source]+1, cost[source].Add(*c.cost)
			}
		}
		return fmt.Sprintf("estimated|%d|%s\nreported|%d|%s", calls["estimated"], cost["estimated"], calls["reported"], cost["reported"])
	},
	"How often is a version of a prompt used?": func(p *plainSample) string {
		return p.callsBy(func(c *plainCall) string {
			if c.text("gen_ai.prompt.version") == "" {
				return ""
			}
			return c.text("gen_ai.prompt.name") + "|" + c.text("gen_ai.prompt.version")
		})
	},
	"How many people called a model?": func(p *plainSample) string {
		people := map[string]bool{}
		for _, c := range p.calls {
			if c.isCall {
				people[c.user] = true
			}
		}
		return fmt.Sprint(len(people))
	},
	"Which traces took longest?": func(p *plainSample) string {
		var rows [][2]int
		for trace := 1; trace <= 8; trace++ {
			first, last := 1<<62, 0
			for _, s := range p.spans {
				if int(s.trace) == trace {
					first, last = min(first, s.from), max(last, s.to)
				}
			}
			rows = append(rows, [2]int{last - first, trace})
		}
		slices.SortFunc(rows, func(a, b [2]int) int { return cmp.Compare(b[0], a[0]) })
		return fmt.Sprintf("%s|%d\n%s|%d", shortHex(byte(rows[0][1])), rows[0][0], shortHex(byte(rows[1][1])), rows[1][0])
	},
	"Which answers came without tokens?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) {
			return shortHex(c.trace), []int64{when(c.kind == "llm" && c.input == nil && c.failed == "")}
		})
	},
	"What was the largest prompt of each model?": func(p *plainSample) string {
		largest := map[string]int64{}
		for _, c := range p.calls {
			if c.isCall && c.kind == "llm" && c.input != nil {
				largest[c.model] = max(largest[c.model], *c.input)
			}
		}
		var text []string
		for model, n := range largest {
			text = append(text, fmt.Sprintf("%s|%d", model, n))
		}
		return inOrder(text)
	},
	"How many traces has a session?": func(p *plainSample) string {
		traces, users := map[byte]bool{}, map[string]bool{}
		for _, s := range p.spans {
			if s.session == "s3" {
				traces[s.trace], users[s.user] = true, true
			}
		}
		return fmt.Sprintf("%d|%v", len(traces), slices.Sorted(maps.Keys(users)))
	},
	"Which service sends no session?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) { return c.service, []int64{when(c.isCall && c.session == "")} })
	},
	"Which service sends no usage?": func(p *plainSample) string {
		return sums(p.calls, func(c *plainCall) (string, []int64) {
			return c.service, []int64{when(c.isCall && c.input == nil && c.failed == "")}
		})
	},
	"Is everything stored in time?": func(p *plainSample) string {
		services := map[string]bool{}
		for _, s := range p.spans {
			services[s.service] = true
		}
		return fmt.Sprintf("%d|true", len(services))
	},
	"How often did users say hi?":  func(p *plainSample) string { return one(p.saidNew("hi")) },
	"How often did users say two?": func(p *plainSample) string { return one(p.saidNew("two"), p.said("two")) },
	"Which answers were cut?": func(p *plainSample) string {
		var text []string
		for _, c := range p.calls {
			if c.attributes["gen_ai.response.finish_reasons"] != nil {
				text = append(text, shortHex(c.trace))
			}
		}
		return strings.Join(text, "\n")
	},
}
