package shared

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
)

// counter is a component that counts its starts and shutdowns.
type counter struct {
	starts, shutdowns int
	err               error
}

func (c *counter) Start(context.Context, component.Host) error {
	c.starts++
	return c.err
}

func (c *counter) Shutdown(context.Context) error {
	c.shutdowns++
	return nil
}

func TestPipelinesOfOneConfigurationShareAComponent(t *testing.T) {
	var components Components[string, *counter]
	get := func(config string) *Component[*counter] {
		c, err := components.Get(config, func() (*counter, error) { return &counter{}, nil })
		require.NoError(t, err)
		return c
	}
	traces, logs, other := get("a"), get("a"), get("b")
	require.Same(t, traces.Inner, logs.Inner)
	require.NotSame(t, traces.Inner, other.Inner)
	host := componenttest.NewNopHost()
	require.NoError(t, traces.Start(t.Context(), host))
	require.NoError(t, logs.Start(t.Context(), host))
	require.Equal(t, 1, traces.Inner.starts)
	require.NoError(t, traces.Shutdown(t.Context()))
	require.Zero(t, traces.Inner.shutdowns, "the other pipeline goes on")
	require.Same(t, traces.Inner, get("a").Inner)
	require.NoError(t, logs.Shutdown(t.Context()))
	require.Equal(t, 1, traces.Inner.shutdowns)
	require.Zero(t, other.Inner.starts)
	require.NotSame(t, traces.Inner, get("a").Inner, "a collector that reloads its configuration begins anew")
}

func TestAFailedStartIsTold(t *testing.T) {
	var components Components[string, *counter]
	c, err := components.Get("a", func() (*counter, error) { return &counter{err: errors.New("refused")}, nil })
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "refused")
	require.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "refused", "the second pipeline is told as well")
	require.NoError(t, c.Shutdown(t.Context()))
	require.NoError(t, c.Shutdown(t.Context()))

	_, err = components.Get("b", func() (*counter, error) { return nil, errors.New("no telemetry") })
	require.ErrorContains(t, err, "no telemetry")
}

func TestPipelinesStartAtOnce(t *testing.T) {
	var components Components[string, *counter]
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c, err := components.Get("a", func() (*counter, error) { return &counter{}, nil })
			if err == nil {
				err = c.Start(context.Background(), componenttest.NewNopHost())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	c, err := components.Get("a", nil)
	require.NoError(t, err)
	require.Equal(t, 1, c.Inner.starts)
	for range 8 {
		require.Zero(t, c.Inner.shutdowns)
		require.NoError(t, c.Shutdown(t.Context()))
	}
	require.Equal(t, 1, c.Inner.shutdowns)
}
