// Package recorder writes the records of questions after their answers. Neither a slow
// nor a refusing S3 delays or fails an answer.
package recorder

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"defog-cdk/internal/history"
)

const (
	// The limits of records that wait for S3, since the function holds them in memory.
	// The oldest ones are lost beyond them.
	maxWaiting      = 200
	maxWaitingBytes = 2 << 20

	// parallel is how many records are written at once.
	parallel = 8

	// writeTime is the timeout of a write. On Lambda, the process takes no other
	// question meanwhile.
	writeTime = time.Second

	// After a failed write, the recorder does not write for a pause that doubles from
	// the first to the longest one.
	firstPause, longestPause = time.Second, time.Minute
)

// Recorder writes records. Background or Extend starts it, before the first Add.
type Recorder struct {
	// Write writes an object.
	Write func(ctx context.Context, key string, content []byte) error

	// Failed reports a failed write, with the number of records that wait for the next
	// one, and of those that were lost.
	Failed func(cause error, waiting, lost int)

	mu      sync.Mutex
	waiting []history.Record
	bytes   int
	lost    int

	writing sync.Mutex // held during a write
	pause   time.Duration
	resume  time.Time // end of the pause

	added, ended chan struct{} // with a capacity of 1; nil unless they are read
}

// Add keeps a record to be written after the answer. It returns at once.
func (r *Recorder) Add(record history.Record) {
	r.mu.Lock()
	r.waiting = append(r.waiting, record)
	r.bytes += size(record)
	r.trim()
	r.mu.Unlock()
	signal(r.added)
}

// trim removes the oldest records over the limits.
func (r *Recorder) trim() {
	for len(r.waiting) > maxWaiting || r.bytes > maxWaitingBytes && len(r.waiting) > 1 {
		r.bytes -= size(r.waiting[0])
		r.waiting = r.waiting[1:]
		r.lost++
	}
}

// size returns the size of a record's texts of any length, in bytes.
func size(record history.Record) int { return len(record.Question) + len(record.SQL) }

// Flush writes the records that wait. Those that fail wait for the next call.
func (r *Recorder) Flush(ctx context.Context) {
	r.writing.Lock()
	defer r.writing.Unlock()
	if time.Now().Round(0).Before(r.resume) || ctx.Err() != nil { // the monotonic clock stops while Lambda freezes the process
		return
	}
	r.mu.Lock()
	records := r.waiting
	r.waiting, r.bytes = nil, 0
	r.mu.Unlock()
	if len(records) == 0 {
		return
	}
	failed, cause := r.write(ctx, records)
	if cause == nil {
		r.pause, r.resume = 0, time.Time{}
		return
	}
	r.pause = min(max(2*r.pause, firstPause), longestPause)
	r.resume = time.Now().Add(r.pause).Round(0)
	r.mu.Lock()
	r.waiting = append(failed, r.waiting...)
	r.bytes = 0
	for _, record := range r.waiting {
		r.bytes += size(record)
	}
	r.trim()
	waiting, lost := len(r.waiting), r.lost
	r.lost = 0
	r.mu.Unlock()
	r.Failed(cause, waiting, lost)
}

// write writes records, and returns those that failed with the causes.
func (r *Recorder) write(ctx context.Context, records []history.Record) (failed []history.Record, cause error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	errs := make([]error, len(records))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, record := range records {
		group.Go(func() error {
			line, err := history.Encode(record)
			if err == nil {
				err = r.Write(ctx, record.Key(), line)
			}
			errs[i] = err
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	for i, err := range errs {
		if err != nil {
			failed = append(failed, records[i])
			cause = err // one is enough: they have the same cause, mostly
		}
	}
	return failed, cause
}
