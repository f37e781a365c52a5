package mapping

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Score is the result of an evaluation as a row of llm_scores.
type Score struct {
	ID            content.ID
	Day           int32 // of the contents it refers to
	Time          int64 // µs
	TraceID       pcommon.TraceID
	SpanID        pcommon.SpanID
	Belongs       pcommon.TraceID // as of an Event
	ResponseID    string
	SessionID     string
	Name          string
	Value         Float
	Label         string
	ExplanationID content.ID
	Contents      []content.ID // that it refers to
	ErrorType     string
	Attributes    []byte // JSON object of what no other field holds
}

// EvaluationResult is the event, a log record or a span event, that tells a score.
const EvaluationResult = "gen_ai.evaluation.result"

// Attributes of a score that have a column.
const (
	scoreName        = "gen_ai.evaluation.name"
	scoreValue       = "gen_ai.evaluation.score.value"
	scoreLabel       = "gen_ai.evaluation.score.label"
	scoreExplanation = "gen_ai.evaluation.explanation"
	scoreResponse    = "gen_ai.response.id"
	scoreError       = "error.type"
)

// score reads the attributes of an evaluation's result. The contents that the score
// refers to are noted in r.referred.
func (r *reading) score(attrs pcommon.Map) *Score {
	s := &Score{Day: r.out.Day}
	start, referred := len(r.buf), len(r.referred)
	for key, v := range attrs.All() {
		text, _, isText := (value.Value{Attr: v}).Text()
		switch key {
		case scoreName:
			s.Name = r.key(text)
		case scoreLabel:
			s.Label = r.key(text)
		case scoreError:
			s.ErrorType = r.key(text)
		case scoreResponse:
			s.ResponseID = r.key(text)
		case scoreExplanation:
			if isText && text != "" {
				s.ExplanationID = r.store(r.norm.Text(text, &r.rep))
				r.referred = append(r.referred, s.ExplanationID)
			}
		case scoreValue:
			if f, _, ok := (value.Value{Attr: v}).Float(); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
				s.Value = Float{V: f, OK: true}
				continue
			}
			fallthrough
		default:
			if len(r.buf) == start {
				r.buf = append(r.buf, '{')
			}
			mark := len(r.buf)
			r.buf = r.appendAttribute(r.appendKey(r.buf, start+1, key), mark, v, r.classOf(key, v), longValue)
		}
	}
	if len(r.buf) > start+1 {
		r.buf = append(r.buf, '}')
		s.Attributes = r.keep(r.buf[start:])
	}
	r.buf = r.buf[:start]
	if len(r.referred) > referred {
		s.Contents = slices.Clone(r.referred[referred:])
	}
	return s
}

// scoreID is the id of one of the scores that a record tells: the first has that of the record.
func scoreID(record content.ID, i int) (id content.ID) {
	if i == 0 {
		return record
	}
	sum := sha256.Sum256(binary.AppendUvarint(slices.Clone(record[:]), uint64(i)))
	copy(id[:], sum[:])
	return id
}

// scores adds the scores that events of the span tell. The id of a score is a hash of the
// event, so the span sent again tells the same score.
func (r *reading) scores() {
	for _, e := range r.span.Events().All() {
		if e.Name() != EvaluationResult {
			continue
		}
		r.buf = r.buf[:0]
		s := r.score(e.Attributes())
		s.Time, s.SessionID = micros(e.Timestamp()), r.out.SessionID
		s.TraceID, s.Belongs, s.SpanID = r.out.TraceID, r.out.TraceID, r.out.SpanID
		if s.Time == 0 {
			s.Time = r.out.End
		}
		var rep jsonval.Repairs
		r.aside = append(append(r.aside[:0], s.TraceID[:]...), s.SpanID[:]...)
		r.aside = binary.BigEndian.AppendUint64(r.aside, uint64(e.Timestamp()))
		r.aside = jsonval.AppendMap(r.aside, e.Attributes(), &rep)
		sum := sha256.Sum256(r.aside)
		copy(s.ID[:], sum[:])
		r.out.Scores = append(r.out.Scores, s)
	}
}
