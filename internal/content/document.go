package content

import (
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Documents appends retrieved documents, one content {id?,content?,score?,metadata?}
// each; what else a document says is kept beside.
func (z *Normalizer) Documents(dst []Content, v pcommon.Value, r *jsonval.Repairs) ([]Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.documents(s, dst, s.doc.FromValue(v, r), r)
}

// DocumentsNode is Documents for a part of a tree.
func (z *Normalizer) DocumentsNode(dst []Content, n jsonval.Node, r *jsonval.Repairs) ([]Content, bool) {
	if !n.Exists() {
		return dst, false
	}
	s := z.open()
	defer z.close(s)
	return z.documents(s, dst, n, r)
}

func (z *Normalizer) documents(s *scratch, dst []Content, n jsonval.Node, r *jsonval.Repairs) ([]Content, bool) {
	rd := s.reader(n.Doc(), Input, r)
	list := rd.d.Array()
	rd.documents(list, n, 0)
	for c := list.First(); c.Exists(); c = c.Next() {
		dst = append(dst, z.store(s, c, r))
	}
	return dst, list.Len() > 0
}

// documentLists are the keys that hold documents inside a body.
var documentLists = jsonval.KeysOf("documents", "output", "outputs", "results", "value", "contexts")

func (rd *reader) documents(list, n jsonval.Node, depth int) {
	if depth > maxToolNesting {
		return
	}
	switch n.Kind() {
	case jsonval.String:
		if inner, ok := rd.unfolded(n.Str()); ok && inner.Kind() != jsonval.String {
			rd.documents(list, inner, depth+1)
		} else if !n.Blank() {
			d := rd.d.Object()
			d.Set("content", n)
			list.Add(d)
		}
	case jsonval.Array:
		if n.Len() > maxTexts && onlyStrings(n) {
			d := rd.d.Object()
			d.Set("content", rd.asText(n))
			list.Add(d)
			return
		}
		for c := n.First(); c.Exists(); c = c.Next() {
			rd.documents(list, c, depth+1)
		}
	case jsonval.Object:
		if !documentText(n).Exists() && !n.Get("id").Exists() {
			before := list.Len()
			for at, c := n.Any(documentLists, 0); at >= 0; at, c = n.Any(documentLists, at+1) {
				rd.documents(list, c, depth+1)
			}
			if list.Len() > before {
				return
			}
		}
		rd.document(list, n)
	}
}

var (
	documentTexts = jsonval.KeysOf("content", "page_content", "pageContent", "text")
	documentIDs   = jsonval.KeysOf("id", "document_id", "id_")
	scores        = jsonval.KeysOf("score", "relevance_score")
)

func documentText(n jsonval.Node) jsonval.Node {
	c := first(n, documentTexts)
	if doc := n.Get("document"); !c.Exists() && doc.Kind() == jsonval.String {
		return doc
	}
	return c
}

var blockTexts = jsonval.KeysOf("text", "content")

// plain joins content blocks that are all text.
func (rd *reader) plain(c jsonval.Node) jsonval.Node {
	if c.Kind() != jsonval.Array || c.Len() == 0 {
		return c
	}
	var text strings.Builder
	for b := c.First(); b.Exists(); b = b.Next() {
		t := first(b, blockTexts)
		if kindOf(b) != partText || t.Kind() != jsonval.String {
			return c
		}
		text.WriteString(t.Str())
	}
	return rd.d.String(text.String())
}

// maxDocumentKeys is up to how many keys a document may have to be rewritten.
const maxDocumentKeys = 256

// moved are the keys a document's canonical keys are read from.
var moved = map[string]bool{
	"id": true, "document_id": true, "content": true, "page_content": true, "pageContent": true, "text": true,
	"document": true, "score": true, "metadata": true, "lc": true, "type": true, "lc_kwargs": true,
	"relevance_score": true, "id_": true,
}

// number returns the number that text tells.
func (rd *reader) number(n jsonval.Node) jsonval.Node {
	if n.Kind() != jsonval.String {
		return n
	}
	if f, err := strconv.ParseFloat(strings.TrimSpace(n.Str()), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return rd.d.Float(f)
	}
	return n
}

func (rd *reader) document(list, n jsonval.Node) {
	score := first(n, scores)
	for _, key := range [...]string{"kwargs", "document", "node"} {
		if inner := n.Get(key); inner.Kind() == jsonval.Object {
			n = inner
		}
	}
	d := rd.d.Object()
	d.Set("id", first(n, documentIDs))
	d.Set("content", rd.plain(documentText(n)))
	d.Set("score", rd.number(or(score, first(n, scores))))
	meta := filled(n.Get("metadata"))
	if meta.Kind() == jsonval.String {
		if inner, ok := rd.unfolded(meta.Str()); ok {
			meta = inner
		}
	}
	d.Set("metadata", meta)
	if d.Len() == 0 {
		return
	}
	if n.Len() > maxDocumentKeys {
		list.Add(n)
		return
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if !moved[c.Key()] && !c.Blank() {
			d.Set(c.Key(), c)
		}
	}
	list.Add(d)
}
