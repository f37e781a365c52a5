package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// export is what is told at once, of either signal.
type export struct {
	td ptrace.Traces
	ld plog.Logs
}

// read returns the exports of traces and log records in the input, whatever its form.
func read(input []byte) ([]export, error) {
	input = bytes.TrimPrefix(input, []byte("\xef\xbb\xbf"))
	if first := bytes.TrimSpace(input); len(first) == 0 || first[0] != '{' {
		x, err := parseDebug(string(input))
		return []export{x}, err
	}
	return readJSON(input)
}

// readJSON reads JSON objects one after the other: exports, or log entries of a collector that
// logs as JSON, in which the debug exporter's text is the message. Exports of other signals
// are passed over.
func readJSON(input []byte) (exports []export, err error) {
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
			ResourceLogs  json.RawMessage `json:"resourceLogs"`
		}
		if err := json.Unmarshal(object, &of); err != nil {
			return nil, fmt.Errorf("JSON object %d: %w", n, err)
		}
		x := export{ptrace.NewTraces(), plog.NewLogs()}
		switch {
		case of.ResourceSpans != nil:
			x.td, err = (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(object)
		case of.ResourceLogs != nil:
			x.ld, err = (&plog.JSONUnmarshaler{}).UnmarshalLogs(object)
		case strings.Contains(of.Message, "ResourceSpans #"), strings.Contains(of.Message, "ResourceLog #"):
			x, err = parseDebug(of.Message)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("JSON object %d: %w", n, err)
		}
		exports = append(exports, x)
	}
}
