package mapping

import (
	"runtime"
	"sync"

	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

// faults logs panics of reading and mapping, one of each place.
type faults struct {
	logger *zap.Logger
	mu     sync.Mutex
	places map[place]bool
}

// place is the innermost calls of a panic.
type place [16]uintptr

// maxFaults bounds the places that are remembered, and so what is logged.
const maxFaults = 100

// Fault logs what recover returned to a reader of log records or of span events.
func (m *Mapper) Fault(cause any) { m.faults.log(cause) }

// log logs a panic with its stack. What was said in a span must not be in it: a stack
// names functions and addresses only, and a message is only known to hold no words if
// it is the runtime's.
func (f *faults) log(cause any) {
	if f.logger == nil {
		return
	}
	var at place
	runtime.Callers(3, at[:]) // skips Callers, log and the deferred function
	f.mu.Lock()
	known := f.places[at] || len(f.places) == maxFaults
	if !known {
		if f.places == nil {
			f.places = map[place]bool{}
		}
		f.places[at] = true
	}
	f.mu.Unlock()
	if known {
		return
	}
	f.logger.Error("The mapping failed on a span or log record, which is set aside; please report this fault; further ones at the same place are only counted",
		zap.Error(panics.Of(cause)))
}
