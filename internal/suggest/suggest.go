// Package suggest finds the valid name closest to a misspelled one.
package suggest

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// Name returns the valid name closest to name, or "" if more than a third of the
// letters differ.
func Name(name string, valid []string) string {
	best, distance := "", 1+len(name)/3
	for _, candidate := range valid {
		if d := levenshtein.ComputeDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// Hint returns " (did you mean …?)" for an error text, or "" if no valid name is
// close.
func Hint(name string, valid []string) string {
	if best := Name(name, valid); best != "" {
		return fmt.Sprintf(" (did you mean %s?)", best)
	}
	return ""
}
