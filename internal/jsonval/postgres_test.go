package jsonval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// Postgres accepts every canonical body, and what it gives back is the same body.
func TestPostgresKeepsCanonicalJSON(t *testing.T) {
	bodies := randomBodies(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testserver.NewDatabase(t))
	require.NoError(t, err)
	defer conn.Close(ctx)

	rows, err := conn.Query(ctx, `SELECT b::jsonb::text FROM unnest($1::text[]) WITH ORDINALITY AS u(b, i) ORDER BY i`, bodies)
	require.NoError(t, err)
	kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, kept, len(bodies))
	for i, body := range bodies {
		again, r := canonical(t, kept[i])
		require.Equal(t, body, again)
		require.Zero(t, r)
	}
}

// randomBodies returns canonical texts of numbers at the limits, of broken and odd
// JSON texts and of random values.
func randomBodies(t *testing.T) []string {
	rng := rand.New(rand.NewPCG(3, 4))
	texts := []string{
		"9" + strings.Repeat("9", maxIntDigits-1), "0." + strings.Repeat("1", maxFracDigits),
		"1e1100", "1e-1100", "-123.4567e-300", "1e2000", `{"a":1,"b":2,"a":3}`, `"\u0000\ud800"`,
		"{\"\xff\":\"\xfe\"}", `[` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `]`,
	}
	for range 500 {
		texts = append(texts, fmt.Sprintf("%s%d.%de%d", []string{"", "-"}[rng.IntN(2)], rng.IntN(1000), rng.IntN(1000), rng.IntN(40)-20))
	}
	var bodies []string
	for _, text := range texts {
		body, _ := canonical(t, text)
		bodies = append(bodies, body)
	}
	for range 2000 {
		v := pcommon.NewValueEmpty()
		randomValue(rng, v, 4)
		var r Repairs
		bodies = append(bodies, string(AppendValue(nil, v, &r)))
	}
	return bodies
}
