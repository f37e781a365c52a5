package testserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions configures a private Redis. The zero value has no password and keeps nothing on disk.
type RedisOptions struct {
	Password string
	Settings map[string]string // redis.conf, e.g. maxmemory
	TLS      *Certificate      // serve TLS, and only TLS, with it
	Cluster  bool              // a node of a cluster, without slots yet
}

// RedisServer is a private Redis. Its fields stay the same across Stop and Start.
type RedisServer struct {
	Host     string // 127.0.0.1
	Port     int
	Password string

	busPort int // of a cluster's node
	dir     string
	opts    RedisOptions
	process *Process
}

// RedisURL returns REDIS_URL, or else the URL of a private Redis that ends with the test.
func RedisURL(t testing.TB) string {
	t.Helper()
	if configured := os.Getenv("REDIS_URL"); configured != "" {
		return configured
	}
	return Redis(t, RedisOptions{}).URL()
}

// Redis starts a server for one test and removes it when the test ends.
func Redis(t testing.TB, opts RedisOptions) *RedisServer {
	t.Helper()
	server, err := StartRedis(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Errorf("remove Redis: %v", err)
		}
	})
	return server
}

// RedisCluster starts nodes that share the slots evenly, and returns their addresses once they agree on that.
func RedisCluster(t testing.TB, nodes int) (addresses []string) {
	t.Helper()
	const slots = 16384
	var clients []*redis.Client
	var first *RedisServer
	for i := range nodes {
		node := Redis(t, RedisOptions{Cluster: true})
		client := redis.NewClient(&redis.Options{Addr: node.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		err := client.ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err()
		if err == nil && i > 0 {
			err = client.Do(t.Context(), "CLUSTER", "MEET", first.Host, first.Port, first.busPort).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = node
		}
		clients, addresses = append(clients, client), append(addresses, node.Addr())
	}
	agree := func(ctx context.Context) error {
		for _, client := range clients {
			info, err := client.ClusterInfo(ctx).Result()
			if err != nil {
				return err
			}
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", nodes)) {
				return errors.New("the nodes of the cluster do not agree yet")
			}
		}
		return nil
	}
	if err := poll(t.Context(), first.process, readyTimeout, agree); err != nil {
		t.Fatal(err)
	}
	return addresses
}

// StartRedis starts a server and returns once it accepts connections. The error wraps ErrNotInstalled if
// the machine has no redis-server.
func StartRedis(ctx context.Context, opts RedisOptions) (*RedisServer, error) {
	server := &RedisServer{Host: loopback, Password: opts.Password, opts: opts}
	var err error
	if server.Port, err = FreePort(); err != nil {
		return nil, err
	}
	if opts.Cluster {
		// By default it is Port + 10000, where the kernel puts outgoing connections.
		if server.busPort, err = FreePort(); err != nil {
			return nil, err
		}
	}
	if server.dir, err = newDir(nil); err != nil {
		return nil, err
	}
	if opts.TLS != nil {
		err = opts.TLS.install(server.dir)
	}
	if err == nil {
		err = server.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, server.Remove())
	}
	return server, nil
}

// Start starts a stopped server, empty, on its old port.
func (s *RedisServer) Start(ctx context.Context) error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("redis-server: %w; install redis-server with apt or redis with brew", ErrNotInstalled)
	}
	s.process, err = StartProcess(ProcessOptions{
		Path: path, Args: s.args(), Env: serverEnv(), Dir: s.dir, LogFile: s.dir + "/redis.log", RemoveDir: s.dir,
	})
	if err != nil {
		return err
	}
	return poll(ctx, s.process, readyTimeout, s.accepts)
}

func (s *RedisServer) args() []string {
	settings := map[string]string{
		"bind": loopback, "port": strconv.Itoa(s.Port), "dir": s.dir, "save": "", "appendonly": "no",
	}
	if s.Password != "" {
		settings["requirepass"] = s.Password
	}
	if s.opts.TLS != nil {
		settings["port"], settings["tls-port"] = "0", strconv.Itoa(s.Port)
		settings["tls-cert-file"], settings["tls-key-file"], settings["tls-ca-cert-file"] = "server.crt", "server.key", "ca.crt"
		settings["tls-auth-clients"] = "optional"
	}
	if s.opts.Cluster {
		settings["cluster-enabled"], settings["cluster-port"] = "yes", strconv.Itoa(s.busPort)
	}
	maps.Copy(settings, s.opts.Settings)
	var args []string
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "--"+key, settings[key])
	}
	return args
}

func (s *RedisServer) accepts(ctx context.Context) error {
	if s.opts.TLS != nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr())
		if err != nil {
			return err
		}
		return conn.Close()
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), Password: s.Password, MaxRetries: -1})
	return errors.Join(client.Ping(ctx).Err(), client.Close())
}

// Addr is host:port.
func (s *RedisServer) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// URL is redis://…, or rediss://… with TLS.
func (s *RedisServer) URL() string {
	target := url.URL{Scheme: "redis", Host: s.Addr(), Path: "/0"}
	if s.opts.TLS != nil {
		target.Scheme = "rediss"
	}
	if s.Password != "" {
		target.User = url.UserPassword("", s.Password)
	}
	return target.String()
}

// Stop ends the server; what it held is gone.
func (s *RedisServer) Stop() error {
	if s.process == nil {
		return nil
	}
	return s.process.Stop(syscall.SIGTERM, 10*time.Second)
}

// Kill ends the server at once.
func (s *RedisServer) Kill() error {
	return ignoreExit(s.process.Stop(syscall.SIGKILL, 10*time.Second))
}

// Pause makes the server hang: it accepts connections and answers nothing. Resume ends that.
func (s *RedisServer) Pause() error { return s.process.Signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *RedisServer) Resume() error { return s.process.Signal(syscall.SIGCONT) }

// Remove stops the server and deletes its directory.
func (s *RedisServer) Remove() error {
	return errors.Join(s.Stop(), os.RemoveAll(s.dir))
}
