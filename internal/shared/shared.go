// Package shared lets the pipelines of one configuration share a component: one pool of
// connections, one set of background tasks. The collector makes an exporter for each
// signal, from the same configuration.
package shared

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// Components holds the components by their configuration.
type Components[K comparable, C component.Component] struct {
	mu  sync.Mutex
	all map[K]*Component[C]
}

// Get returns the component of a configuration, made by create if there is none.
func (s *Components[K, C]) Get(config K, create func() (C, error)) (*Component[C], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.all[config]; ok {
		return c, nil
	}
	inner, err := create()
	if err != nil {
		return nil, err
	}
	c := &Component[C]{Inner: inner, remove: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, config)
	}}
	if s.all == nil {
		s.all = map[K]*Component[C]{}
	}
	s.all[config] = c
	return c, nil
}

// Component starts with the first pipeline that starts, and shuts down with the last.
type Component[C component.Component] struct {
	Inner C

	remove func()

	mu      sync.Mutex
	running int
	failed  error // of Start
}

// Start starts the component unless it runs.
func (c *Component[C]) Start(ctx context.Context, host component.Host) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == 0 {
		c.failed = c.Inner.Start(ctx, host)
	}
	if c.failed == nil {
		c.running++
	}
	return c.failed
}

// Shutdown shuts the component down if no other pipeline uses it.
func (c *Component[C]) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running > 1 {
		c.running--
		return nil
	}
	c.running = 0
	c.remove()
	return c.Inner.Shutdown(ctx)
}
