package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettingsAreAddedToTheDefaults(t *testing.T) {
	settings, err := withSettings(map[string]string{"a": "1", "b": "2"}, "b=3, c=4GB")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1", "b": "3", "c": "4GB"}, settings)
	_, err = withSettings(nil, "fsync")
	require.EqualError(t, err, `-settings: "fsync" is not valid: must be name=value`)
}

func TestGrowthFillsTheDaysBeforeNow(t *testing.T) {
	g := growth{now: testDay.Add(6 * time.Hour), days: 3, spans: 1000}
	require.Equal(t, testDay.AddDate(0, 0, -2), g.timeOf(0))
	require.Equal(t, testDay.AddDate(0, 0, -2).Add(27*time.Hour), g.timeOf(500))
	require.Equal(t, g.now, g.timeOf(1000))
}
