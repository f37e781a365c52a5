package mapping

import (
	"bytes"

	"github.com/tinylib/msgp/msgp"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// parseMessagePack reads bytes that hold one value in MessagePack.
func (r *reading) parseMessagePack(data []byte) jsonval.Node {
	var text bytes.Buffer
	if _, err := msgp.UnmarshalAsJSON(&text, data); err != nil {
		return jsonval.Node{}
	}
	var ignored jsonval.Repairs
	n, _ := r.doc.Parse(text.String(), &ignored)
	return n
}
