package content

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"unicode/utf8"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// minBlob is the least length (of base64) at which replacing a blob saves enough.
const minBlob = 512

// cut rewrites a canonical body that is longer than limit: blobs give way to their
// type, size and hash, then the longest texts are cut, evenly, until it fits.
func cut(body []byte, limit int, r *jsonval.Repairs) []byte {
	*r |= jsonval.ContentCut
	var d jsonval.Doc
	n, ok := d.Parse(string(body), r)
	if !ok { // nested too deep
		return jsonval.AppendString(body[:0], head(string(body), limit), r)
	}
	dropBlobs(n, len(body)-limit)
	body = jsonval.Append(body[:0], n, r)
	if len(body) > limit {
		cutTexts(n, len(body)-limit)
		body = jsonval.Append(body[:0], n, r)
	}
	if len(body) <= limit {
		return body
	}
	// Many short values: the head of their JSON text has to stand for them.
	if parts := n.Get("parts"); parts.Kind() == jsonval.Array {
		n.Set("parts", textPart(&d, head(string(jsonval.Append(nil, parts, r)), limit)))
		body = jsonval.Append(body[:0], n, r)
	}
	if len(body) <= limit {
		return body
	}
	return jsonval.AppendString(body[:0], head(string(body), limit), r)
}

// aroundText is more than what a message has around its only text.
const aroundText = 256

// head returns so much of s that it fits the limit as the only text of a message.
func head(s string, limit int) string { return prefix(s, limit-aroundText) }

func textPart(d *jsonval.Doc, text string) jsonval.Node {
	part := d.Object()
	part.Set("type", d.String(typeText))
	part.Set("content", d.String(text))
	parts := d.Array()
	parts.Add(part)
	return parts
}

// dropBlobs replaces the data of blobs, in order, until excess bytes are saved, and
// returns what is left of excess.
func dropBlobs(n jsonval.Node, excess int) int {
	key := "$bytes"
	if n.Get("type").Str() == typeBlob {
		key = "content"
	}
	if data := n.Get(key); data.Len() >= minBlob && data.Kind() == jsonval.String {
		raw, err := base64.StdEncoding.DecodeString(data.Str())
		if err != nil {
			raw = []byte(data.Str())
		}
		sum := sha256.Sum256(raw)
		n.Delete(key)
		n.Set("size", n.Doc().Int(int64(len(raw))))
		n.Set("sha256", n.Doc().String(hex.EncodeToString(sum[:])))
		return excess - data.Len()
	}
	for c := n.First(); c.Exists() && excess > 0; c = c.Next() {
		excess = dropBlobs(c, excess)
	}
	return excess
}

// sized is a string and its length as JSON.
type sized struct {
	node jsonval.Node
	size int
}

// cutTexts cuts the longest strings to one length that saves excess bytes, if
// they can.
func cutTexts(n jsonval.Node, excess int) {
	texts := collectTexts(nil, n)
	slices.SortFunc(texts, func(a, b sized) int { return b.size - a.size })
	level, sum := 0, 0 // cutting the texts up to i to the size of the next saves sum-(i+1)*next
	for i, t := range texts {
		next := 0
		if i+1 < len(texts) {
			next = texts[i+1].size
		}
		sum += t.size
		if sum-(i+1)*next >= excess {
			level = (sum - excess) / (i + 1)
			break
		}
	}
	for _, t := range texts {
		if t.size <= level {
			break
		}
		t.node.SetText(prefix(t.node.Str(), level))
	}
}

func collectTexts(dst []sized, n jsonval.Node) []sized {
	if n.Kind() == jsonval.String && n.Key() != "type" && n.Key() != "role" {
		return append(dst, sized{n, jsonSize(n.Str())})
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		dst = collectTexts(dst, c)
	}
	return dst
}

func jsonSize(s string) int {
	size := 0
	for _, c := range s {
		size += runeSize(c)
	}
	return size
}

// runeSize returns the bytes a rune takes in a canonical string.
func runeSize(c rune) int {
	switch {
	case c == '"' || c == '\\' || c >= '\b' && c <= '\r' && c != '\v':
		return 2
	case c < 0x20:
		return 6
	}
	return utf8.RuneLen(c)
}

// prefix returns the longest prefix of whole runes of s that takes up to limit bytes
// as JSON.
func prefix(s string, limit int) string {
	size := 0
	for i, c := range s {
		if size += runeSize(c); size > limit {
			return s[:i]
		}
	}
	return s
}
