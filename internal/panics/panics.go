// Package panics makes errors of panics. Their stacks and reasons are logged, so they hold
// nothing of what was sent.
package panics

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Error is a panic as an error.
type Error struct {
	// Reason is the runtime's message, or the type of any other: that may quote what was sent.
	Reason string
	// Stack names functions and addresses only.
	Stack string
}

func (e *Error) Error() string { return "a fault of the exporter: " + e.Reason }

// Format adds the stack to %+v, which zap.Error logs as errorVerbose.
func (e *Error) Format(s fmt.State, verb rune) {
	_, _ = io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		_, _ = io.WriteString(s, "\n"+e.Stack)
	}
}

// Of makes an error of what recover returned; nil of nil.
func Of(cause any) error {
	switch cause := cause.(type) {
	case nil:
		return nil
	case *Error: // of another goroutine
		return cause
	}
	return &Error{Reason: reason(cause), Stack: string(debug.Stack())}
}

// reason describes what recover returned.
func reason(cause any) string {
	if err, is := cause.(runtime.Error); is {
		return err.Error()
	}
	return fmt.Sprintf("%T", cause)
}

// Safely runs f and makes an error of a panic.
func Safely(f func() error) (err error) {
	defer func() {
		if failed := Of(recover()); failed != nil {
			err = failed
		}
	}()
	return f()
}

// Group is a sync.WaitGroup of functions that run beside a goroutine: a panic in one of them goes
// on in the goroutine that waits.
type Group struct {
	running sync.WaitGroup
	first   atomic.Pointer[Error]
}

// Go runs f.
func (g *Group) Go(f func()) {
	g.running.Go(func() {
		var failed *Error
		if errors.As(Safely(func() error { f(); return nil }), &failed) {
			g.first.CompareAndSwap(nil, failed)
		}
	})
}

// Wait returns when all have ended.
func (g *Group) Wait() {
	g.running.Wait()
	if failed := g.first.Swap(nil); failed != nil {
		panic(failed)
	}
}

// End is Wait for where nothing is done with the results.
func (g *Group) End() { g.running.Wait() }
