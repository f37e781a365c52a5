package pricing

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
)

// Pricer estimates by the prices of one schema. It is safe for concurrent use.
type Pricer struct {
	schema  string
	logger  *zap.Logger
	current atomic.Pointer[list]
	checked atomic.Int64           // when llm_prices was last looked at, Unix ns
	applied atomic.Pointer[string] // digest of the prices whose days were noted
	failed  atomic.Bool            // a fault of estimating was logged
}

// list is the prices that were loaded, and what told them from others.
type list struct {
	*price.List
	digest string
}

// New returns a Pricer without prices: until Reload, nothing is estimated.
func New(schema string, logger *zap.Logger) *Pricer { return &Pricer{schema: schema, logger: logger} }

// Reload reads llm_prices unless it is as it was. Rows that cannot be read are left out
// and named in the log.
func (p *Pricer) Reload(ctx context.Context, conn *pgx.Conn) error {
	begin := time.Now()
	var digest string
	if err := conn.QueryRow(ctx, digestOf(p.schema)).Scan(&digest); err != nil {
		return err
	}
	if old := p.current.Load(); old == nil || old.digest != digest {
		rows, err := price.Load(ctx, conn, p.schema)
		if err != nil {
			return err
		}
		found, faults := price.NewList(rows)
		if faults != nil {
			p.logger.Warn("Prices that cannot be read are left out", zap.Error(faults))
		}
		p.current.Store(&list{found, digest})
	}
	p.checked.Store(begin.UnixNano())
	return nil
}

// Refresh reloads prices that are older than a batch may be estimated by.
func (p *Pricer) Refresh(ctx context.Context, pool Pool) error {
	if time.Since(time.Unix(0, p.checked.Load())) < maxAge {
		return nil
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return p.Reload(ctx, conn.Conn())
}

// digest identifies the prices of now.
func (p *Pricer) digest() string { return p.current.Load().digest }

// noted reports whether the days of changed prices were noted since the last change.
func (p *Pricer) noted() bool {
	last := p.applied.Load()
	return last != nil && *last == p.digest()
}

func (p *Pricer) note(digest string) { p.applied.Store(&digest) }

// digestOf is a query for a number that changes with any row: it is made of the transactions that
// wrote the rows. Made of the rows themselves, it took 6 ms, for each transaction that prices the past.
func digestOf(schema string) string {
	return "SELECT count(*) || ' ' || coalesce(sum(hashint8extended(xmin::text::bigint, 0)), 0) FROM " + pgx.Identifier{schema, "llm_prices"}.Sanitize()
}

// Estimate fills the estimated cost of model spans that report tokens. A span on which a fault of
// estimating shows has none; the log tells of the first.
func (p *Pricer) Estimate(spans []mapping.Span) {
	l := p.current.Load()
	if l == nil {
		return
	}
	for next := 0; next < len(spans); {
		err := panics.Safely(func() error {
			for ; next < len(spans); next++ {
				if s := &spans[next]; s.Kind.IsModel() {
					s.EstimatedCost = l.estimate(s)
				}
			}
			return nil
		})
		if err != nil {
			next++
			if p.failed.CompareAndSwap(false, true) {
				p.logger.Error("Estimating the cost of a call failed, which is stored without; please report this fault", zap.Error(err))
			}
		}
	}
}

// estimate returns what a call costs; null if it reports no tokens or no price holds.
func (l *list) estimate(s *mapping.Span) decimal.NullDecimal {
	u := &s.Usage
	if !u.Input.OK && !u.Output.OK {
		return decimal.NullDecimal{}
	}
	row := l.Find(price.Call{
		Provider: s.Provider, Models: []string{s.ResponseModel, s.RequestModel},
		At: time.UnixMicro(s.Start), ServiceTier: s.ServiceTier, Input: u.Input.V,
	})
	if row == nil {
		return decimal.NullDecimal{}
	}
	parts := u.Parts.Get()
	return decimal.NewNullDecimal(row.Total(price.Usage{
		Input: u.Input.V, Output: u.Output.V, CacheRead: u.CacheRead.V, CacheWrite: u.CacheCreation.V, CacheWrite1h: parts.CacheWrite1h.V,
		InputAudio: parts.InputAudio.V, InputImage: parts.InputImage.V, OutputAudio: parts.OutputAudio.V, OutputImage: parts.OutputImage.V,
		Reasoning: u.Reasoning.V, WebSearches: parts.WebSearchRequests.V,
	}))
}
