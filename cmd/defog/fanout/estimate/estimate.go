// Package estimate predicts how long a run of many functions takes, from a sample of
// its items.
package estimate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Call is one call of the sample.
type Call struct {
	Seconds float64 // the function's time, without a cold start
	Init    float64 // how much longer the call was for a cold start, 0 without one
}

// Run is the run that is predicted.
type Run struct {
	Items, Concurrency int
	Warm               int // functions that need no cold start if the run begins soon
	Overhead           Overhead
}

// Overhead is what a run adds to the calls of the sample, in seconds. AWS publishes no
// figures, so each is a range.
type Overhead struct {
	Start    Range // before the first item starts, and after the last one
	Item     Range // of each item, besides the function's time
	Interval Range // between the starts of two items
	Load     Range // factor of all functions' times: other times, computers and load
}

// Range is what an unknown value lies between.
type Range struct{ Low, High float64 }

// at returns the value at a share of the range.
func (r Range) at(share float64) float64 { return r.Low + (r.High-r.Low)*share }

// Interval is a prediction that nine of ten runs fall into.
type Interval struct{ Low, Middle, High float64 }

// Scale returns the interval of a value times a factor, plus a constant.
func (i Interval) Scale(factor, constant float64) Interval {
	return Interval{i.Low*factor + constant, i.Middle*factor + constant, i.High*factor + constant}
}

const (
	// simulations is the number of simulated runs for each model.
	simulations = 150
	// maxSimulated is the number of items of a simulated run. A longer run has the same
	// number of items for each function.
	maxSimulated = 4000
	// outside is the share of simulated runs below, and above, the interval. It is
	// smaller than for nine of ten, because no model is the truth.
	outside = 0.025
	// slowest bounds the durations that the sample lacks, in multiples of its longest.
	slowest = 4
)

// Of predicts the time of a run from beginning to end, and the sum of its functions'
// times, both in seconds. Three models of the durations guard against each other's faults.
// The bootstrap takes the sample as it is, so that groups of fast and slow items stay. The
// second has one more call, slower than all, for rare items that the sample missed. The
// logarithmic normal distribution has many durations between and above those of the
// sample. The interval covers those of all. In half of the simulated runs, functions of
// the sample are still warm. The calls include at least one.
func Of(calls []Call, run Run, seed uint64) (total, functions Interval) {
	random := rand.New(rand.NewPCG(seed, 1))
	var warm, inits []float64
	for _, call := range calls {
		if call.Init > 0 {
			inits = append(inits, call.Init)
		} else {
			warm = append(warm, call.Seconds)
		}
	}
	if len(warm) == 0 {
		for _, call := range calls {
			warm = append(warm, call.Seconds)
		}
	}
	slices.Sort(warm)
	scale := 1.0
	simulated := run
	if run.Items > maxSimulated {
		scale = float64(run.Items) / maxSimulated
		simulated.Items = maxSimulated
		simulated.Concurrency = max(1, int(math.Round(float64(run.Concurrency)/scale)))
		simulated.Warm = int(float64(run.Warm) / scale)
		simulated.Overhead.Interval = Range{run.Overhead.Interval.Low * scale, run.Overhead.Interval.High * scale}
	}
	models := []func(*rand.Rand, []float64) func() float64{bootstrap, bootstrapWithSlower, logNormal}
	times, sums := make([][]float64, len(models)), make([][]float64, len(models))
	for i, model := range models {
		for range simulations {
			end, sum := simulate(random, simulated, model(random, warm), inits)
			times[i], sums[i] = append(times[i], end), append(sums[i], sum*scale)
		}
	}
	return cover(times), cover(sums)
}

// cover returns the interval that covers those of all models, and the middle of the
// first.
func cover(models [][]float64) Interval {
	interval := Interval{Low: math.Inf(1)}
	for i, values := range models {
		slices.Sort(values)
		cut := int(outside * float64(len(values)))
		interval.Low, interval.High = min(interval.Low, values[cut]), max(interval.High, values[len(values)-1-cut])
		if i == 0 {
			interval.Middle = values[len(values)/2]
		}
	}
	return interval
}

// bootstrap returns a function that draws from the sample, in which each duration has a
// random weight.
// https://en.wikipedia.org/wiki/Bootstrapping_(statistics)#Bayesian_bootstrap
func bootstrap(random *rand.Rand, sample []float64) func() float64 {
	sums, sum := make([]float64, len(sample)), 0.0
	for i := range sample {
		sum += random.ExpFloat64()
		sums[i] = sum
	}
	return func() float64 {
		at, _ := slices.BinarySearch(sums, random.Float64()*sum)
		return sample[min(at, len(sample)-1)]
	}
}

// bootstrapWithSlower is bootstrap with one call more, which is slower than the others.
func bootstrapWithSlower(random *rand.Rand, sample []float64) func() float64 {
	longest := slices.Max(sample)
	return bootstrap(random, append(slices.Clip(sample), longest*(1+(slowest-1)*random.Float64())))
}

// logNormal returns a function that draws from a logarithmic normal distribution. Its
// parameters are drawn from those that fit the sample.
// https://en.wikipedia.org/wiki/Conjugate_prior
func logNormal(random *rand.Rand, sample []float64) func() float64 {
	n := float64(len(sample))
	var mean, squares float64
	for _, value := range sample {
		mean += math.Log(max(value, 1e-4)) / n
	}
	for _, value := range sample {
		squares += math.Pow(math.Log(max(value, 1e-4))-mean, 2)
	}
	chi := 0.0
	for range max(len(sample)-1, 1) {
		chi += math.Pow(random.NormFloat64(), 2)
	}
	// A tiny chi of a small sample would be an absurd spread.
	variance := squares / max(chi, 0.1*n)
	longest := slowest * slices.Max(sample)
	center := mean + random.NormFloat64()*math.Sqrt(variance/n)
	return func() float64 {
		return min(longest, math.Exp(center+random.NormFloat64()*math.Sqrt(variance)))
	}
}

// simulate returns the end of a run, and the sum of its functions' times. A free slot
// takes the next item; its first item has a cold start.
func simulate(random *rand.Rand, run Run, duration func() float64, inits []float64) (end, sum float64) {
	// These are unknown and not random: a service that is fast in one of them is fast in
	// all. Separate draws would rarely be low, or high, at once.
	share := random.Float64()
	start, item, interval := run.Overhead.Start.at(share), run.Overhead.Item.at(share), run.Overhead.Interval.at(share)
	factor := 1.0
	if run.Overhead.Load != (Range{}) {
		factor = run.Overhead.Load.at(random.Float64())
	}
	slots := make([]slot, min(run.Concurrency, run.Items))
	if random.IntN(2) == 0 { // the run begins soon after the sample
		for i := range min(run.Warm, len(slots)) {
			slots[i].warm = true
		}
	}
	for i := range run.Items {
		next := &slots[0]
		seconds := duration() * factor
		if !next.warm && len(inits) > 0 {
			seconds += inits[random.IntN(len(inits))]
		}
		sum += seconds
		next.free, next.warm = max(next.free, float64(i)*interval)+item+seconds, true
		end = max(end, next.free)
		sink(slots)
	}
	return start + end, sum
}

// slot is one function that runs at a time.
type slot struct {
	free float64 // when it takes another item
	warm bool
}

// sink restores the order of a heap whose first slot has changed: the slot that is free
// first is on top.
func sink(slots []slot) {
	for parent := 0; ; {
		child := 2*parent + 1
		if child >= len(slots) {
			return
		}
		if other := child + 1; other < len(slots) && slots[other].free < slots[child].free {
			child = other
		}
		if slots[parent].free <= slots[child].free {
			return
		}
		slots[parent], slots[child] = slots[child], slots[parent]
		parent = child
	}
}

// Size returns how many of the items a sample has.
func Size(items int) int { return min(items, 32) }

// Sample returns the indices of a sample in random order. They are from as many equal
// parts of the items, so that no region of a grid is left out.
func Sample(items int, seed uint64) []int {
	random := rand.New(rand.NewPCG(seed, 2))
	size := Size(items)
	sample := make([]int, size)
	for i := range sample {
		low, high := i*items/size, (i+1)*items/size
		sample[i] = low + random.IntN(high-low)
	}
	random.Shuffle(size, func(i, j int) { sample[i], sample[j] = sample[j], sample[i] })
	return sample
}
