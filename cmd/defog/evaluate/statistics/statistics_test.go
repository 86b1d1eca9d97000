package statistics

import (
	"math"
	"testing"
)

func TestWilsonMatchesPublishedValues(t *testing.T) {
	for _, test := range []struct {
		successes, n int
		low, high    float64
	}{
		{0, 10, 0, 0.27753},       // R: binom::binom.wilson(0, 10)
		{10, 10, 0.72247, 1},      // R: binom::binom.wilson(10, 10)
		{81, 263, 0.2553, 0.3662}, // https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
		{15, 148, 0.0624, 0.1605}, // https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
		{1, 29, 0.0061, 0.1718},   // https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
		{0, 0, 0, 1},
	} {
		low, high := Wilson(test.successes, test.n)
		if math.Abs(low-test.low) > 5e-5 || math.Abs(high-test.high) > 5e-5 {
			t.Errorf("%d of %d: got %.5f to %.5f, want %v to %v", test.successes, test.n, low, high, test.low, test.high)
		}
	}
}

func TestChangeIsTestedExactly(t *testing.T) {
	for _, test := range []struct {
		b, c int
		p    float64
	}{
		{0, 0, 1},
		{1, 0, 1},
		{5, 0, 0.0625},
		{6, 0, 0.03125},
		{1, 9, 22.0 / 1024},
		{9, 1, 22.0 / 1024},
		{5, 5, 1},
		{400, 600, 2.7284641e-10},
	} {
		if p := McNemar(test.b, test.c); math.Abs(p-test.p) > 1e-4*test.p {
			t.Errorf("%d and %d: got %v, want %v", test.b, test.c, p, test.p)
		}
	}
}

func TestPercentileIsAValue(t *testing.T) {
	values := []float64{30, 10, 20, 40}
	for p, want := range map[float64]float64{0.5: 20, 0.95: 40, 0.01: 10, 1: 40} {
		if got := Percentile(values, p); got != want {
			t.Errorf("%v: got %v, want %v", p, got, want)
		}
	}
	if Percentile(nil, 0.5) != 0 {
		t.Error("no values")
	}
}
