package agentruns

import (
	"os"
	"strconv"
)

// Seeds is how many seeds a property is tried with: those of the environment, in a long run by hand.
func Seeds(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("SEEDS")); err == nil {
		return n
	}
	return usual
}
