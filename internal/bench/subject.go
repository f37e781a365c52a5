package main

import (
	"context"
	"runtime"
	"syscall"
	"time"
)

// subject is one of the ways to get spans into Postgres, running on a database of its own.
type subject interface {
	// write sends a batch. Callers call it concurrently.
	write(ctx context.Context, b *batch) error
	// settle returns once the database holds so many spans.
	settle(ctx context.Context, spans int) error
	// used is what the client has spent since it began.
	used(ctx context.Context) (usage, error)
	stop(ctx context.Context) error
}

// subjects in the order in which each round measures them.
var subjects = []struct {
	name  string
	start func(ctx context.Context, url string, day time.Time, callers int) (subject, error)
}{
	{"copy", startCopy},
	{"exporter", startExporter},
	{"traces", startTraces},
	{"unpriced", startUnpriced},
	{"collector", startCollector},
}

// usage is what a client spends.
type usage struct {
	cpu     time.Duration
	mallocs uint64
	// unknownMallocs says that another process allocates.
	unknownMallocs bool
	phases         map[string]time.Duration // of the exporter
}

// since returns what was spent after before.
func (u usage) since(before usage) usage {
	u.cpu -= before.cpu
	u.mallocs -= before.mallocs
	phases := map[string]time.Duration{}
	for phase, d := range u.phases {
		phases[phase] = d - before.phases[phase]
	}
	u.phases = phases
	return u
}

// process is this process, where copy and exporter run.
type process struct{}

func (process) used(context.Context) (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{
		cpu:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		mallocs: m.Mallocs,
	}, nil
}

type startFunc = func(ctx context.Context, url string, day time.Time, callers int) (subject, error)
