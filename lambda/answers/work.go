package answers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Answer answers a question. It calls progress before each step. The status of the
// response is Done or Failed.
type Answer func(ctx context.Context, question Question, progress Progress) (response []byte, status Status)

// Progress records the step that begins: WritingSQL, or Running with the statement.
type Progress func(status Status, sql string)

// Work answers a queued question. It does nothing if the question was started,
// cancelled or ended before: no question runs twice. Work fails if the question's
// state cannot be read or written, so that the queue delivers the id again.
func (s *Service) Work(ctx context.Context, id string, answer Answer) error {
	question, err := s.question(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil // expired
	}
	if err != nil {
		return fmt.Errorf("read question %s: %w", id, err)
	}
	w := &worker{service: s, name: rand.Text()}
	if w.state, err = w.start(ctx, id); errors.Is(err, ErrConflict) {
		return s.discard(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("start question %s: %w", id, err)
	}
	w.first = w.state
	lifetime, stop := context.WithCancelCause(ctx)
	w.stop = stop
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		w.beat(lifetime)
	}()
	defer func() {
		stop(nil)
		<-beats
	}()
	return w.run(lifetime, question, answer)
}

// question returns a stored question. It is read before its start, so that a failure
// leaves it in the queue.
func (s *Service) question(ctx context.Context, id string) (question Question, err error) {
	content, err := s.Store.Get(ctx, State{ID: id}, QuestionPart)
	if err != nil {
		return question, err
	}
	return question, json.Unmarshal(content, &question)
}

// discard handles the id of a question that must not run. It ends a question whose
// deadline has passed.
func (s *Service) discard(ctx context.Context, id string) error {
	state, err := s.Store.Read(ctx, id)
	if err == nil {
		_, err = s.lapse(ctx, state)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("read question %s: %w", id, err)
	}
	return nil
}

// worker answers one question.
type worker struct {
	service *Service
	name    string
	first   State // at the start
	stop    context.CancelCauseFunc

	mu    sync.Mutex // orders changes of the state
	state State
}

// start moves the question from the queue to this worker.
func (w *worker) start(ctx context.Context, id string) (State, error) {
	now := time.Now()
	return w.write(ctx, id, Change{From: []Status{Queued}, Now: now, To: WritingSQL, Worker: w.name, Deadline: now.Add(lease)})
}

// write changes the state. A repeated request conflicts with its first attempt if
// only the response was lost, so a conflict with the same change succeeds.
func (w *worker) write(ctx context.Context, id string, change Change) (State, error) {
	state, err := w.service.Store.Change(ctx, id, change)
	if errors.Is(err, ErrConflict) {
		if found, err := w.service.Store.Read(ctx, id); err == nil && found.Worker == w.name && found.Status == change.To &&
			found.Deadline.UnixMilli() == change.Deadline.UnixMilli() {
			return found, nil
		}
	}
	return state, err
}

func (w *worker) run(ctx context.Context, question Question, answer Answer) error {
	limited, cancel := keepStoreTime(ctx)
	defer cancel()
	response, status := answer(limited, question, func(status Status, sql string) { w.progress(limited, status, sql) })
	if ctx.Err() != nil {
		return w.ended(ctx) // cancelled, or counted as interrupted
	}
	err := w.service.Store.Put(ctx, w.first, AnswerPart, response)
	if err == nil {
		err = w.change(ctx, status, "")
	}
	if ctx.Err() != nil {
		return w.ended(ctx)
	}
	if err != nil {
		_ = w.change(ctx, Failed, Interrupted) // if this fails, too, the lease ends
		return fmt.Errorf("store the answer of question %s: %w", w.first.ID, err)
	}
	return nil
}

// ended returns the error of a context that ended before its question. A question
// that was cancelled has its final state.
func (w *worker) ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrCancelled) {
		return nil
	}
	return fmt.Errorf("question %s: %w", w.first.ID, cause)
}

// keepStoreTime returns a context that ends before ctx, so that time remains to
// store the answer.
func keepStoreTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(StoreTime, time.Until(deadline)/2)))
}

// progress records a step, and ends the context if the question has ended. Another
// failure changes no answer: the next beat tries again to extend the lease.
func (w *worker) progress(ctx context.Context, status Status, sql string) {
	if status == Running {
		if w.service.Store.Put(ctx, w.first, SQLPart, []byte(sql)) != nil {
			return
		}
	}
	_ = w.change(ctx, status, "") // change has ended the context where that matters
}

// beat extends the lease until ctx ends.
func (w *worker) beat(ctx context.Context) {
	for sleep(ctx, beat) == nil {
		limited, cancel := context.WithTimeout(ctx, lease/3) // a request without a response must not use up the lease
		_ = w.change(limited, "", "")                        // change has ended the context where that matters
		cancel()
	}
}

// change changes the state to a status, or keeps it for "", and extends the lease.
// It ends the worker's context if the question has ended, or if the lease has
// passed, after which the question counts as interrupted.
func (w *worker) change(ctx context.Context, status Status, reason Reason) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state.Status.IsFinal() {
		return nil // a beat behind the answer
	}
	now := time.Now()
	to := w.state.Status
	if status != "" {
		to = status
	}
	changed, err := w.write(ctx, w.first.ID, Change{From: started, Now: now, To: to, Reason: reason, Worker: w.name, Deadline: now.Add(lease)})
	switch {
	case err == nil:
		w.state = changed
	case errors.Is(err, ErrConflict):
		w.stop(w.conflict(ctx))
	case !time.Now().Before(w.state.Deadline):
		w.stop(ErrLeaseLost)
	}
	return err
}

// conflict returns the cause of a conflict.
func (w *worker) conflict(ctx context.Context) error {
	state, err := w.service.Store.Read(ctx, w.first.ID)
	if err == nil && state.Status == Cancelled {
		return ErrCancelled
	}
	return ErrLeaseLost
}
