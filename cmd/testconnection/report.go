package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// The outcomes of a step.
const (
	passed  = "ok"
	failed  = "failed"
	skipped = "skipped"
)

var marks = map[string]string{passed: "✓", failed: "✗", skipped: "⊘"}

// report is what --json prints.
type report struct {
	OK    bool   `json:"ok"` // no step failed
	Steps []step `json:"steps"`
}

// step is one line of the report.
type step struct {
	Name      string   `json:"name"`
	Status    string   `json:"status"` // ok, failed or skipped
	Detail    string   `json:"detail"`
	Hint      string   `json:"hint,omitempty"` // what to do about a failure
	LatencyMS *float64 `json:"latency_ms,omitempty"`
	// Version is the server's or the schema's.
	Version string `json:"version,omitempty"`
	// TLS is "off", "on", or protocol and cipher such as "TLS 1.3 TLS_AES_128_GCM_SHA256".
	TLS string `json:"tls,omitempty"`
}

func (r *report) add(s step) {
	r.OK = (r.OK || len(r.Steps) == 0) && s.Status != failed
	r.Steps = append(r.Steps, s)
}

func (r *report) skip(names ...string) {
	for _, name := range names {
		r.add(step{Name: name, Status: skipped, Detail: "not tried"})
	}
}

func milliseconds(d time.Duration) *float64 {
	ms := float64(d.Microseconds()) / 1000
	return &ms
}

func (r *report) printJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

func (r *report) printText(w io.Writer) error {
	const indent = "\n                 "
	var b strings.Builder
	for _, s := range r.Steps {
		parts := []string{s.Detail}
		switch {
		case s.TLS == "":
		case strings.HasPrefix(s.TLS, "TLS"):
			parts = append(parts, s.TLS)
		default:
			parts = append(parts, "TLS "+s.TLS)
		}
		if s.LatencyMS != nil {
			parts = append(parts, fmt.Sprintf("%.1f ms", *s.LatencyMS))
		}
		text := strings.ReplaceAll(strings.Join(parts, ", "), "\n", indent)
		fmt.Fprintf(&b, "%s %-14s %s\n", marks[s.Status], s.Name, text)
		if s.Hint != "" {
			fmt.Fprintf(&b, "                 → %s\n", s.Hint)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
