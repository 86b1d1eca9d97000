// Package statistics computes what an evaluation reports: the interval of a share,
// the significance of a change, and percentiles.
package statistics

import (
	"math"
	"slices"
)

// z bounds the middle 95 % of the normal distribution.
const z = 1.959963984540054

// Wilson returns the interval of 95 % of a share: successes of n trials.
// https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
func Wilson(successes, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	total, share := float64(n), float64(successes)/float64(n)
	center := share + z*z/(2*total)
	spread := z * math.Sqrt(share*(1-share)/total+z*z/(4*total*total))
	scale := 1 + z*z/total
	return max(0, (center-spread)/scale), min(1, (center+spread)/scale)
}

// McNemar returns the probability of a difference as large by chance, if b questions
// changed in one direction and c in the other. It is the exact test of two sides.
// https://en.wikipedia.org/wiki/McNemar%27s_test
func McNemar(b, c int) float64 {
	n := b + c
	var sum float64
	for k := 0; k <= min(b, c); k++ {
		sum += math.Exp(logChoose(n, k) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// logChoose returns the logarithm of n over k.
func logChoose(n, k int) float64 {
	factorial := func(n int) float64 {
		value, _ := math.Lgamma(float64(n) + 1)
		return value
	}
	return factorial(n) - factorial(k) - factorial(n-k)
}

// Percentile returns the smallest value that at least the share p of values does not
// exceed, and 0 without values.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}
