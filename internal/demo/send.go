package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// samples are the conversations and the protocol each is sent by.
var samples = []struct {
	file string
	send func(ctx context.Context, c *testserver.CollectorProcess, body []byte) error
}{
	{"1-agent-otel-genai.json", sendHTTP},
	{"2-chat-vercel-ai-sdk.json", sendGRPC},
	{"3-rag-openinference.json", sendHTTP},
	{"4-retry-otel-events.json", sendGRPC},
}

// sampleSession is a session of Claude Code whose traces are off: log records alone tell
// it. They become as many spans.
var sampleSession = struct {
	file  string
	spans int
}{"5-claude-code.logs.json", 4}

// sendSamples returns how many spans it has sent.
func sendSamples(ctx context.Context, collector *testserver.CollectorProcess) (int, error) {
	dir, err := sampleDir()
	if err != nil {
		return 0, err
	}
	spans := 0
	for _, sample := range samples {
		body, err := os.ReadFile(filepath.Join(dir, sample.file))
		if err != nil {
			return 0, err
		}
		request, err := readRequest(body)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", sample.file, err)
		}
		if err := sample.send(ctx, collector, body); err != nil {
			return 0, fmt.Errorf("send %s: %w", sample.file, err)
		}
		spans += request.Traces().SpanCount()
	}
	body, err := os.ReadFile(filepath.Join(dir, sampleSession.file))
	if err != nil {
		return 0, err
	}
	if err := postJSON(ctx, "http://"+collector.HTTP+"/v1/logs", body); err != nil {
		return 0, fmt.Errorf("send %s: %w", sampleSession.file, err)
	}
	fmt.Printf("Sent %d spans of %d conversations, and the log records of a session of Claude Code, over OTLP/HTTP and OTLP/gRPC\n", spans, len(samples))
	return spans + sampleSession.spans, nil
}

func readRequest(body []byte) (ptraceotlp.ExportRequest, error) {
	request := ptraceotlp.NewExportRequest()
	return request, request.UnmarshalJSON(body)
}

func sendHTTP(ctx context.Context, collector *testserver.CollectorProcess, body []byte) error {
	return postJSON(ctx, "http://"+collector.HTTP+"/v1/traces", body)
}

func postJSON(ctx context.Context, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(response.Body) // the status alone is worth an error
		return fmt.Errorf("%s: %s", response.Status, answer)
	}
	return nil
}

func sendGRPC(ctx context.Context, collector *testserver.CollectorProcess, body []byte) error {
	request, err := readRequest(body)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(collector.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, request)
	return err
}

// waitForSpans returns once the database holds all spans.
func waitForSpans(ctx context.Context, database string, spans int) error {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for stored := 0; ; {
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM llm_spans").Scan(&stored); err != nil {
			return fmt.Errorf("count spans: %w", err)
		}
		if stored >= spans {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d spans are stored after %s", stored, spans, limit)
		case <-tick.C:
		}
	}
}
