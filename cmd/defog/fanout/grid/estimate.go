package grid

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"defog-cdk/cmd/defog/fanout/estimate"
	"defog-cdk/cmd/defog/fanout/price"
)

// reads is the number of objects that the function reads for a chunk: the document and
// the Zarr's metadata.
const reads = 2

// Overheads of the state machine. AWS publishes none, so theirs are wide. Those of local
// AWS are measured: its functions share the processors with it and with other programs.
var (
	awsOverhead = estimate.Overhead{
		Start: estimate.Range{Low: 2, High: 15}, Item: estimate.Range{Low: 0.1, High: 0.7}, Interval: estimate.Range{Low: 0.001, High: 0.02},
		Load: estimate.Range{Low: 0.93, High: 1.07},
	}
	localOverhead = estimate.Overhead{
		Start: estimate.Range{Low: 0, High: 3}, Item: estimate.Range{Low: 0, High: 0.2}, Interval: estimate.Range{Low: 0.001, High: 0.02},
		Load: estimate.Range{Low: 0.4, High: 1.8},
	}
)

// Overhead returns what the state machine adds to the functions.
func Overhead(local bool) estimate.Overhead {
	if local {
		return localOverhead
	}
	return awsOverhead
}

// ItemOf returns the requests of one chunk.
func ItemOf(plan Plan) price.Item {
	item := price.RunItem
	item.Puts, item.Gets = item.Puts+plan.Parts(), reads
	return item
}

// Run is what an estimate depends on, besides the grid.
type Run struct {
	Concurrency int
	Function    price.Function
	Overhead    estimate.Overhead
}

// Estimate is the predicted time and price of a run.
type Estimate struct {
	Plan          Plan
	Sample        int            // calls
	Failed        map[string]int // failed ones by error
	Time          estimate.Interval
	Lambda        estimate.Interval // price
	StepFunctions float64           // price
	S3            float64           // price
	Spent         float64           // for the sample
	Concurrency   int
}

// Estimate evaluates a sample of the chunks into the Zarr, which must exist, and predicts
// the whole run. If ctx ends, it calls no more functions, and waits for the calls that
// run, which have the context of calls.
func (g Grid) Estimate(ctx, calls context.Context, plan Plan, run Run) (Estimate, error) {
	seed := fnv.New64a()
	fmt.Fprint(seed, g.run)
	items := plan.Items()
	e := Estimate{Plan: plan, Failed: map[string]int{}, Concurrency: run.Concurrency}
	sample := estimate.Sample(items, seed.Sum64())
	measured, err := g.call(ctx, calls, plan, sample, run.Concurrency)
	if err != nil {
		return e, err
	}
	item := ItemOf(plan)
	var succeeded []estimate.Call
	var first error
	for _, m := range measured {
		e.Sample++
		e.Spent += m.Billed.Seconds()*run.Function.PerSecond() + item.Sum() - item.StepFunctions()
		if m.err != nil {
			first = cmp.Or(first, m.err)
			kind, _, _ := strings.Cut(m.err.Error(), "\n")
			e.Failed[kind]++
			continue
		}
		succeeded = append(succeeded, m.Call)
	}
	if len(succeeded) == 0 {
		return e, fmt.Errorf("all %d chunks of the sample failed: %w", e.Sample, first)
	}
	var seconds estimate.Interval
	e.Time, seconds = estimate.Of(succeeded, estimate.Run{Items: items, Concurrency: run.Concurrency, Warm: workersOf(len(sample), run.Concurrency), Overhead: run.Overhead}, seed.Sum64())
	e.Lambda = seconds.Scale(run.Function.PerSecond(), float64(items)*(item.Sum()-item.StepFunctions()-item.S3()))
	e.StepFunctions, e.S3 = float64(items)*item.StepFunctions(), float64(items)*item.S3()
	return e, nil
}

// measured is one call of the sample.
type measured struct {
	estimate.Call
	Billed time.Duration
	err    error
}

// workersOf returns how many calls of a sample run at a time, at most half of them. The
// other half has no cold start.
func workersOf(sample, concurrency int) int { return max(1, min(concurrency, sample/2)) }

// call calls the function for each chunk of a sample.
func (g Grid) call(ctx, calls context.Context, plan Plan, sample []int, concurrency int) ([]measured, error) {
	results := make([]measured, len(sample))
	next := make(chan int)
	var workers sync.WaitGroup
	for range workersOf(len(sample), concurrency) {
		workers.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					results[i] = g.measure(calls, g.event(plan, sample[i]))
				}
			}
		})
	}
	for i := range sample {
		next <- i
	}
	close(next)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	addInits(results)
	return results, nil
}

func (g Grid) measure(ctx context.Context, event []byte) measured {
	began := time.Now()
	answer, report, err := g.evaluation.Measure(ctx, event)
	wall := time.Since(began)
	m := measured{err: err}
	var chunk struct {
		Seconds float64 `json:"seconds"`
		Cold    bool    `json:"cold"`
	}
	if err == nil {
		m.err = json.Unmarshal(answer, &chunk)
	}
	if report.Duration > 0 {
		m.Seconds, m.Init, m.Billed = report.Duration.Seconds(), report.Init.Seconds(), report.Billed
		return m
	}
	// Local AWS reports no durations. The function's own time is without the client's
	// connection, which the state machine does not need.
	m.Billed = wall
	if m.err != nil {
		return m
	}
	if m.Seconds = chunk.Seconds; chunk.Cold {
		m.Init = max(0, wall.Seconds()-chunk.Seconds)
	}
	return m
}

// addInits completes the times of cold starts, because Lambda reports only what is before
// the call. The first call in an environment also loads libraries, and finds no data in
// caches: it is slower than the middle of the others.
func addInits(results []measured) {
	var warm []float64
	for _, m := range results {
		if m.err == nil && m.Init == 0 {
			warm = append(warm, m.Seconds)
		}
	}
	if len(warm) == 0 {
		return
	}
	slices.Sort(warm)
	for i := range results {
		if m := &results[i]; m.Init > 0 {
			m.Init += max(0, m.Seconds-warm[len(warm)/2])
		}
	}
}

// Write writes the estimate for a person.
func (e Estimate) Write(out io.Writer) error {
	whole := func(i estimate.Interval) estimate.Interval { return i.Scale(1, e.StepFunctions+e.S3) }
	total := whole(e.Lambda)
	_, err := fmt.Fprintf(out, "%s\n%d at a time, from a sample of %d; nine of ten runs are within the limits in parentheses\n", e.Plan, e.Concurrency, e.Sample)
	for _, line := range []string{
		fmt.Sprintf("time    %s  (%s to %s)", clock(e.Time.Middle), clock(e.Time.Low), clock(e.Time.High)),
		fmt.Sprintf("price   %s  (%s to %s)", dollars(total.Middle), dollars(total.Low), dollars(total.High)),
		fmt.Sprintf("        Lambda %s, Step Functions %s, S3 %s", dollars(e.Lambda.Middle), dollars(e.StepFunctions), dollars(e.S3)),
		fmt.Sprintf("sample  %s, which is spent", dollars(e.Spent)),
	} {
		_, failed := fmt.Fprintln(out, " ", line)
		err = errors.Join(err, failed)
	}
	for _, kind := range slices.Sorted(maps.Keys(e.Failed)) {
		_, failed := fmt.Fprintf(out, "  failed  %d of the sample: %s\n", e.Failed[kind], kind)
		err = errors.Join(err, failed)
	}
	_, last := fmt.Fprintf(out, "Prices: %s\n", price.Source)
	return errors.Join(err, last)
}

// clock returns seconds as a rounded duration.
func clock(seconds float64) string {
	duration := time.Duration(seconds * float64(time.Second))
	switch {
	case duration < 10*time.Second:
		return duration.Round(100 * time.Millisecond).String()
	case duration < time.Hour:
		return duration.Round(time.Second).String()
	}
	return strings.TrimSuffix(duration.Round(time.Minute).String(), "0s")
}

// dollars returns a price with two digits that count.
func dollars(price float64) string {
	switch {
	case price >= 1:
		return fmt.Sprintf("$%.2f", price)
	case price >= 0.01:
		return fmt.Sprintf("$%.3f", price)
	}
	return fmt.Sprintf("$%.2g", price)
}
