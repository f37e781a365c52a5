package jsonval

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

func BenchmarkParseAppend(b *testing.B) {
	text := fmt.Sprintf(`{"role":"user","parts":[{"type":"text","content":"%s"}]}`,
		strings.Repeat(`The ferry to Naxos sails at 09:30,\nand \"the fast one\" at noon. `, 15))
	var d Doc
	var r Repairs
	var buf []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n, _ := d.Parse(text, &r)
		buf = Append(buf[:0], n, &r)
		d.Reset()
	}
}

func BenchmarkAppendMap(b *testing.B) {
	m := pcommon.NewMap()
	for i := range 20 {
		m.PutStr(fmt.Sprint("http.request.header.", i), "application/json")
		m.PutInt(fmt.Sprint("count.", i), int64(i))
	}
	m.PutEmptySlice("list").AppendEmpty().SetDouble(0.25)
	var r Repairs
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendMap(buf[:0], m, &r)
	}
}

func BenchmarkAppendString(b *testing.B) {
	for name, s := range map[string]string{
		"ascii":   strings.Repeat("plain words and more ", 50),
		"accents": strings.Repeat("größere Wörter où ", 50),
		"escapes": strings.Repeat("line\n\"quoted\"\t", 80),
	} {
		b.Run(name, func(b *testing.B) {
			var r Repairs
			var buf []byte
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendString(buf[:0], s, &r)
			}
		})
	}
}
