package answers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/memory"
)

// The tests run in bubbles, in which time passes only while every goroutine waits.

// queue collects ids.
type queue struct{ ids []string }

func (q *queue) Send(_ context.Context, id string) error {
	q.ids = append(q.ids, id)
	return nil
}

// faultyStore fails while failing is set.
type faultyStore struct {
	memory.Store
	failing atomic.Bool
	lossy   atomic.Bool // the response to each first attempt is lost
}

var errThrottled = errors.New("throttled")

func (s *faultyStore) Change(ctx context.Context, id string, change answers.Change) (answers.State, error) {
	if s.failing.Load() {
		return answers.State{}, errThrottled
	}
	if s.lossy.Load() {
		if _, err := s.Store.Change(ctx, id, change); err != nil {
			return answers.State{}, err
		}
	}
	return s.Store.Change(ctx, id, change)
}

func newService() (*answers.Service, *faultyStore) {
	store := &faultyStore{}
	return &answers.Service{Store: store, Queue: &queue{}}, store
}

func accept(t *testing.T, s *answers.Service) (id string) {
	t.Helper()
	id, err := s.Accept(t.Context(), "jane", answers.Question{Caller: []byte(`{}`), Body: []byte(`{"question":"How many?"}`)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func read(t *testing.T, s *answers.Service, id string) answers.View {
	t.Helper()
	view, err := s.Read(t.Context(), id, "jane", 0)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// during answers after a duration, or when the question is cancelled.
func during(d time.Duration, runs *atomic.Int32) answers.Answer {
	return func(ctx context.Context, _ answers.Question, progress answers.Progress) ([]byte, answers.Status) {
		runs.Add(1)
		progress(answers.Running, "SELECT 1")
		select {
		case <-time.After(d):
			return []byte("42"), answers.Done
		case <-ctx.Done():
			return []byte("ended"), answers.Failed
		}
	}
}

// deliver sends the event of a question that must not run.
func deliver(t *testing.T, s *answers.Service, id string) {
	t.Helper()
	var runs atomic.Int32
	if err := s.Work(t.Context(), id, during(0, &runs)); err != nil || runs.Load() != 0 {
		t.Errorf("%v, %d runs", err, runs.Load())
	}
}

// hasFailed checks the end of a question without an answer.
func hasFailed(t *testing.T, s *answers.Service, id string, reason answers.Reason) {
	t.Helper()
	if view := read(t, s, id); view.Status != answers.Failed || view.Reason != reason {
		t.Errorf("%s, %s; want %s, %s", view.Status, view.Reason, answers.Failed, reason)
	}
}

func TestQuestionPassesThroughItsStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		var statuses []answers.Status
		look := func() { statuses = append(statuses, read(t, s, id).Status) }
		look()
		err := s.Work(t.Context(), id, func(_ context.Context, question answers.Question, progress answers.Progress) ([]byte, answers.Status) {
			look()
			if string(question.Body) != `{"question":"How many?"}` {
				t.Errorf("question %s", question.Body)
			}
			progress(answers.Running, "SELECT 1")
			look()
			if view := read(t, s, id); view.SQL != "SELECT 1" {
				t.Errorf("SQL %q", view.SQL)
			}
			return []byte("42"), answers.Done
		})
		if err != nil {
			t.Fatal(err)
		}
		look()
		if want := []answers.Status{"queued", "writing_sql", "running", "done"}; !slices.Equal(statuses, want) {
			t.Errorf("statuses %v; want %v", statuses, want)
		}
		if view := read(t, s, id); string(view.Answer) != "42" {
			t.Errorf("answer %q", view.Answer)
		}
	})
}

func TestDuplicateEventsRunNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		var runs atomic.Int32
		var workers sync.WaitGroup
		for range 20 {
			workers.Go(func() {
				if err := s.Work(t.Context(), id, during(time.Minute, &runs)); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		if err := s.Work(t.Context(), id, during(0, &runs)); err != nil {
			t.Error(err)
		}
		if runs.Load() != 1 || read(t, s, id).Status != answers.Done {
			t.Errorf("%d runs, status %s", runs.Load(), read(t, s, id).Status)
		}
	})
}

func TestReadWaitsForTheNextStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		var runs atomic.Int32
		start := time.Now()
		if view, err := s.Read(t.Context(), id, "jane", 20*time.Second); err != nil || view.Status != answers.Queued || time.Since(start) != 20*time.Second {
			t.Errorf("%v, %v after %s", view.Status, err, time.Since(start))
		}
		go func() { _ = s.Work(t.Context(), id, during(10*time.Second, &runs)) }()
		synctest.Wait()
		start = time.Now()
		view, err := s.Read(t.Context(), id, "jane", 20*time.Second)
		if took := time.Since(start); err != nil || view.Status != answers.Done || took < 10*time.Second || took > 11*time.Second {
			t.Errorf("%v, %v after %s", view.Status, err, took)
		}
	})
}

func TestCancelEndsTheWorkersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		done := make(chan error)
		var cause error
		go func() {
			done <- s.Work(t.Context(), id, func(ctx context.Context, _ answers.Question, _ answers.Progress) ([]byte, answers.Status) {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return []byte("too late"), answers.Done
			})
		}()
		time.Sleep(time.Minute)
		start := time.Now()
		state, err := s.Cancel(t.Context(), id, "jane")
		if err != nil || state.Status != answers.Cancelled {
			t.Fatalf("%v, %v", state.Status, err)
		}
		if err := <-done; err != nil || !errors.Is(cause, answers.ErrCancelled) || time.Since(start) > time.Second {
			t.Errorf("%v, cause %v after %s", err, cause, time.Since(start))
		}
		if view := read(t, s, id); view.Status != answers.Cancelled || view.Answer != nil {
			t.Errorf("%s with answer %q", view.Status, view.Answer)
		}
	})
}

func TestCancelOfQueuedQuestionPreventsItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		if _, err := s.Cancel(t.Context(), id, "jane"); err != nil {
			t.Fatal(err)
		}
		deliver(t, s, id)
	})
}

func TestCancelOfEndedQuestionChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		var runs atomic.Int32
		if err := s.Work(t.Context(), id, during(0, &runs)); err != nil {
			t.Fatal(err)
		}
		if state, err := s.Cancel(t.Context(), id, "jane"); err != nil || state.Status != answers.Done {
			t.Errorf("%v, %v", state.Status, err)
		}
	})
}

func TestKilledWorkerEndsInFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newService()
		id := accept(t, s)
		now := time.Now()
		// What a worker does before it is killed.
		if _, err := store.Change(t.Context(), id, answers.Change{
			From: []answers.Status{answers.Queued}, Now: now, To: answers.WritingSQL, Deadline: now.Add(15 * time.Second),
		}); err != nil {
			t.Fatal(err)
		}
		if view := read(t, s, id); view.Status != answers.WritingSQL {
			t.Fatalf("status %s", view.Status)
		}
		time.Sleep(15 * time.Second)
		deliver(t, s, id)
		hasFailed(t, s, id, answers.Interrupted)
	})
}

func TestLostEventEndsInFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		time.Sleep(answers.QueueTime - time.Second)
		if view := read(t, s, id); view.Status != answers.Queued {
			t.Fatalf("status %s", view.Status)
		}
		time.Sleep(time.Second)
		deliver(t, s, id)
		hasFailed(t, s, id, answers.NotStarted)
	})
}

func TestForeignUnknownAndExpiredQuestionsAreNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		missing := func(what, id, owner string) {
			t.Helper()
			if _, err := s.Read(t.Context(), id, owner, 0); !errors.Is(err, answers.ErrNotFound) {
				t.Errorf("read %s: %v", what, err)
			}
			if _, err := s.Cancel(t.Context(), id, owner); !errors.Is(err, answers.ErrNotFound) {
				t.Errorf("cancel %s: %v", what, err)
			}
		}
		missing("foreign", id, "joe")
		missing("foreign without identity", id, "")
		missing("unknown", id+"X", "jane")
		if view := read(t, s, id); view.Status != answers.Queued {
			t.Errorf("status %s", view.Status)
		}
		time.Sleep(answers.Retention)
		missing("expired", id, "jane")
	})
}

func TestThrottledStoreDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newService()
		id := accept(t, s)
		var runs atomic.Int32
		start, done := time.Now(), make(chan error)
		go func() { done <- s.Work(t.Context(), id, during(time.Minute, &runs)) }()
		time.Sleep(10 * time.Second)
		store.failing.Store(true)
		time.Sleep(10 * time.Second)
		store.failing.Store(false)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if view := read(t, s, id); view.Status != answers.Done || time.Since(start) != time.Minute {
			t.Errorf("status %s after %s", view.Status, time.Since(start))
		}
	})
}

func TestUnavailableStoreStopsTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newService()
		id := accept(t, s)
		var runs atomic.Int32
		start, done := time.Now(), make(chan error)
		go func() { done <- s.Work(t.Context(), id, during(time.Hour, &runs)) }()
		time.Sleep(time.Second)
		store.failing.Store(true)
		if err := <-done; !errors.Is(err, answers.ErrLeaseLost) || time.Since(start) > 20*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		store.failing.Store(false)
		hasFailed(t, s, id, answers.Interrupted)
	})
}

func TestThrottledStartLeavesTheQuestionQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newService()
		id := accept(t, s)
		var runs atomic.Int32
		store.failing.Store(true)
		if err := s.Work(t.Context(), id, during(0, &runs)); !errors.Is(err, errThrottled) || runs.Load() != 0 {
			t.Errorf("%v, %d runs", err, runs.Load())
		}
		store.failing.Store(false)
		if err := s.Work(t.Context(), id, during(0, &runs)); err != nil || runs.Load() != 1 {
			t.Errorf("the event again: %v, %d runs", err, runs.Load())
		}
	})
}

func TestLostResponsesOfTheStoreChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newService()
		id := accept(t, s)
		store.lossy.Store(true)
		var runs atomic.Int32
		if err := s.Work(t.Context(), id, during(time.Minute, &runs)); err != nil {
			t.Error(err)
		}
		if view := read(t, s, id); view.Status != answers.Done || runs.Load() != 1 {
			t.Errorf("status %s, %d runs", view.Status, runs.Load())
		}
	})
}

func TestOutOfTimeLeavesTimeToStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService()
		id := accept(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the function's timeout
		defer cancel()
		start := time.Now()
		var runs atomic.Int32
		if err := s.Work(ctx, id, during(time.Hour, &runs)); err != nil {
			t.Error(err)
		}
		if view := read(t, s, id); view.Status != answers.Failed || string(view.Answer) != "ended" || time.Since(start) != time.Minute-answers.StoreTime {
			t.Errorf("%s with answer %q after %s", view.Status, view.Answer, time.Since(start))
		}
	})
}
