package testserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ProcessOptions says what to run. Path and LogFile are required.
type ProcessOptions struct {
	Path    string
	Args    []string
	Env     []string // the whole environment; nil inherits this program's
	Dir     string   // working directory
	LogFile string   // receives standard output and standard error
	// RemoveDir is deleted if this program dies before it has stopped the process.
	RemoveDir  string
	credential *syscall.Credential
}

// Process is a server that this program started and that ends with it. Its methods must not be called
// concurrently.
type Process struct {
	cmd     *exec.Cmd
	alive   *os.File // reads EOF once the process and all its descendants are gone
	guard   *exec.Cmd
	leash   io.WriteCloser // the guard kills the process when this closes without "done"
	logFile string
	stopped bool
}

// guardScript outlives this program: when its standard input closes without the word "done", it ends
// process $1 and, once descriptor 3 says that all its children are gone too, removes directory $2.
const guardScript = `
read -r word
[ "$word" = done ] && exit
kill -CONT "$1"; kill -QUIT "$1"
read -r gone <&3
[ -z "$2" ] || rm -rf -- "$2"
`

// StartProcess runs a program in a process group of its own, so that a Ctrl-C in the terminal reaches only
// this program, which then decides how its servers end.
func StartProcess(opts ProcessOptions) (*Process, error) {
	log, err := os.OpenFile(opts.LogFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// The process and its children hold one end of two pipes; the other ends read EOF when all are gone.
	alive, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	guardAlive, guardHeld, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, alive.Close())
	}
	defer guardAlive.Close()
	defer guardHeld.Close()

	cmd := exec.Command(opts.Path, opts.Args...)
	cmd.Env, cmd.Dir = opts.Env, opts.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{held, guardHeld}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: opts.credential}
	if err := cmd.Start(); err != nil {
		alive.Close()
		return nil, fmt.Errorf("start %s: %w", opts.Path, err)
	}
	p := &Process{cmd: cmd, alive: alive, logFile: opts.LogFile}
	if err := p.startGuard(guardAlive, opts.RemoveDir); err != nil {
		return nil, errors.Join(err, p.Stop(syscall.SIGKILL, time.Second))
	}
	return p, nil
}

func (p *Process) startGuard(alive *os.File, removeDir string) error {
	guard := exec.Command("/bin/sh", "-c", guardScript, "guard", strconv.Itoa(p.Pid()), removeDir)
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	guard.ExtraFiles = []*os.File{alive}
	leash, err := guard.StdinPipe()
	if err != nil {
		return err
	}
	if err := guard.Start(); err != nil {
		return fmt.Errorf("start the guard of %s: %w", p.cmd.Path, err)
	}
	p.guard, p.leash = guard, leash
	return nil
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the process itself, not to its children.
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Exited waits up to d and reports whether the process and all its children are gone.
func (p *Process) Exited(d time.Duration) bool {
	if p.stopped {
		return true
	}
	if err := p.alive.SetReadDeadline(time.Now().Add(d)); err != nil {
		return false
	}
	_, err := p.alive.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// Stop sends sig, waits up to grace for the process and its children to end, kills the process if it has
// not, and returns its exit error (nil for exit code 0). Calling it again does nothing.
func (p *Process) Stop(sig os.Signal, grace time.Duration) error {
	if p.stopped {
		return nil
	}
	_ = p.Signal(sig)
	_ = p.Signal(syscall.SIGCONT)
	if !p.Exited(grace) {
		_ = p.cmd.Process.Kill()
		p.Exited(10 * time.Second)
	}
	return p.reap()
}

// Wait waits up to d for the process to end by itself and returns its exit error.
func (p *Process) Wait(d time.Duration) error {
	if p.stopped {
		return nil
	}
	if !p.Exited(d) {
		return fmt.Errorf("%s still runs after %s", filepath.Base(p.cmd.Path), d)
	}
	return p.reap()
}

func (p *Process) reap() error {
	err := p.cmd.Wait()
	p.stopped = true
	p.alive.Close()
	if p.guard != nil {
		_, _ = io.WriteString(p.leash, "done\n")
		_ = p.leash.Close()
		_ = p.guard.Wait()
	}
	return err
}

// LogFile is where the process prints to.
func (p *Process) LogFile() string { return p.logFile }

// Log returns what the process has printed so far.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// logTail is the end of the log, for error messages.
func (p *Process) logTail() string {
	const lines = 15
	all := strings.Split(strings.TrimSpace(p.Log()), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

// errExited says that a server ended while it was expected to become ready.
func (p *Process) errExited() error {
	return fmt.Errorf("%s ended before it was ready:\n%s", filepath.Base(p.cmd.Path), p.logTail())
}

// ignoreExit drops the exit error of a process that was told to end.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}
