package recorder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/internal/history"
	"defog-cdk/lambda/extension"
)

var errRefused = errors.New("refused")

// sink is a stand-in for S3.
type sink struct {
	mu      sync.Mutex
	refuses bool
	keys    []string
	reports []string
}

func (s *sink) write(_ context.Context, key string, _ []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses {
		return errRefused
	}
	s.keys = append(s.keys, key)
	return nil
}

func (s *sink) failed(cause error, waiting, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, fmt.Sprint(cause, " ", waiting, " ", lost))
}

func (s *sink) recorder() *Recorder { return &Recorder{Write: s.write, Failed: s.failed} }

func record(id int, sql string) history.Record {
	return history.Record{RequestID: fmt.Sprint("r-", id), Time: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC), SQL: sql}
}

func TestFlushWritesWhatWaits(t *testing.T) {
	var s sink
	r := s.recorder()
	for i := range 20 {
		r.Add(record(i, ""))
	}
	r.Flush(t.Context())
	r.Flush(t.Context())
	if len(s.keys) != 20 || len(s.reports) != 0 {
		t.Errorf("%d objects, reports %v; want 20 and none", len(s.keys), s.reports)
	}
}

func TestRecorderPausesAfterAFailureAndKeepsRecords(t *testing.T) {
	s := sink{refuses: true}
	r := s.recorder()
	r.Add(record(1, ""))
	r.Flush(t.Context())
	r.Add(record(2, ""))
	r.Flush(t.Context()) // in the pause
	s.refuses = false
	if len(s.reports) != 1 || s.reports[0] != "refused 1 0" || r.pause != firstPause {
		t.Fatalf("reports %v, pause %v; want one report", s.reports, r.pause)
	}
	r.resume = time.Now()
	r.Flush(t.Context())
	if len(s.keys) != 2 || r.pause != 0 || r.bytes != 0 {
		t.Errorf("objects %v, pause %v; want both and none", s.keys, r.pause)
	}
}

func TestPausesDouble(t *testing.T) {
	s := sink{refuses: true}
	r := s.recorder()
	r.Add(record(1, ""))
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		r.resume = time.Time{}
		r.Flush(t.Context())
		if r.pause != want*time.Second {
			t.Errorf("pause %v; want %d s", r.pause, want)
		}
	}
}

func TestOldestRecordsAreLostOverTheLimits(t *testing.T) {
	for name, sql := range map[string]string{"number": "", "bytes": strings.Repeat("x", maxWaitingBytes/10)} {
		t.Run(name, func(t *testing.T) {
			s := sink{refuses: true}
			r := s.recorder()
			for i := range maxWaiting + 5 {
				r.Add(record(i, sql))
			}
			if r.bytes > maxWaitingBytes || len(r.waiting) > maxWaiting || r.waiting[len(r.waiting)-1].RequestID != fmt.Sprint("r-", maxWaiting+4) {
				t.Errorf("%d records, %d bytes; want the newest within the limits", len(r.waiting), r.bytes)
			}
			waiting := len(r.waiting)
			r.Flush(t.Context())
			if want := fmt.Sprint("refused ", waiting, " ", maxWaiting+5-waiting); len(s.reports) != 1 || s.reports[0] != want {
				t.Errorf("reports %v; want %s", s.reports, want)
			}
		})
	}
}

// events are those of a stand-in for Lambda. Each Next is a step of the test.
type events chan extension.Event

func (e events) Next(ctx context.Context) (extension.Event, error) {
	select {
	case event, ok := <-e:
		if !ok {
			return event, errRefused
		}
		return event, nil
	case <-ctx.Done():
		return extension.Event{}, ctx.Err()
	}
}

func TestExtensionAsksForTheNextEventAfterTheWrite(t *testing.T) {
	var s sink
	r, lambda := s.recorder(), make(events)
	r.Extend(t.Context(), lambda, func(err error) { t.Error(err) })
	for i := range 3 {
		lambda <- extension.Event{Deadline: time.Now().Add(time.Minute)} // received by Next alone
		s.mu.Lock()
		written := len(s.keys)
		s.mu.Unlock()
		if written != i {
			t.Fatalf("%d records at the start of invocation %d", written, i)
		}
		r.Add(record(i, ""))
		r.Ended()
	}
	lambda <- extension.Event{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) != 3 {
		t.Errorf("objects %v; want three", s.keys)
	}
}

func TestExtensionDoesNotWriteBeyondTheDeadline(t *testing.T) {
	var s sink
	r, lambda := s.recorder(), make(events)
	r.Extend(t.Context(), lambda, func(err error) { t.Error(err) })
	r.Add(record(1, ""))
	r.Ended()
	lambda <- extension.Event{Deadline: time.Now().Add(-time.Second)} // a process that Lambda is about to end
	lambda <- extension.Event{Deadline: time.Now().Add(time.Minute)}  // the extension did not wait
	s.mu.Lock()
	written := len(s.keys)
	s.mu.Unlock()
	if written != 0 {
		t.Errorf("%d objects; want none", written)
	}
	r.Ended()
	lambda <- extension.Event{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) != 1 {
		t.Errorf("objects %v; want the record that waited", s.keys)
	}
}

func TestFailedExtensionLeavesTheRecorderInTheBackground(t *testing.T) {
	written := make(chan string)
	r := &Recorder{Write: func(_ context.Context, key string, _ []byte) error { written <- key; return nil }}
	lambda, failed := make(events), make(chan error, 1)
	r.Extend(t.Context(), lambda, func(err error) { failed <- err })
	close(lambda)
	if err := <-failed; !errors.Is(err, errRefused) {
		t.Errorf("error %v", err)
	}
	r.Add(record(1, ""))
	if key := <-written; key != "history/day=2026-11-28/r-1.jsonl" {
		t.Errorf("object %s", key)
	}
}

func TestBackgroundTriesAgain(t *testing.T) {
	written := make(chan string)
	first := true
	r := &Recorder{
		Write: func(_ context.Context, key string, _ []byte) error {
			if first {
				first = false
				return errRefused
			}
			written <- key
			return nil
		},
		Failed: func(error, int, int) {},
	}
	r.Background(t.Context())
	r.Add(record(1, ""))
	<-written // after the first pause, without another Add
}
