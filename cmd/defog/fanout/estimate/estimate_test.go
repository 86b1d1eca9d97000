package estimate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"defog-cdk/cmd/defog/fanout/estimate"
)

// latencies are distributions of a function's durations in seconds, by the item's position
// among all.
var latencies = map[string]func(random *rand.Rand, position float64) float64{
	"equal":              func(random *rand.Rand, _ float64) float64 { return 2 + 0.05*random.NormFloat64() },
	"logarithmic normal": func(random *rand.Rand, _ float64) float64 { return math.Exp(0.6 * random.NormFloat64()) },
	"gamma":              func(random *rand.Rand, _ float64) float64 { return 0.3 + random.ExpFloat64() + random.ExpFloat64() },
	"two groups": func(random *rand.Rand, _ float64) float64 {
		if random.Float64() < 0.25 {
			return 6 * math.Exp(0.2*random.NormFloat64())
		}
		return math.Exp(0.2 * random.NormFloat64())
	},
	"slower from north to south": func(random *rand.Rand, position float64) float64 {
		return (0.5 + 2*position) * math.Exp(0.2*random.NormFloat64())
	},
	"an ocean without data": func(random *rand.Rand, position float64) float64 {
		if position > 0.3 && position < 0.7 {
			return 0.1 * math.Exp(0.1*random.NormFloat64())
		}
		return 2 * math.Exp(0.3*random.NormFloat64())
	},
	"rare retries of a source": func(random *rand.Rand, _ float64) float64 {
		if random.Float64() < 0.03 {
			return 5 + random.ExpFloat64()
		}
		return math.Exp(0.3 * random.NormFloat64())
	},
}

var overhead = estimate.Overhead{Load: estimate.Range{Low: 0.93, High: 1.07}, Start: estimate.Range{Low: 1, High: 4}, Item: estimate.Range{Low: 0.05, High: 0.3}, Interval: estimate.Range{Low: 0.001, High: 0.01}}

// anyShare makes simulate draw each overhead by itself.
const anyShare = -1

// simulate returns the true time of a run, and the calls of its sample. With a share, the
// overheads are there in their ranges, and all functions are warm.
func simulate(random *rand.Rand, run estimate.Run, share float64, latency func(*rand.Rand, float64) float64) (calls []estimate.Call, total, functions float64) {
	durations := make([]float64, run.Items)
	load := 1 + 0.05*(2*random.Float64()-1) // another hour than that of the sample
	for i := range durations {
		durations[i] = latency(random, float64(i)/float64(run.Items))
	}
	cold := func() float64 {
		if share >= 0 {
			return 0
		}
		return 3 + random.Float64()
	}
	for i, at := range estimate.Sample(run.Items, random.Uint64()) {
		call := estimate.Call{Seconds: durations[at]}
		if i < min(run.Concurrency, 8) {
			call.Init = cold()
		}
		calls = append(calls, call)
	}
	uniform := func(r estimate.Range) float64 { return r.Low + (r.High-r.Low)*random.Float64() }
	if share >= 0 {
		uniform = func(r estimate.Range) float64 { return r.Low + (r.High-r.Low)*share }
	}
	start, item, interval := uniform(run.Overhead.Start), uniform(run.Overhead.Item), uniform(run.Overhead.Interval)
	free := make([]float64, min(run.Concurrency, run.Items))
	used := make([]bool, len(free))
	if random.IntN(2) == 0 {
		for i := range min(run.Warm, len(used)) {
			used[i] = true
		}
	}
	for i, duration := range durations {
		first := 0
		for j := range free {
			if free[j] < free[first] {
				first = j
			}
		}
		duration *= load
		if !used[first] {
			duration += cold()
		}
		used[first] = true
		functions += duration
		free[first] = max(free[first], float64(i)*interval) + item + duration
	}
	return calls, start + slices.Max(free), functions
}

func TestIntervalHoldsNineOfTenRuns(t *testing.T) {
	const runs = 30
	for name, latency := range latencies {
		random := rand.New(rand.NewPCG(16, 2))
		run := estimate.Run{Items: 120, Concurrency: 12, Warm: 8, Overhead: overhead}
		var held, heldFunctions int
		var width float64
		for range runs {
			calls, total, functions := simulate(random, run, anyShare, latency)
			predicted, sum := estimate.Of(calls, run, random.Uint64())
			if total >= predicted.Low && total <= predicted.High {
				held++
			}
			if functions >= sum.Low && functions <= sum.High {
				heldFunctions++
			}
			width += predicted.High / predicted.Low / runs
		}
		t.Logf("%-28s time held in %d of %d, functions in %d; highest/lowest %.2f", name, held, runs, heldFunctions, width)
		if held < runs*9/10 || heldFunctions < runs*9/10 {
			t.Errorf("%s: the interval holds %d times and %d functions of %d; want nine of ten", name, held, heldFunctions, runs)
		}
		if width > 4 { // an interval without end would hold all
			t.Errorf("%s: the highest value is %.1f times the lowest", name, width)
		}
	}
}

// A service that is fast in one of the overheads is fast in all, and in every run.
func TestIntervalHoldsRunsOfFastAndSlowServices(t *testing.T) {
	const runs = 20
	run := estimate.Run{Items: 100, Concurrency: 4, Warm: 4, Overhead: estimate.Overhead{
		Start: estimate.Range{Low: 0.1, High: 3}, Item: estimate.Range{Low: 0, High: 0.15}, Interval: estimate.Range{Low: 0.001, High: 0.02}, Load: estimate.Range{Low: 0.6, High: 1.7},
	}}
	instant := func(random *rand.Rand, _ float64) float64 { return 0.06 * math.Exp(0.2*random.NormFloat64()) }
	for _, share := range []float64{0.05, 0.95} {
		random := rand.New(rand.NewPCG(16, 3))
		held := 0
		for range runs {
			calls, total, _ := simulate(random, run, share, instant)
			if predicted, _ := estimate.Of(calls, run, random.Uint64()); total >= predicted.Low && total <= predicted.High {
				held++
			}
		}
		if held < runs*9/10 {
			t.Errorf("overheads at %v of their ranges: the interval holds %d of %d runs; want nine of ten", share, held, runs)
		}
	}
}

func TestExtremeRunsHaveAnInterval(t *testing.T) {
	for name, test := range map[string]struct {
		calls     []estimate.Call
		run       estimate.Run
		low, high float64
	}{
		"one item":           {[]estimate.Call{{Seconds: 2}}, estimate.Run{Items: 1, Concurrency: 100}, 1.8, 9},
		"instant items":      {[]estimate.Call{{}, {}}, estimate.Run{Items: 10, Concurrency: 2}, 0, 0.1},
		"a million items":    {[]estimate.Call{{Seconds: 1}, {Seconds: 1.1}, {Seconds: 0.9}}, estimate.Run{Items: 1_000_000, Concurrency: 1000}, 800, 4000},
		"one at a time":      {[]estimate.Call{{Seconds: 1, Init: 5}, {Seconds: 1}, {Seconds: 1}}, estimate.Run{Items: 100, Concurrency: 1}, 95, 300},
		"starts are limited": {[]estimate.Call{{Seconds: 0.1}, {Seconds: 0.1}}, estimate.Run{Items: 50_000, Concurrency: 10_000, Overhead: estimate.Overhead{Interval: estimate.Range{Low: 0.01, High: 0.01}}}, 499, 502},
	} {
		interval, _ := estimate.Of(test.calls, test.run, 1)
		if !(interval.Low >= test.low && interval.Low <= interval.Middle && interval.Middle <= interval.High && interval.High <= test.high) {
			t.Errorf("%s: %+v, want one within %v and %v", name, interval, test.low, test.high)
		}
	}
}

func TestSampleIsFromAllParts(t *testing.T) {
	sample := estimate.Sample(3200, 7)
	if !slices.Equal(sample, estimate.Sample(3200, 7)) {
		t.Error("one seed has two samples")
	}
	slices.Sort(sample)
	for i, at := range sample {
		if at/100 != i {
			t.Fatalf("sample %v: want one of each hundred", sample)
		}
	}
	if small := slices.Sorted(slices.Values(estimate.Sample(5, 7))); !slices.Equal(small, []int{0, 1, 2, 3, 4}) {
		t.Errorf("the sample of five is %v", small)
	}
}
