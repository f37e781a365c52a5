package pgbatch

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// ProgramFault is a panic while a batch was stored, as an error: it neither ends the process
// nor brings the batch back from a persistent queue again and again.
type ProgramFault struct {
	// Reason is the runtime's message, or the type of any other: that may quote what was sent.
	Reason string
	// Stack names functions and addresses only.
	Stack string
}

func (f *ProgramFault) Error() string { return "a fault of the exporter: " + f.Reason }

// NewProgramFault makes an error of what recover returned; nil of nil.
func NewProgramFault(cause any) error {
	switch cause := cause.(type) {
	case nil:
		return nil
	case *ProgramFault: // of another goroutine
		return cause
	case runtime.Error:
		return &ProgramFault{Reason: cause.Error(), Stack: string(debug.Stack())}
	}
	return &ProgramFault{Reason: fmt.Sprintf("%T", cause), Stack: string(debug.Stack())}
}

// Beside is a sync.WaitGroup of functions that a batch has run beside its own goroutine: a panic
// in one of them goes on in the goroutine that waits.
type Beside struct {
	running sync.WaitGroup
	fault   atomic.Pointer[ProgramFault]
}

// Go runs f.
func (b *Beside) Go(f func()) {
	b.running.Go(func() {
		defer func() {
			var fault *ProgramFault
			if errors.As(NewProgramFault(recover()), &fault) {
				b.fault.CompareAndSwap(nil, fault)
			}
		}()
		f()
	})
}

// Wait returns when all have ended.
func (b *Beside) Wait() {
	b.running.Wait()
	if fault := b.fault.Swap(nil); fault != nil {
		panic(fault)
	}
}

// End is Wait for where nothing is done with the results.
func (b *Beside) End() { b.running.Wait() }
