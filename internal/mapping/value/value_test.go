package value

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func valueOf(tb testing.TB, raw any) Value {
	tb.Helper()
	v := pcommon.NewValueEmpty()
	require.NoError(tb, v.FromRaw(raw))
	return Value{Attr: v}
}

func TestIntegerAcceptsOnlyWholeCounts(t *testing.T) {
	for _, c := range []struct {
		raw   any
		want  int64
		ok    bool
		exact bool
	}{
		{int64(42), 42, true, true}, {int64(0), 0, true, true}, {12.0, 12, true, false}, {" 42 ", 42, true, false}, {"42.0", 42, true, false},
		{int64(math.MaxInt64), math.MaxInt64, true, true},
		{12.5, 0, false, false}, {"12.5", 0, false, false}, {int64(-1), 0, false, false}, {"-1", 0, false, false}, {true, 0, false, false},
		{math.NaN(), 0, false, false}, {math.Inf(1), 0, false, false}, {1e300, 0, false, false}, {"", 0, false, false}, {"many", 0, false, false},
		{"99999999999999999999", 0, false, false}, {[]any{int64(1)}, 0, false, false},
	} {
		i, exact, ok := valueOf(t, c.raw).Integer()
		require.Equal(t, c.ok, ok, "%v", c.raw)
		if ok {
			require.Equal(t, c.want, i, "%v", c.raw)
			require.Equal(t, c.exact, exact, "%v", c.raw)
		}
	}
}

func TestDecimalKeepsSmallAmountsAndRefusesNegativeOnes(t *testing.T) {
	for _, c := range []struct {
		raw  any
		want string
	}{
		{0.00042, "0.00042"}, {"0.00042", "0.00042"}, {"1e-05", "0.00001"}, {int64(3), "3"}, {0.0, "0"}, {1e-7, "0.0000001"},
		{-0.1, ""}, {"-1", ""}, {math.NaN(), ""}, {math.Inf(1), ""}, {"1e999999", ""}, {"free", ""}, {false, ""},
	} {
		d, _, ok := valueOf(t, c.raw).Decimal()
		require.Equal(t, c.want != "", ok, "%v", c.raw)
		if ok {
			require.Equal(t, c.want, d.String())
		}
	}
}

func TestBooleanReadsPythonSpelling(t *testing.T) {
	for raw, want := range map[any]bool{true: true, "True": true, "true": true, "FALSE": false, false: false} {
		b, _, ok := valueOf(t, raw).Boolean()
		require.True(t, ok)
		require.Equal(t, want, b, "%v", raw)
	}
	for _, raw := range []any{"yes", int64(1), ""} {
		_, _, ok := valueOf(t, raw).Boolean()
		require.False(t, ok, "%v", raw)
	}
}

func TestPlaceholdersAndBlankTextAreAbsent(t *testing.T) {
	for _, raw := range []any{"", "  \n", "<not specified>", "<not serializable>", "<REDACTED>", true} {
		_, _, ok := valueOf(t, raw).Text()
		require.False(t, ok, "%q", raw)
	}
	s, exact, ok := valueOf(t, "<b>").Text()
	require.True(t, ok && exact)
	require.Equal(t, "<b>", s)
	s, exact, ok = valueOf(t, int64(7)).Text()
	require.True(t, ok)
	require.False(t, exact)
	require.Equal(t, "7", s)
}

func TestTimeIsReadQuotedOrNot(t *testing.T) {
	for _, text := range []string{
		"2026-08-21T08:13:20.350000Z", `"2026-08-21T08:13:20.350000Z"`, "2026-08-21T10:13:20.35+02:00", "2026-08-21T08:13:20.350",
	} {
		at, ok := valueOf(t, text).Time()
		require.True(t, ok, text)
		require.Equal(t, time.Date(2026, 8, 21, 8, 13, 20, 350_000_000, time.UTC).UnixMicro(), at, text)
	}
	_, ok := valueOf(t, "soon").Time()
	require.False(t, ok)
}
