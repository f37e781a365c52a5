package duration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	day := 24 * time.Hour
	for value, want := range map[any]time.Duration{
		"30s": 30 * time.Second, "30d": 30 * day, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, ".5d": 12 * time.Hour,
		"-1d": -day, "0": 0, "0s": 0, 0: 0, "1h30m": 90 * time.Minute, "106751d": 106751 * day, time.Second: time.Second,
		"100ms": 100 * time.Millisecond, "365d": 365 * day,
	} {
		got, err := Parse(value)
		assert.NoError(t, err, "%v", value)
		assert.Equal(t, want, got, "%v", value)
	}
	for value, want := range map[any]string{
		30: NeedsUnit, "30": NeedsUnit, -1: NeedsUnit, 1.5: NeedsUnit, "1.5": NeedsUnit, "1e9": "must be a duration such as",
		uint64(1 << 63): NeedsUnit, "106752d": "at most 106751d", "": "must be a duration", "soon": "must be a duration",
		"1 d": "must be a duration", "d": "must be a duration", "1w": "must be a duration", true: "must be a duration",
		"1d d": "must be a duration", "..d": "must be a duration", nil: "must be a duration",
	} {
		_, err := Parse(value)
		assert.ErrorContains(t, err, want, "%v", value)
	}
}
