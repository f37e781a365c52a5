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
		return jsonval.Append(body[:0], n, r)
	}
	return jsonval.AppendString(body[:0], head(string(body), limit), r)
}

// head returns so much of s that it fits the limit as part of a message, escaped.
func head(s string, limit int) string { return s[:runeBoundary(s, limit/2-256)] }

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

// cutTexts cuts the longest strings to one length that saves excess bytes, if
// they can.
func cutTexts(n jsonval.Node, excess int) {
	texts := collectTexts(nil, n)
	slices.SortFunc(texts, func(a, b jsonval.Node) int { return b.Len() - a.Len() })
	level, sum := 0, 0 // the texts before i, cut to the length of i, save sum-i*length
	for i, t := range texts {
		next := 0
		if i+1 < len(texts) {
			next = texts[i+1].Len()
		}
		sum += t.Len()
		if saved := sum - (i+1)*next; saved >= excess {
			level = (sum - excess) / (i + 1)
			break
		}
	}
	for _, t := range texts {
		if t.Len() <= level {
			break
		}
		t.SetText(t.Str()[:runeBoundary(t.Str(), level)])
	}
}

func collectTexts(dst []jsonval.Node, n jsonval.Node) []jsonval.Node {
	if n.Kind() == jsonval.String && n.Len() > 0 && n.Key() != "type" && n.Key() != "role" {
		return append(dst, n)
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		dst = collectTexts(dst, c)
	}
	return dst
}

// runeBoundary returns the greatest index up to limit that splits no rune of s.
func runeBoundary(s string, limit int) int {
	if limit >= len(s) {
		return len(s)
	}
	i := max(limit, 0)
	for i > 0 && !utf8.RuneStart(s[i]) && limit-i < utf8.UTFMax {
		i--
	}
	return i
}
