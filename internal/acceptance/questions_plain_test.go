package acceptance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// plainSpan is a sent span with what follows from it and its trace, worked out span by span
// as docs/which-number.md says it, and from no row of the database.
type plainSpan struct {
	*told
	kind, model, user, session, agent string
	input, output                     *int64
	cost                              *decimal.Decimal // reported
	counted                           bool
}

// plainCall is a call of a model, or the usage that only an agent tells.
type plainCall struct {
	*plainSpan
	isCall        bool
	input, output *int64
	cost          *decimal.Decimal
	estimated     bool
}

type plainSample struct {
	spans, tools []*plainSpan
	calls        []*plainCall
}

// Prices of the sample's models in USD per million tokens of input and output.
var plainPrices = map[string][2]string{
	"gpt-4o": {"2.5", "10"}, "gpt-4o-mini": {"0.15", "0.6"}, "claude-sonnet-4": {"3", "15"}, "text-embedding-3-small": {"0.02", "0"},
}

var plainKinds = map[string]string{"chat": "llm", "invoke_agent": "agent", "execute_tool": "tool", "embeddings": "embedding", "retrieval": "retriever"}

// datedName takes apart the names that the sample has for its models.
var datedName = regexp.MustCompile(`^(?:us\.anthropic\.)?(.*?)(?:-20\d{6}-v1:0|-20\d\d-\d\d-\d\d)?$`)

func (s *told) text(key string) string {
	text, _ := s.attributes[key].(string)
	return text
}

func (s *told) number(key string) *int64 {
	n, ok := s.attributes[key].(int)
	if !ok {
		return nil
	}
	wide := int64(n)
	return &wide
}

// readPlainly works out the sample.
func readPlainly() *plainSample {
	p := &plainSample{}
	for i := range sampleSpans {
		s := &sampleSpans[i]
		one := &plainSpan{
			told: s, kind: cmp.Or(plainKinds[s.text("gen_ai.operation.name")], "other"), user: s.text("user.id"), session: s.text("gen_ai.conversation.id"),
			model: datedName.FindStringSubmatch(cmp.Or(s.text("gen_ai.response.model"), s.text("gen_ai.request.model")))[1],
			agent: s.text("gen_ai.agent.name"), input: s.number("gen_ai.usage.input_tokens"), output: s.number("gen_ai.usage.output_tokens"),
		}
		if usd, ok := s.attributes["gen_ai.usage.cost"].(float64); ok {
			cost := decimal.NewFromFloat(usd)
			one.cost = &cost
		}
		p.spans = append(p.spans, one)
	}
	for _, s := range p.spans { // before what is inherited changes
		s.counted = (s.isModel() || s.kind == "tool") && !slices.ContainsFunc(p.below(s), s.isToldBy)
	}
	p.inherit()
	for _, s := range p.spans {
		switch {
		case s.counted && s.kind == "tool":
			p.tools = append(p.tools, s)
		case s.counted:
			p.calls = append(p.calls, &plainCall{plainSpan: s, isCall: true})
		}
	}
	for _, s := range p.spans {
		p.placeUsage(s)
	}
	for _, c := range p.calls {
		c.estimate()
	}
	return p
}

func (s *plainSpan) isModel() bool { return s.kind == "llm" || s.kind == "embedding" }

// gaveNothing says that a call failed, with neither an answer nor usage.
func (s *plainSpan) gaveNothing() bool {
	return s.failed != "" && s.attributes["gen_ai.output.messages"] == nil && s.input == nil
}

// isToldBy says that a span below tells the same call.
func (s *plainSpan) isToldBy(below *plainSpan) bool {
	if s.kind == "tool" {
		const call = "gen_ai.tool.call.id"
		return below.kind == "tool" && below.text("gen_ai.tool.name") == s.text("gen_ai.tool.name") && below.text(call) == s.text(call)
	}
	return below.kind == s.kind && (!below.gaveNothing() || s.gaveNothing())
}

func (p *plainSample) parent(s *plainSpan) *plainSpan {
	for _, o := range p.spans {
		if o.trace == s.trace && o.id == s.parent {
			return o
		}
	}
	return nil
}

func (p *plainSample) below(s *plainSpan) (found []*plainSpan) {
	for _, o := range p.spans {
		for up := p.parent(o); up != nil; up = p.parent(up) {
			if up == s {
				found = append(found, o)
			}
		}
	}
	return found
}

// inherit gives users and sessions of their trace to spans that name none, which is what
// the root says, else the earliest span that says something; agents go down.
func (p *plainSample) inherit() {
	type traceOf struct{ user, session string }
	traces := map[byte]traceOf{}
	for _, s := range p.spans { // the root is first, then the others by time
		t := traces[s.trace]
		traces[s.trace] = traceOf{cmp.Or(t.user, s.user), cmp.Or(t.session, s.session)}
	}
	for _, s := range p.spans {
		s.user, s.session = cmp.Or(s.user, traces[s.trace].user), cmp.Or(s.session, traces[s.trace].session)
		for up := p.parent(s); up != nil && s.agent == ""; up = p.parent(up) {
			s.agent = up.agent
		}
	}
}

// placeUsage puts what a span tells of usage, if nothing below it tells usage, on its call.
func (p *plainSample) placeUsage(s *plainSpan) {
	if s.input == nil || slices.ContainsFunc(p.below(s), func(o *plainSpan) bool { return o.input != nil && (o.kind == s.kind || s.kind == "agent") }) {
		return
	}
	var place *plainCall
	for _, c := range p.calls {
		if c.plainSpan != s && !slices.Contains(p.below(s), c.plainSpan) || c.kind != s.kind {
			continue
		}
		if place == nil || max(c.to-s.to, s.to-c.to) < max(place.to-s.to, s.to-place.to) {
			place = c
		}
	}
	if place == nil {
		place = &plainCall{plainSpan: s}
		p.calls = append(p.calls, place)
	}
	place.input, place.output, place.cost = s.input, s.output, s.cost
}

func (c *plainCall) estimate() {
	price, ok := plainPrices[c.model]
	if c.cost != nil || c.input == nil || !ok {
		return
	}
	sum := decimal.RequireFromString(price[0]).Mul(decimal.NewFromInt(*c.input)).Add(decimal.RequireFromString(price[1]).Mul(decimal.NewFromInt(*c.output)))
	sum = sum.Shift(-6)
	c.cost, c.estimated = &sum, true
}

func (c *plainCall) tokens() int64 {
	if c.input == nil {
		return 0
	}
	return *c.input + *c.output
}

// sums adds up figures by a key, and gives a line a key in order; rows without a key, and
// keys without anything, are left out.
func sums[T any](rows []T, of func(T) (key string, figures []int64)) string {
	found := map[string][]int64{}
	for _, row := range rows {
		key, figures := of(row)
		if key == "" {
			continue
		}
		if found[key] == nil {
			found[key] = make([]int64, len(figures))
		}
		for i, n := range figures {
			found[key][i] += n
		}
	}
	var text []string
	for key, figures := range found {
		if slices.Max(figures) > 0 {
			text = append(text, strings.Join(append([]string{key}, texts(figures...)...), "|"))
		}
	}
	return inOrder(text)
}

// inOrder joins lines in the order of their first cell.
func inOrder(text []string) string {
	slices.SortFunc(text, func(a, b string) int {
		return cmp.Compare(strings.ReplaceAll(a, "|", "\x00"), strings.ReplaceAll(b, "|", "\x00"))
	})
	return strings.Join(text, "\n")
}

func texts(figures ...int64) (list []string) {
	for _, n := range figures {
		list = append(list, fmt.Sprint(n))
	}
	return list
}

func one(figures ...int64) string { return strings.Join(texts(figures...), "|") }

func count[T any](rows []T, is func(T) bool) (n int64) {
	for _, row := range rows {
		if is(row) {
			n++
		}
	}
	return n
}

func when(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// spent adds up costs by a key.
func (p *plainSample) spent(key func(*plainCall) string) string {
	found := map[string]decimal.Decimal{}
	for _, c := range p.calls {
		if c.cost != nil {
			found[key(c)] = found[key(c)].Add(*c.cost)
		}
	}
	var text []string
	for key, cost := range found {
		text = append(text, strings.TrimPrefix(key+"|"+cost.String(), "|"))
	}
	return inOrder(text)
}

// byCall sums tokens by a key of calls.
func (p *plainSample) tokensBy(key func(*plainCall) string) string {
	return sums(p.calls, func(c *plainCall) (string, []int64) { return key(c), []int64{c.tokens()} })
}

// callsBy counts calls by a key.
func (p *plainSample) callsBy(key func(*plainCall) string) string {
	return sums(p.calls, func(c *plainCall) (string, []int64) { return key(c), []int64{when(c.isCall)} })
}

func (p *plainSample) all() string {
	return sums(p.calls, func(c *plainCall) (string, []int64) {
		if c.input == nil {
			return "", nil
		}
		return "all", []int64{*c.input, *c.output, *c.input + *c.output}
	})[len("all|"):]
}

func (p *plainSample) failedCalls() int64 {
	return count(p.calls, func(c *plainCall) bool { return c.isCall && c.failed != "" })
}

func (p *plainSample) failedTools() int64 {
	return count(p.tools, func(s *plainSpan) bool { return s.failed != "" })
}

func (p *plainSample) languageCalls() int64 {
	return count(p.calls, func(c *plainCall) bool { return c.isCall && c.kind == "llm" })
}

// answeredFor lists how long answered calls of language models took, in ms, in order.
func (p *plainSample) answeredFor() (ms []int) {
	for _, c := range p.calls {
		if c.isCall && c.kind == "llm" && c.failed == "" {
			ms = append(ms, c.to-c.from)
		}
	}
	slices.Sort(ms)
	return ms
}

func (s *plainSpan) tool() string { return s.text("gen_ai.tool.name") }

// shortHex is how trace ids of the sample begin.
func shortHex(trace byte) string { return hexOf(trace)[:2] }

// userSaid lists what users say in the input of a call.
func (s *plainSpan) userSaid() (lines []string) {
	var messages []struct {
		Role  string
		Parts []struct{ Content string }
	}
	if text := s.text("gen_ai.input.messages"); text != "" {
		if err := json.Unmarshal([]byte(text), &messages); err != nil {
			panic(err)
		}
	}
	for _, m := range messages {
		if m.Role == "user" {
			lines = append(lines, m.Parts[0].Content)
		}
	}
	return lines
}

// saidNew counts how often users say what begins so, and each call's history once: a line
// is new unless an earlier call of the trace held it as often.
func (p *plainSample) saidNew(begin string) (n int64) {
	type line struct {
		trace byte
		text  string
	}
	held := map[line]int{}
	for _, c := range p.calls {
		times := map[line]int{}
		for _, text := range c.userSaid() {
			l := line{c.trace, text}
			times[l]++
			n += when(strings.HasPrefix(text, begin) && times[l] > held[l])
		}
		for l, t := range times {
			held[l] = max(held[l], t)
		}
	}
	return n
}

func (p *plainSample) said(text string) (n int64) {
	for _, c := range p.calls {
		n += count(c.userSaid(), func(said string) bool { return said == text })
	}
	return n
}

// figure finds an answer that has a number.
var figure = regexp.MustCompile(`(^|\|)[\d.]+($|\||\n)`)

// notWorkedOut are questions of words, where a number names a trace, and of sizes of tables.
var notWorkedOut = []string{
	"Which day takes how much?", "What do we hold of a person?", "What was found for a question?", "What did people ask, and what was answered?",
	"Which answers are empty?", "Which traces have a system prompt?", "Which traces answered with a word?", "Who said river, and where?",
}

// TestAnswersAreThoseOfTheSpans works the right answers out from what is sent.
func TestAnswersAreThoseOfTheSpans(t *testing.T) {
	p := readPlainly()
	for _, q := range questions {
		answer, ok := plainAnswers[q.ask]
		switch {
		case ok:
			require.Equal(t, q.want, answer(p), q.ask)
		case figure.MatchString(q.want):
			require.Contains(t, notWorkedOut, q.ask)
		}
	}
}
