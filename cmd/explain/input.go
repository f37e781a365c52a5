package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// read returns the exports of traces in the input, whatever its form.
func read(input []byte) ([]ptrace.Traces, error) {
	input = bytes.TrimPrefix(input, []byte("\xef\xbb\xbf"))
	if first := bytes.TrimSpace(input); len(first) == 0 || first[0] != '{' {
		td, err := parseDebug(string(input))
		return []ptrace.Traces{td}, err
	}
	return readJSON(input)
}

// readJSON reads JSON objects one after the other: exports, or log entries of a collector that
// logs as JSON, in which the debug exporter's text is the message. Exports of other signals
// are passed over.
func readJSON(input []byte) (exports []ptrace.Traces, err error) {
	decoder := json.NewDecoder(bytes.NewReader(input))
	for n := 1; ; n++ {
		var object json.RawMessage
		switch err := decoder.Decode(&object); {
		case errors.Is(err, io.EOF):
			return exports, nil
		case err != nil:
			return nil, fmt.Errorf("JSON object %d, at byte %d: %w", n, decoder.InputOffset(), err)
		}
		var of struct {
			Message       string          `json:"msg"`
			ResourceSpans json.RawMessage `json:"resourceSpans"`
		}
		if err := json.Unmarshal(object, &of); err != nil {
			return nil, fmt.Errorf("JSON object %d: %w", n, err)
		}
		var td ptrace.Traces
		switch {
		case of.ResourceSpans != nil:
			td, err = (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(object)
		case strings.Contains(of.Message, "ResourceSpans #"):
			td, err = parseDebug(of.Message)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("JSON object %d: %w", n, err)
		}
		exports = append(exports, td)
	}
}
