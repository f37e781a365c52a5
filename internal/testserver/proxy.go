package testserver

import (
	"bytes"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to a server and can cut or hang them. Its methods may be called
// concurrently.
type Proxy struct {
	Host string // 127.0.0.1
	Port int

	listener net.Listener
	done     sync.WaitGroup

	mu     sync.Mutex
	target string
	flow   *sync.Cond // signalled when hung or closed changes
	refuse bool       // cut: new connections are closed at once
	hung   bool
	closed bool
	conns  map[net.Conn]struct{}
	// onRequest and onReply are armed triggers; nil when there is none.
	onRequest, onReply *trigger
}

// trigger cuts one connection when its pattern passes.
type trigger struct {
	pattern []byte
	fired   chan struct{}
}

// NewProxy listens on a free port for one test and forwards to target, "host:port".
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		Host:     loopback,
		Port:     listener.Addr().(*net.TCPAddr).Port,
		target:   target,
		listener: listener,
		conns:    map[net.Conn]struct{}{},
	}
	p.flow = sync.NewCond(&p.mu)
	p.done.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Proxy starts a proxy in front of the server for one test.
func (pg *PG) Proxy(t testing.TB) *Proxy {
	t.Helper()
	return NewProxy(t, pg.Address())
}

// Address is "host:port".
func (p *Proxy) Address() string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }

// Cut closes all connections and, until Resume, each new one as soon as it is made.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = true
	p.closeConns()
}

// Hang stops all bytes without closing anything, as a network that drops packets does. New connections
// are accepted and stay silent.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hung = true
}

// Resume ends Cut and Hang; held bytes flow again.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.hung = false, false
	p.flow.Broadcast()
}

// Redirect sends new connections to another server, and closes those that there are.
func (p *Proxy) Redirect(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	p.closeConns()
}

// CutOnRequest cuts one connection, once: the first on which the client sends pattern, before the server
// sees it. Other connections go on, also new ones. The channel closes when it has happened. The client
// must not use TLS. "commit\x00" finds the end of a transaction of pgx; at most 64 bytes are matched
// across two reads.
func (p *Proxy) CutOnRequest(pattern string) <-chan struct{} { return p.arm(&p.onRequest, pattern) }

// CutOnReply is CutOnRequest for what the server sends; the client never sees it. "COMMIT\x00" is the
// answer to a commit: the server has committed, and the client cannot know.
func (p *Proxy) CutOnReply(pattern string) <-chan struct{} { return p.arm(&p.onReply, pattern) }

func (p *Proxy) arm(slot **trigger, pattern string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	*slot = &trigger{pattern: []byte(pattern), fired: make(chan struct{})}
	return (*slot).fired
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed, p.hung = true, false
	p.closeConns()
	p.flow.Broadcast()
	p.mu.Unlock()
	_ = p.listener.Close()
	p.done.Wait()
}

// closeConns resets rather than closes, so that no reply still in a buffer arrives. The caller holds mu.
func (p *Proxy) closeConns() {
	for conn := range p.conns {
		reset(conn)
	}
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.done.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	if !p.track(client) {
		return
	}
	defer p.untrack(client)
	if !p.wait() {
		return
	}
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.track(server) {
		return
	}
	defer p.untrack(server)

	var replies sync.WaitGroup
	replies.Go(func() { p.pump(server, client, &p.onReply) })
	p.pump(client, server, &p.onRequest)
	replies.Wait()
}

func (p *Proxy) track(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.closed {
		return false
	}
	p.conns[conn] = struct{}{}
	return true
}

func (p *Proxy) untrack(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// wait blocks while the proxy hangs and reports whether it is still open.
func (p *Proxy) wait() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.hung {
		p.flow.Wait()
	}
	return !p.closed
}

// overlap is how much of what was forwarded is kept, for patterns that straddle two reads.
const overlap = 64

// pump forwards one direction until either end closes or the trigger in slot fires.
func (p *Proxy) pump(from, to net.Conn, slot **trigger) {
	buffer := make([]byte, overlap+32<<10)
	kept := 0
	var armed *trigger // that what is kept belongs to
	for {
		n, err := from.Read(buffer[kept:])
		if n > 0 && p.wait() {
			seen := buffer[:kept+n]
			if p.fires(slot, &armed, seen, seen[kept:]) {
				reset(from)
				reset(to)
				return
			}
			if _, err := to.Write(seen[kept:]); err != nil {
				reset(from)
				return
			}
			kept = copy(buffer, seen[max(0, len(seen)-overlap):])
		}
		if err != nil {
			_ = to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// fires disarms the trigger in slot and reports true if its pattern was seen. What passed before it was
// armed does not count: then only what is new does.
func (p *Proxy) fires(slot, armed **trigger, seen, fresh []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *armed != *slot {
		*armed, seen = *slot, fresh
	}
	if *slot == nil || !bytes.Contains(seen, (*slot).pattern) {
		return false
	}
	close((*slot).fired)
	*slot = nil
	return true
}
