package rowcheck

import (
	"math"
	"reflect"
)

// Same compares values of rows as the cases of fixtures mean the values: numbers numerically, the rest exactly.
func Same(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 1e-6*math.Max(math.Abs(w), math.Abs(g))
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for i := range w {
			if !Same(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(w) != len(g) {
			return false
		}
		for key := range w {
			if v, ok := g[key]; !ok || !Same(w[key], v) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}
