package content

import "github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"

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
