package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// TestHealthIsToldInTime lets nothing be sent, so that only probes notice what
// happens, and measures how soon the health endpoint tells. On a busy machine one of several rounds is in time.
func TestHealthIsToldInTime(t *testing.T) {
	t.Parallel()
	const interval, slack, rounds = 2 * time.Second, 2 * time.Second, 5
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	proxy := pg.Proxy(t)
	database := pg.URLVia(proxy.Port, databaseName(t, pg.NewDatabase(t)))
	collector := collect(t, database, t.TempDir(), "health_check::interval="+interval.String())
	requireHealth(t, collector.Health, true)
	for _, fault := range []struct {
		name      string
		begin     func() error
		end       func() error
		tolerable time.Duration
		text      string
	}{
		{"stopped", pg.Stop, func() error { return pg.Start(t.Context()) }, interval + slack, "connect"},
		// A probe waits for an answer as long as an interval.
		{"silent", func() error { proxy.Hang(); return nil }, func() error { proxy.Resume(); return nil }, 2*interval + slack, "deadline exceeded"},
	} {
		for round := 1; ; round++ {
			require.NoError(t, fault.begin())
			text, ill := requireHealth(t, collector.Health, false)
			require.Contains(t, text, fault.text, fault.name)
			require.NotContains(t, text, pg.Password)
			require.NoError(t, fault.end())
			_, well := requireHealth(t, collector.Health, true)
			if ill <= fault.tolerable && well <= interval+slack {
				break
			}
			require.Less(t, round, rounds, "%s is told after %s, that all is well after %s", fault.name, ill, well)
		}
	}
}

func databaseName(t *testing.T, database string) (name string) {
	t.Helper()
	require.NoError(t, connect(t, database).QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
	return name
}

// requireHealth waits until the health_check extension reports the exporter well or
// not, and returns what it says of it, and after how long.
func requireHealth(t *testing.T, endpoint string, well bool) (text string, took time.Duration) {
	t.Helper()
	begin := time.Now()
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + endpoint + "/?verbose")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		text = string(body)
		return err == nil && (response.StatusCode == http.StatusOK) == well
	}, patience, glance, "the health endpoint does not say that the exporter is well: %t", well)
	took = time.Since(begin)
	t.Logf("well: %t after %s", well, took.Round(time.Millisecond))
	return text, took
}

// TestNetworkGoesSilent holds all bytes back under load, as a network that drops
// packets does. Batches time out and are sent again.
func TestNetworkGoesSilent(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	direct := pg.NewDatabase(t)
	proxy := pg.Proxy(t)
	s := start(t, pg.URLVia(proxy.Port, databaseName(t, direct)), func(cfg *config) { cfg.TimeoutConfig.Timeout = 2 * time.Second })
	db := connect(t, direct)
	spans := load(t, func() {
		progress(t, db)
		proxy.Hang()
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		proxy.Cut()
		proxy.Resume()
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
}

// TestLogIsForOperators has one line at the start, one for each change of state, and
// none for each batch.
func TestLogIsForOperators(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.HealthCheck.Interval = patience }) // batches tell; a busy machine may make a probe wait too long
	db := connect(t, database)
	spans := load(t, func() {
		progress(t, db)
		outage(t, pg, s, time.Second)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
	var lines []string
	for _, entry := range s.logs.Filter(notOfTheHelper).All() {
		require.NotEqual(t, zap.DebugLevel, entry.Level)
		lines = append(lines, entry.Message)
	}
	require.Len(t, lines, 4)
	require.Contains(t, lines[0], "The sending_queue is in memory")
	require.Equal(t, "Connected to PostgreSQL", lines[1])
	require.Regexp(t, "^PostgreSQL (cannot be reached|ends connections|is starting up or shutting down); batches wait$", lines[2])
	require.Equal(t, "PostgreSQL works again", lines[3])
	first := s.logs.FilterMessage("Connected to PostgreSQL").All()[0].ContextMap()
	for _, field := range []string{"server_version", "schema_version", "schema", "max_connections"} {
		require.Contains(t, first, field)
	}
}

// TestRefusedAfterTheStart has Postgres come up late and refuse the password: that
// is reported as permanent and said once.
func TestRefusedAfterTheStart(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	run(t, connect(t, database), "ALTER ROLE postgres PASSWORD 'changed meanwhile'")
	require.NoError(t, pg.Stop())
	s := start(t, database, nil)
	s.requireStatus(t, componentstatus.StatusRecoverableError)
	require.NoError(t, pg.Start(t.Context()))
	err := s.requireStatus(t, componentstatus.StatusPermanentError).Err()
	require.ErrorIs(t, err, pool.KindConfig)
	require.NotContains(t, err.Error(), pg.Password)
	require.Equal(t, 1, s.logs.FilterLevelExact(zap.ErrorLevel).Len())
	pg.Password = "changed meanwhile"
}

// TestPasswordRotatesUnderLoad changes the role's password and the file while
// sessions come and go.
func TestPasswordRotatesUnderLoad(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	db := connect(t, database)
	file := filepath.Join(t.TempDir(), "password")
	rotate := func(password string) {
		require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
		run(t, db, "ALTER ROLE writer PASSWORD '"+password+"'")
		run(t, db, exporterSessions)
	}
	run(t, db, "CREATE ROLE writer LOGIN SUPERUSER PASSWORD 'first'")
	rotate("first")
	s := start(t, "", func(cfg *config) {
		cfg.Postgres.Host, cfg.Postgres.Port, cfg.Postgres.Database = pg.Host, pg.Port, databaseName(t, database)
		cfg.Postgres.Username, cfg.Postgres.PasswordFile = "writer", file
	})
	spans := load(t, func() {
		for _, password := range []string{"second", "third", "fourth"} {
			progress(t, db)
			rotate(password)
		}
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
}

// TestCollectorTellsNoSecretsAndNoWords reads everything that a collector shows of
// itself while it logs at debug level and is refused rows: log, metrics, zPages and
// health.
func TestCollectorTellsNoSecretsAndNoWords(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	port, err := testserver.FreePort()
	require.NoError(t, err)
	address := fmt.Sprint("127.0.0.1:", port)
	zpages, err := json.Marshal(map[string]any{
		"extensions": map[string]any{"zpages": map[string]any{"endpoint": address}},
		"service":    map[string]any{"extensions": []string{"health_check", "file_storage", "zpages"}},
	})
	require.NoError(t, err)
	collector := testserver.Collector(t, testserver.CollectorOptions{
		Env:  []string{"DATABASE_URL=" + database},
		Args: []string{"--config=yaml:" + string(zpages), "--set=service::telemetry::logs::level=debug"},
	})
	db := connect(t, database)
	run(t, db, "ALTER TABLE llm_spans ADD CONSTRAINT refuse CHECK (name <> '"+canary+"') NOT VALID")
	td := spoken()
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetName(canary)
	to := client(t, collector)
	require.NoError(t, deliver(t.Context(), to, td))
	require.Eventually(t, func() bool { return storedSpans(t, db) == td.SpanCount()-1 }, patience, glance)
	require.NoError(t, pg.Stop())
	require.NoError(t, deliver(t.Context(), to, conversation(rand.New(rand.NewPCG(9, 9)), 1, time.Now())))
	told, _ := requireHealth(t, collector.Health, false)
	shown := map[string]string{"health": told}
	for name, page := range map[string]string{
		"metrics": collector.Metrics + "/metrics", "pipelines": address + "/debug/pipelinez", "services": address + "/debug/servicez",
		"traces": address + "/debug/tracez", "features": address + "/debug/featurez",
	} {
		shown[name] = get(t, "http://"+page)
	}
	shown["log"] = collector.Log()
	for name, text := range shown {
		require.NotEmpty(t, text, name)
		require.NotContains(t, text, pg.Password, name)
		require.NotContains(t, text, canary, name)
	}
	require.NoError(t, pg.Start(t.Context()))
}

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
