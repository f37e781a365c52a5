package mapping

import (
	"encoding/binary"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// resource is what the spans of a resource share.
type resource struct {
	id                   content.ID
	serviceName, release fitted
	environment          fitted
	environmentRank      int
	session, user        fitted
	labels               []string
	words                content.Content // what words it has
	facts                []byte          // JSON object
}

const (
	// maxResources bounds how many resources are remembered, maxResource how many bytes of
	// JSON such a resource may have.
	maxResources = 64
	maxResource  = 4096
)

// resource files a resource and reads what stands for all its spans, once for resources
// that come again: 0.25 µs instead of 1.2 for three attributes.
func (r *reading) resource(attrs pcommon.Map) *resource {
	var plain bool
	r.buf, plain = appendPlain(r.buf[:0], attrs)
	res, known := r.resources[string(r.buf)]
	if !plain || !known {
		res = r.readResource(attrs)
	}
	if plain && !known && len(r.buf) <= maxResource {
		if len(r.resources) >= maxResources {
			clear(r.resources)
		}
		r.resources[string(r.buf)] = res
	}
	r.batch.Resources[res.id] = res.facts
	return res
}

// appendPlain writes attributes that are texts, numbers and bools so that no two sets come out
// alike; plain is false if there are others.
func appendPlain(dst []byte, attrs pcommon.Map) (out []byte, plain bool) {
	for key, v := range attrs.All() {
		dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
		dst = append(dst, byte(v.Type()))
		switch v.Type() {
		case pcommon.ValueTypeStr:
			dst = append(binary.AppendUvarint(dst, uint64(len(v.Str()))), v.Str()...)
		case pcommon.ValueTypeInt:
			dst = binary.AppendVarint(dst, v.Int())
		case pcommon.ValueTypeDouble:
			dst = binary.AppendUvarint(dst, math.Float64bits(v.Double()))
		case pcommon.ValueTypeBool:
			dst = strconv.AppendBool(dst, v.Bool())
		default:
			return dst, false
		}
	}
	return dst, true
}

func (r *reading) readResource(attrs pcommon.Map) *resource {
	res := &resource{}
	var rep jsonval.Repairs
	facts, said := r.factsAndWords(attrs)
	res.words = r.wordsOf(said, &rep)
	res.facts = jsonval.AppendMap(nil, facts, &rep)
	res.id = content.Of(res.facts)
	res.serviceName, _ = r.ofResource(attrs, dialect.ServiceName)
	res.labels = r.labelsOf(attrs)
	res.release, _ = r.ofResource(attrs, dialect.Release)
	session, user := Whose(attrs)
	res.session, res.user = fit(session), fit(user)
	res.environment, res.environmentRank = r.ofResource(attrs, dialect.Environment)
	return res
}

// sessionsOfResources and usersOfResources are the attributes by which an environment says whose its programs are, the first
// that is there.
var (
	sessionsOfResources = []string{"session.id", "gen_ai.conversation.id"}
	usersOfResources    = []string{"user.id", "enduser.id", "enduser.pseudo.id", "user.email", "user.name"}
)

// Whose returns the session and the user that a resource names, for spans and records that name none themselves.
func Whose(resource pcommon.Map) (session, user string) {
	first := func(keys []string) string {
		for _, key := range keys {
			if v, ok := resource.Get(key); ok {
				if s, _, ok := (value.Value{Attr: v}).Text(); ok && s != "" {
					return s
				}
			}
		}
		return ""
	}
	return first(sessionsOfResources), first(usersOfResources)
}

// ofResource reads a field from the attributes of a resource.
func (r *reading) ofResource(attrs pcommon.Map, f dialect.Field) (fitted, int) {
	for i := range r.t.sources[f] {
		src := &r.t.sources[f][i]
		if src.Own {
			continue // of the dialect's spans
		}
		if v, ok := attrs.Get(src.Attr); ok {
			if s, _, ok := (value.Value{Attr: v}).Text(); ok {
				return fit(s), src.rank
			}
		}
	}
	return fitted{}, 0
}
