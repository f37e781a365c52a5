package testserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// CollectorOptions configures a collector process. The zero value runs testdata/config.yaml against what
// Env names.
type CollectorOptions struct {
	Config string   // path of a configuration file; "" is testdata/config.yaml
	Env    []string // NAME=value, e.g. DATABASE_URL; added to PATH and the endpoints, which come from free ports
	Args   []string // e.g. --set=service::telemetry::logs::level=debug
	// AsUser runs the collector as a person in this terminal would: with this program's environment and
	// working directory, and on the endpoints that the environment names or else on the standard ports,
	// where those are free.
	AsUser bool
	// Dir holds the log and the queue and, without AsUser, is the working directory; the caller removes it. Starting again
	// with the Dir of a killed collector picks up its queue.
	Dir string
}

// CollectorProcess is a running collector. The addresses are "host:port".
type CollectorProcess struct {
	*Process
	GRPC, HTTP, Health, Alive, Metrics string
}

// Collector starts the built collector for one test and stops it when the test ends.
func Collector(t testing.TB, opts CollectorOptions) *CollectorProcess {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	collector, err := StartCollector(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := collector.Shutdown(); err != nil {
			t.Errorf("stop the collector: %v", err)
		}
	})
	return collector
}

// StartCollector builds the collector if its sources have changed, starts it and returns once it receives.
// If it ends instead, the error holds the end of its log, and collector.log in Dir the whole.
func StartCollector(ctx context.Context, opts CollectorOptions) (*CollectorProcess, error) {
	root, err := ModuleRoot()
	if err != nil {
		return nil, err
	}
	binary, err := buildCollector(ctx, root)
	if err != nil {
		return nil, err
	}
	if opts.Config == "" {
		opts.Config = filepath.Join(root, "testdata", "config.yaml")
	}
	c := &CollectorProcess{}
	if err := c.chooseEndpoints(opts.AsUser); err != nil {
		return nil, err
	}
	options := ProcessOptions{
		Path:    binary,
		Args:    append([]string{"--config", opts.Config, "--feature-gates", "+extension.healthcheck.useComponentStatus"}, opts.Args...),
		Env:     append([]string{"PATH=" + os.Getenv("PATH")}, c.env(opts)...),
		Dir:     opts.Dir,
		LogFile: filepath.Join(opts.Dir, "collector.log"),
	}
	if opts.AsUser {
		options.Dir, options.Env = "", append(os.Environ(), c.env(opts)...)
	}
	if c.Process, err = StartProcess(options); err != nil {
		return nil, err
	}
	if err := poll(ctx, c.Process, readyTimeout, c.receives); err != nil {
		return nil, errors.Join(err, ignoreExit(c.Stop(syscall.SIGKILL, time.Second)))
	}
	return c, nil
}

func (c *CollectorProcess) chooseEndpoints(asUser bool) error {
	for _, endpoint := range []struct {
		address  *string
		variable string
		standard int
	}{
		{&c.GRPC, "OTLP_GRPC_ENDPOINT", 4317},
		{&c.HTTP, "OTLP_HTTP_ENDPOINT", 4318},
		{&c.Health, "HEALTH_CHECK_ENDPOINT", 13133},
		{&c.Alive, "ALIVE_ENDPOINT", 13134},
		{&c.Metrics, "", 8888},
	} {
		if named := os.Getenv(endpoint.variable); asUser && named != "" {
			*endpoint.address = named
			continue
		}
		port := endpoint.standard
		if !asUser || !isFree(port) {
			var err error
			if port, err = FreePort(); err != nil {
				return err
			}
		}
		*endpoint.address = net.JoinHostPort(loopback, strconv.Itoa(port))
	}
	return nil
}

func (c *CollectorProcess) env(opts CollectorOptions) []string {
	_, metricsPort, _ := net.SplitHostPort(c.Metrics) // chosen above
	return slices.Concat([]string{
		"OTLP_GRPC_ENDPOINT=" + c.GRPC,
		"OTLP_HTTP_ENDPOINT=" + c.HTTP,
		"HEALTH_CHECK_ENDPOINT=" + c.Health,
		"ALIVE_ENDPOINT=" + c.Alive,
		"METRICS_PORT=" + metricsPort,
		"QUEUE_DIRECTORY=" + filepath.Join(opts.Dir, "queue"),
	}, opts.Env)
}

// receives waits for the log line, not for the port: the receiver starts last, but another process could
// hold the port.
func (c *CollectorProcess) receives(context.Context) error {
	if !strings.Contains(c.Log(), "Everything is ready") {
		return errors.New("the log does not say that everything is ready")
	}
	return nil
}

// Shutdown ends the collector as an orchestrator does, with time to drain, and returns its exit error.
func (c *CollectorProcess) Shutdown() error { return c.Stop(syscall.SIGTERM, 60*time.Second) }

// Kill ends the collector at once, as a crash does.
func (c *CollectorProcess) Kill() error { return ignoreExit(c.Stop(syscall.SIGKILL, 10*time.Second)) }

// buildCollector runs make, which does nothing when the binary is newer than the sources.
func buildCollector(ctx context.Context, root string) (string, error) {
	unlock, err := lockFile(filepath.Join(root, "build", "collector.lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	build := exec.CommandContext(ctx, "make", "--silent", "build")
	build.Dir = root
	build.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make build: %w\n%s", err, out)
	}
	return filepath.Join(root, "build", "otelcol-llm"), nil
}

// lockFile keeps programs that run at once, as packages under `go test` do, from building twice.
func lockFile(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
