package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

//go:embed collector.yaml
var collectorConfig []byte

// collectorSubject is the built collector, fed by OTLP/gRPC clients with requests of the size SDKs send.
type collectorSubject struct {
	dir       string
	collector *testserver.CollectorProcess
	client    *grpc.ClientConn
	database  *pgx.Conn
}

func startCollector(ctx context.Context, url string, _ time.Time, _ int) (_ subject, err error) {
	s := &collectorSubject{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(context.WithoutCancel(ctx)))
		}
	}()
	if s.dir, err = os.MkdirTemp("", "llmobs-bench-"); err != nil {
		return nil, err
	}
	config := filepath.Join(s.dir, "collector.yaml")
	if err := os.WriteFile(config, collectorConfig, 0o600); err != nil {
		return nil, err
	}
	s.collector, err = testserver.StartCollector(ctx, testserver.CollectorOptions{
		Config: config, Dir: s.dir, Env: []string{"DATABASE_URL=" + url},
	})
	if err != nil {
		return nil, err
	}
	if s.database, err = pgx.Connect(ctx, url); err != nil {
		return nil, err
	}
	s.client, err = grpc.NewClient(s.collector.GRPC,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	return s, err
}

// write sends the requests of a batch one after the other; it returns when they are in the queue.
func (s *collectorSubject) write(ctx context.Context, b *batch) error {
	for _, request := range b.requests {
		response := ptraceotlp.NewExportResponse()
		if err := s.client.Invoke(ctx, exportMethod, request, response); err != nil {
			return err
		}
		if rejected := response.PartialSuccess().RejectedSpans(); rejected > 0 {
			return fmt.Errorf("the collector rejected %d spans: %s", rejected, response.PartialSuccess().ErrorMessage())
		}
	}
	return nil
}

// settle looks until the rows are there. A look reads the whole table, which took a tenth of the server's time when
// there was one every 10 ms: the next comes when half of what is left should be stored.
func (s *collectorSubject) settle(ctx context.Context, spans int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	begin := time.Now()
	for stored := 0; ; {
		if err := s.database.QueryRow(ctx, "SELECT count(*) FROM llm_spans").Scan(&stored); err != nil {
			return fmt.Errorf("%d of %d spans are stored: %w\n%s", stored, spans, err, s.collector.Log())
		}
		if stored >= spans {
			return nil
		}
		left := time.Since(begin).Seconds() * float64(spans-stored) / float64(max(stored, 1))
		pause := min(max(time.Duration(left/2*float64(time.Second)), 5*time.Millisecond), 100*time.Millisecond)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// used reads the CPU time from the collector's own metrics. They do not count allocations.
func (s *collectorSubject) used(ctx context.Context) (usage, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.collector.Metrics+"/metrics", nil)
	if err != nil {
		return usage{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return usage{}, err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "otelcol_process_cpu_seconds") {
			continue
		}
		seconds, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		return usage{cpu: time.Duration(seconds * float64(time.Second)), unknownMallocs: true}, err
	}
	return usage{}, errors.Join(errors.New("the collector's metrics lack otelcol_process_cpu_seconds"), lines.Err())
}

func (s *collectorSubject) stop(ctx context.Context) error {
	var errs []error
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	if s.database != nil {
		errs = append(errs, s.database.Close(ctx))
	}
	if s.collector != nil {
		errs = append(errs, s.collector.Shutdown())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// rawCodec sends requests that are encoded already.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	return v.(ptraceotlp.ExportResponse).UnmarshalProto(data)
}
