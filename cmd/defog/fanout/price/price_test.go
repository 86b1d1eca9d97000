package price_test

import (
	"math"
	"testing"
	"time"

	"defog-cdk/cmd/defog/fanout/price"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) }

func TestSecondCostsMemoryAndStorage(t *testing.T) {
	for name, test := range map[string]struct {
		function price.Function
		want     float64
	}{
		"x86_64":        {price.Function{"x86_64", 2048, 512}, 2 * 0.0000166667},
		"arm64":         {price.Function{"arm64", 512, 512}, 0.0000133334 / 2},
		"large storage": {price.Function{"x86_64", 1024, 512 + 2048}, 0.0000166667 + 2*0.0000000309},
	} {
		if got := test.function.PerSecond(); !near(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestItemCostsItsRequests(t *testing.T) {
	if got, want := (price.Item{Transitions: 3, Puts: 2, Gets: 5}).Sum(), 0.2e-6+75e-6+10e-6+2e-6; !near(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMeterIntegratesRunningFunctions(t *testing.T) {
	meter := price.Meter{PerSecond: 2, PerItem: 0.5}
	start := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	if meter.Observe(start, 0, 0); meter.Spent() != 0 {
		t.Errorf("%v spent before the start", meter.Spent())
	}
	if _, known := meter.Left(10); known {
		t.Error("the rest is known before an item has finished")
	}
	// Ten items of ten seconds each, five at a time.
	meter.Observe(start, 5, 0)
	meter.Observe(start.Add(10*time.Second), 5, 0)
	meter.Observe(start.Add(10*time.Second), 5, 5)
	meter.Observe(start.Add(20*time.Second), 5, 5)
	meter.Observe(start.Add(20*time.Second), 0, 10)
	if got, want := meter.Spent(), 100*2+10*0.5; !near(got, want) {
		t.Errorf("spent %v, want %v", got, want)
	}
	if left, known := meter.Left(10); !known || !near(left, 205) {
		t.Errorf("left %v, %t, want as much again", left, known)
	}
	meter.Observe(start.Add(19*time.Second), 100, 10) // the clock of another computer
	if got := meter.Spent(); got < 205 || got > 300 {
		t.Errorf("spent %v after an earlier observation", got)
	}
}
