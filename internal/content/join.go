package content

import (
	"bytes"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Join returns the body of one message with the parts of several; nil if there is none.
// Role and name are the first's.
func Join(bodies [][]byte) []byte {
	var d jsonval.Doc
	var rep jsonval.Repairs
	joined, parts := d.Object(), d.Array()
	for _, body := range bodies {
		message, ok := d.Parse(string(body), &rep)
		if !ok || message.Kind() != jsonval.Object {
			continue
		}
		for _, key := range [...]string{"name", "role"} {
			if v := message.Get(key); v.Exists() && !joined.Get(key).Exists() {
				joined.Set(key, v)
			}
		}
		for p := message.Get("parts").First(); p.Exists(); p = p.Next() {
			parts.Add(p)
		}
	}
	if parts.Len() == 0 {
		return nil
	}
	joined.Set("parts", parts)
	return jsonval.Append(nil, joined, &rep)
}

// JoinChunks returns the body of the message of which the bodies are what a stream brought, in
// order: texts that follow one another are one, and the role is the assistant's. The name of a tool before the
// id of its call, name__id, goes: the next call's history has the id alone.
func JoinChunks(bodies [][]byte) []byte {
	var d jsonval.Doc
	var rep jsonval.Repairs
	message, ok := d.Parse(string(Join(bodies)), &rep)
	if !ok {
		return nil
	}
	parts := d.Array()
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			part := d.Object()
			part.Set("content", d.String(text.String()))
			part.Set("type", d.String(typeText))
			parts.Add(part)
		}
		text.Reset()
	}
	for p := message.Get("parts").First(); p.Exists(); p = p.Next() {
		if p.Get("type").Str() == typeText && p.Get("content").Kind() == jsonval.String {
			text.WriteString(p.Get("content").Str())
			continue
		}
		flush()
		if name := p.Get("name").Str(); name != "" {
			if id, named := strings.CutPrefix(p.Get("id").Str(), name+"__"); named && id != "" {
				p.Set("id", d.String(id))
			}
		}
		parts.Add(p)
	}
	flush()
	message.Set("parts", parts)
	message.Set("role", d.String("assistant"))
	return jsonval.Append(nil, message, &rep)
}

// NamesInIDs reports whether the id of a tool's call in the body of a message begins with the tool's name, as JoinChunks takes it off.
func NamesInIDs(body []byte) bool {
	if !bytes.Contains(body, []byte("__")) {
		return false
	}
	var d jsonval.Doc
	var rep jsonval.Repairs
	message, ok := d.Parse(string(body), &rep)
	for p := message.Get("parts").First(); ok && p.Exists(); p = p.Next() {
		if name := p.Get("name").Str(); name != "" && strings.HasPrefix(p.Get("id").Str(), name+"__") {
			return true
		}
	}
	return false
}

// JoinParts makes one list of the lists of parts that stored bodies are; nil for none.
func JoinParts(bodies [][]byte) []byte {
	var d jsonval.Doc
	var rep jsonval.Repairs
	joined := d.Array()
	for _, body := range bodies {
		if parts, ok := d.Parse(string(body), &rep); ok {
			for p := parts.First(); p.Exists(); p = p.Next() {
				joined.Add(p)
			}
		}
	}
	if joined.Len() == 0 {
		return nil
	}
	return jsonval.Append(nil, joined, &rep)
}
