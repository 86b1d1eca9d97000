package evaluate

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"defog-cdk/cmd/defog/evaluate/statistics"
	"defog-cdk/lambda/generate"
)

// Report is the result of a run. It holds no time of day, so that two runs with the
// same replies have the same report.
type Report struct {
	System     string         `json:"system"` // the generator and its model, or the API
	Summary    Summary        `json:"summary"`
	Categories []Summary      `json:"categories"`
	Outcomes   map[string]int `json:"outcomes"`
	Latency    Latency        `json:"latency"`
	Usage      generate.Usage `json:"usage"`
	Cost       *float64       `json:"cost,omitempty"` // USD; absent without prices
	Baseline   *Change        `json:"baseline,omitempty"`
	Results    []Result       `json:"results"`
}

// Summary is the accuracy of a category, or of all questions.
type Summary struct {
	Category  string     `json:"category,omitempty"`
	Questions int        `json:"questions"`
	Right     int        `json:"right"`
	First     int        `json:"first_try"` // right without a retry
	Accuracy  float64    `json:"accuracy"`
	Interval  [2]float64 `json:"interval"` // of 95 %
}

// Latency holds percentiles of the time of one question's replies, in seconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
}

// Change compares a run with a baseline, question by question.
type Change struct {
	Questions int      `json:"questions"` // in both runs
	Better    []string `json:"better"`    // ids: wrong in the baseline, right now
	Worse     []string `json:"worse"`     // ids: right in the baseline, wrong now
	P         float64  `json:"p"`         // of McNemar's exact test
	Real      bool     `json:"real"`      // p is below 0.05
}

// significance is the probability by chance below which a change is real.
const significance = 0.05

// NewReport summarizes results. prices is nil for none.
func NewReport(system string, results []Result, prices *generate.Prices) Report {
	r := Report{System: system, Summary: summarize("", results), Outcomes: map[string]int{}, Results: results}
	var seconds []float64
	for _, result := range results {
		r.Outcomes[result.Outcome]++
		r.Usage = r.Usage.Add(result.Usage)
		seconds = append(seconds, result.Seconds)
	}
	r.Latency = Latency{statistics.Percentile(seconds, 0.5), statistics.Percentile(seconds, 0.95)}
	for _, category := range categories(results) {
		in := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Category != category })
		r.Categories = append(r.Categories, summarize(category, in))
	}
	if prices != nil {
		cost := prices.Cost(r.Usage)
		r.Cost = &cost
	}
	return r
}

func summarize(category string, results []Result) Summary {
	s := Summary{Category: category, Questions: len(results)}
	for _, result := range results {
		if !result.Right() {
			continue
		}
		s.Right++
		if result.Retries == 0 {
			s.First++
		}
	}
	if s.Questions > 0 {
		s.Accuracy = float64(s.Right) / float64(s.Questions)
	}
	s.Interval[0], s.Interval[1] = statistics.Wilson(s.Right, s.Questions)
	return s
}

// ReadReport reads a report in JSON.
func ReadReport(path string) (r Report, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("read the baseline: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil || len(r.Results) == 0 {
		return r, fmt.Errorf("%s: is not a report; want the file of an earlier run (--json): %w", path, err)
	}
	return r, nil
}

// Compare adds the change since a baseline. Questions are the same by their ids and
// texts.
func (r *Report) Compare(baseline Report) {
	type identity struct{ id, question string }
	before := map[identity]bool{}
	for _, result := range baseline.Results {
		before[identity{result.ID, result.Question}] = result.Right()
	}
	c := Change{Better: []string{}, Worse: []string{}}
	for _, result := range r.Results {
		right, known := before[identity{result.ID, result.Question}]
		switch {
		case !known:
			continue
		case right && !result.Right():
			c.Worse = append(c.Worse, result.ID)
		case !right && result.Right():
			c.Better = append(c.Better, result.ID)
		}
		c.Questions++
	}
	c.P = statistics.McNemar(len(c.Better), len(c.Worse))
	c.Real = c.P < significance
	r.Baseline = &c
}

// Misses returns the results that are not right.
func (r Report) Misses() []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), Result.Right)
}

// outcomes returns the kinds of misses with their counts, the most frequent first.
func (r Report) outcomes() []string {
	var kinds []string
	for kind := range r.Outcomes {
		if kind != Right {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	slices.SortStableFunc(kinds, func(a, b string) int { return r.Outcomes[b] - r.Outcomes[a] })
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%s %d", kind, r.Outcomes[kind])
	}
	return kinds
}

// Verdict describes the change since the baseline in one sentence.
func (c Change) Verdict() string {
	text := fmt.Sprintf("%d better, %d worse of %d questions", len(c.Better), len(c.Worse), c.Questions)
	if c.Real {
		return text + fmt.Sprintf(": the change is real (p = %.4f)", c.P)
	}
	return text + fmt.Sprintf(": the change can be chance (p = %.4f)", c.P)
}
