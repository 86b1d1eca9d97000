// Package feedback finds the record of an answer for its caller, and stores the caller's
// feedback on the answer.
package feedback

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"defog-cdk/internal/history"
	"defog-cdk/internal/history/bucket"
)

// Days is how many days, besides the present one, an answer accepts feedback. A request's
// id does not contain its day, so each day is one read.
const Days = 7

// A record is written after its answer, so feedback may come first. Find reads the
// newest records again that often, with pauses.
const (
	attempts = 3
	pause    = 300 * time.Millisecond
)

// ErrNotFound reports an answer without a record: it is unknown, older than Days, or
// another caller's.
var ErrNotFound = errors.New("no record of such an answer")

// Objects holds records and feedback.
type Objects interface {
	Read(ctx context.Context, key string) ([]byte, error)
	Write(ctx context.Context, key string, content []byte) error
}

// Store finds records and stores feedback.
type Store struct{ Objects Objects }

// Find returns the record of a caller's answer. The caller is a hash, "" for an unknown
// one. An error that wraps ErrNotFound has the reason for the log.
func (s *Store) Find(ctx context.Context, requestID, caller string) (record history.Record, err error) {
	days := daysUntil(time.Now())
	for attempt := 1; ; attempt++ {
		if record, err = s.find(ctx, requestID, days); !errors.Is(err, ErrNotFound) || attempt == attempts {
			break
		}
		days = days[:2] // one that is written now, perhaps since midnight
		select {
		case <-ctx.Done():
			return record, ctx.Err()
		case <-time.After(pause):
		}
	}
	if err == nil && record.Caller != caller {
		return history.Record{}, fmt.Errorf("%w: it belongs to another caller", ErrNotFound)
	}
	return record, err
}

// daysUntil returns the days that Find reads, the newest first. A record keeps the time
// of the process that wrote it.
func daysUntil(now time.Time) (days []string) {
	for i := range Days + 1 {
		days = append(days, history.Day(now.UTC().AddDate(0, 0, -i)))
	}
	return days
}

// find reads the record of one of the days.
func (s *Store) find(ctx context.Context, requestID string, days []string) (history.Record, error) {
	if !history.IsID(requestID) {
		return history.Record{}, ErrNotFound
	}
	found, errs := make([][]history.Record, len(days)), make([]error, len(days))
	var group errgroup.Group
	for i, day := range days {
		group.Go(func() error {
			content, err := s.Objects.Read(ctx, history.RecordKey(day, requestID))
			if err == nil {
				found[i], err = history.Decode[history.Record](content)
			}
			errs[i] = err
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	if records := slices.Concat(found...); len(records) > 0 {
		return records[0], nil
	}
	var absent error
	for _, err := range errs {
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case bucket.IsDenied(err): // S3's answer for a missing object
			absent = err
		case err != nil:
			return history.Record{}, err
		}
	}
	if absent != nil {
		return history.Record{}, fmt.Errorf("%w: %w", ErrNotFound, absent)
	}
	return history.Record{}, ErrNotFound
}

// Store stores the feedback, in place of an earlier one about the same answer.
func (s *Store) Store(ctx context.Context, feedback history.Feedback) error {
	line, err := history.Encode(feedback)
	if err != nil {
		return err
	}
	return s.Objects.Write(ctx, feedback.Key(), line)
}
