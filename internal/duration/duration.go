// Package duration reads durations of configuration files. A number without a unit is refused: as
// nanoseconds, which Go makes of it, nobody means it.
package duration

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// NeedsUnit is what to say about a number that stands where a duration belongs.
const NeedsUnit = "must have a unit, such as 30s, 30m, 30h or 30d"

const (
	hoursOfDay = 24
	maxDays    = math.MaxInt64 / int64(hoursOfDay*time.Hour)
)

var (
	number = regexp.MustCompile(`^[+-]?[0-9.]+$`)
	days   = regexp.MustCompile(`([0-9]+\.?[0-9]*|\.[0-9]+)d`)
)

// Parse reads a value of a YAML file: a text that [time.ParseDuration] takes, in which d may stand for days of
// 24 hours, or 0.
func Parse(value any) (time.Duration, error) {
	switch v := value.(type) {
	case time.Duration:
		return v, nil
	case string:
		return parseText(v)
	case int:
		if v == 0 {
			return 0, nil
		}
	}
	if _, isText := value.(string); !isText && !isNumber(value) {
		return 0, errors.New("must be a duration, such as 30s")
	}
	return 0, errors.New(NeedsUnit)
}

func isNumber(value any) bool {
	switch reflect.ValueOf(value).Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Float64:
		return true
	}
	return false
}

func parseText(text string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(text, 64); number.MatchString(text) && (err != nil || n != 0) {
		return 0, errors.New(NeedsUnit)
	}
	inHours := days.ReplaceAllStringFunc(text, func(match string) string {
		count, _ := strconv.ParseFloat(match[:len(match)-1], 64) // the pattern matches numbers
		return strconv.FormatFloat(count*hoursOfDay, 'f', -1, 64) + "h"
	})
	d, err := time.ParseDuration(inHours)
	if err != nil {
		return 0, fmt.Errorf("must be a duration such as 30s, 30m, 30h or 30d, at most %dd", maxDays)
	}
	return d, nil
}

// Hook reads durations for mapstructure.
func Hook() mapstructure.DecodeHookFuncType {
	return func(_, to reflect.Type, value any) (any, error) {
		if to != reflect.TypeFor[time.Duration]() {
			return value, nil
		}
		return Parse(value)
	}
}
