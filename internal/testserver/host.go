package testserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const loopback = "127.0.0.1"

// serverUser is the user that PostgreSQL and PgBouncer run as when this program is root, else nil.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(found.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

// newDir makes a directory that the server user owns. Its path is short, because a unix socket's path may
// have about 100 bytes.
func newDir(owner *syscall.Credential) (string, error) {
	root := os.TempDir()
	if owner != nil && !searchable(root) {
		root = "/tmp"
	}
	dir, err := os.MkdirTemp(root, "llmobs-")
	if err != nil || owner == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(owner.Uid), int(owner.Gid))
}

// searchable reports whether every user may pass through dir and its parents.
func searchable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// chownAll gives a tree to the server user.
func chownAll(root string, owner *syscall.Credential) error {
	if owner == nil {
		return nil
	}
	return filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
}

// FreePort returns a port of 127.0.0.1 that nothing listens on. It lies below the range that kernels hand
// to outgoing connections, so it stays free while a server restarts. No port is returned twice: a server of several
// ports, or servers that start beside one another, choose all of theirs before any of them listens.
func FreePort() (int, error) {
	const low, high = 15000, 32000
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(high-low))
		if err != nil {
			return 0, err
		}
		port := low + int(n.Int64())
		if _, given := givenPorts.LoadOrStore(port, true); !given && isFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", low, high)
}

var givenPorts sync.Map // by number

func isFree(port int) bool {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	return err == nil && listener.Close() == nil
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// poll calls ready every few milliseconds until it returns nil, the process ends, ctx ends or the time is
// up, and then returns the last error.
func poll(ctx context.Context, p *Process, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if p.Exited(20 * time.Millisecond) {
			return p.errExited()
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s is not ready after %s: %w\n%s", filepath.Base(p.cmd.Path), limit, err, p.logTail())
		}
	}
}
