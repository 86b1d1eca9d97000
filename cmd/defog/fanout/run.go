// Package fanout runs a custom function once for each item of a run, by the state
// machine of the setting fan_out.
//
// A run is a folder in the stack's bucket:
//
//	runs/‹name›/run.json     the run, written once
//	runs/‹name›/items.jsonl  all items, one a line; items-2.jsonl … those of later attempts
//	runs/‹name›/done/‹index› an object for each item that succeeded
//	runs/‹name›/grid.json    the grid of a run of chunks, which package grid writes and the function reads
//
// The objects below done/ are the truth about a run, not the state machine's
// executions: AWS deletes those after 90 days.
package fanout

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Kinds of runs.
const (
	Each   = "each"   // of events in a file
	Chunks = "chunks" // of the chunks of a grid
)

// Limits of the options.
const (
	// MaxConcurrency is the limit of a Distributed Map.
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	MaxConcurrency = 10_000
	MaxRetry       = 10
)

// Options are the parts of a run that a resume may change.
type Options struct {
	Concurrency int     `json:"concurrency"` // invocations at once
	Tolerate    float64 `json:"tolerate"`    // failed items in per cent, above which the run ends
	Retry       int     `json:"retry"`       // further invocations of a failed item
}

// Validate returns an error that names an invalid option by its flag.
func (o Options) Validate() error {
	switch {
	case o.Concurrency < 1 || o.Concurrency > MaxConcurrency:
		return fmt.Errorf("--concurrency: %d is invalid; want 1 to %d", o.Concurrency, MaxConcurrency)
	case !(o.Tolerate >= 0 && o.Tolerate <= 100):
		return fmt.Errorf("--tolerate: %g%% is invalid; want 0%% to 100%%", o.Tolerate)
	case o.Retry < 0 || o.Retry > MaxRetry:
		return fmt.Errorf("--retry: %d is invalid; want 0 to %d", o.Retry, MaxRetry)
	}
	return nil
}

// Run is the content of run.json.
type Run struct {
	Name    string    `json:"name"`
	Stack   string    `json:"stack"` // whose function evaluates the items
	Kind    string    `json:"kind"`
	Items   int       `json:"items"`
	Created time.Time `json:"created"`
	Result  string    `json:"result,omitempty"` // key of what the functions write, such as output/x.zarr
	Options
}

// Noun returns what the run consists of.
func (r Run) Noun() string {
	if r.Kind == Chunks {
		return "chunks"
	}
	return "items"
}

// runName matches names of runs. Step Functions limits the name of an execution, which
// adds the attempt, to 80 characters.
var runName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// ValidateName returns an error for an invalid name of a run.
func ValidateName(flag, name string) error {
	if !runName.MatchString(name) {
		return fmt.Errorf("%s: %q is invalid; want up to 64 letters, digits, _ and -, with a letter or digit first", flag, name)
	}
	return nil
}

// notInName matches what a name cannot have.
var notInName = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// NewName returns a new name for a run of a file.
func NewName(file string, now time.Time) string {
	base := notInName.ReplaceAllString(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "-")
	base = strings.Trim(base[:min(len(base), 32)], "-_")
	return fmt.Sprintf("%s-%s-%s", cmp.Or(base, "run"), now.UTC().Format("20060102-150405"), strings.ToLower(rand.Text()[:4]))
}

// Keys of a run's objects.
const prefix = "runs/"

func (r Run) folder() string       { return prefix + r.Name + "/" }
func (r Run) key() string          { return r.folder() + "run.json" }
func (r Run) doneFolder() string   { return r.folder() + "done/" }
func (r Run) doneKey(i int) string { return r.doneFolder() + index(i) }
func (r Run) itemsFolder() string  { return r.folder() + "items" }
func index(i int) string           { return fmt.Sprintf("%0*d", indexDigits, i) }
func (r Run) itemsKey(n int) string {
	if n == 1 {
		return r.itemsFolder() + ".jsonl"
	}
	return fmt.Sprintf("%s-%d.jsonl", r.itemsFolder(), n)
}

// indexDigits is the width of an index: keys sort as numbers.
const indexDigits = 8

// maxItems is the number of indexes.
const maxItems = 100_000_000

// Attempt is one execution of the state machine for a run.
type Attempt struct {
	Run    Run
	Number int // from 1
	Items  int // of this attempt
}

// name returns the name of the execution. It belongs to this attempt alone, so that
// two clients cannot start it twice.
func (a Attempt) name() string { return fmt.Sprintf("%s-%d", a.Run.Name, a.Number) }
