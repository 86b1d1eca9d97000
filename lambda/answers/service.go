package answers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Store holds states and parts until they expire. An expired question may still be
// returned. Each method is safe for concurrent use.
type Store interface {
	// Insert stores a new state.
	Insert(ctx context.Context, state State) error

	// Read returns a state, including the latest change. The error may be ErrNotFound.
	Read(ctx context.Context, id string) (State, error)

	// Change changes a state. The error is ErrConflict if the change does not apply,
	// also to a missing state.
	Change(ctx context.Context, id string, change Change) (State, error)

	// Put replaces a part of a question.
	Put(ctx context.Context, state State, part Part, content []byte) error

	// Get returns a part. The error may be ErrNotFound.
	Get(ctx context.Context, state State, part Part) ([]byte, error)
}

// Queue delivers each id to a worker, at least once.
type Queue interface {
	Send(ctx context.Context, id string) error
}

// Service accepts, runs, cancels and returns long questions.
type Service struct {
	Store Store
	Queue Queue
}

// Accept stores a question and queues it. It returns the question's id, which is
// random and unguessable.
func (s *Service) Accept(ctx context.Context, owner string, question Question) (id string, err error) {
	content, err := json.Marshal(question)
	if err != nil {
		return "", fmt.Errorf("encode the question: %w", err)
	}
	now := time.Now()
	state := State{
		ID: rand.Text(), Owner: owner, Status: Queued,
		Created: now, Deadline: now.Add(QueueTime), Expires: now.Add(Retention),
	}
	if err := s.Store.Put(ctx, state, QuestionPart, content); err != nil {
		return "", fmt.Errorf("store the question: %w", err)
	}
	if err := s.Store.Insert(ctx, state); err != nil {
		return "", fmt.Errorf("store the question's state: %w", err)
	}
	if err := s.Queue.Send(ctx, state.ID); err != nil {
		return "", fmt.Errorf("queue the question: %w", err)
	}
	return state.ID, nil
}

// View is what the owner of a question reads.
type View struct {
	State
	SQL    string // the running statement
	Answer []byte // the worker's response; nil before, and after a failure without one
}

// Read returns a question of the owner. It returns as soon as the status changes or
// is final, and after wait at the latest.
func (s *Service) Read(ctx context.Context, id, owner string, wait time.Duration) (View, error) {
	state, err := s.owned(ctx, id, owner)
	for first, end := state.Status, time.Now().Add(wait); err == nil && state.Status == first && !first.IsFinal(); {
		pause := min(look, time.Until(end))
		if pause <= 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return View{}, err
		}
		state, err = s.owned(ctx, id, owner)
	}
	if err != nil {
		return View{}, err
	}
	view := View{State: state}
	switch {
	case state.Status == Running:
		sql, err := s.Store.Get(ctx, state, SQLPart)
		if err != nil {
			return View{}, fmt.Errorf("read the question's SQL: %w", err)
		}
		view.SQL = string(sql)
	case state.Status == Done, state.Status == Failed && state.Reason == "":
		if view.Answer, err = s.Store.Get(ctx, state, AnswerPart); err != nil {
			return View{}, fmt.Errorf("read the answer: %w", err)
		}
	}
	return view, nil
}

// Cancel ends a question of the owner, unless it has ended already, and returns its
// state. A worker that runs it stops within two beats.
func (s *Service) Cancel(ctx context.Context, id, owner string) (State, error) {
	state, err := s.owned(ctx, id, owner)
	if err != nil || state.Status.IsFinal() {
		return state, err
	}
	changed, err := s.Store.Change(ctx, id, Change{From: unending, Now: time.Now(), To: Cancelled})
	if errors.Is(err, ErrConflict) {
		return s.owned(ctx, id, owner) // it ended meanwhile
	}
	return changed, err
}

// owned returns the state of a question of the owner.
func (s *Service) owned(ctx context.Context, id, owner string) (State, error) {
	state, err := s.Store.Read(ctx, id)
	if err != nil {
		return State{}, err
	}
	if state.Owner != owner || !time.Now().Before(state.Expires) {
		return State{}, ErrNotFound
	}
	return s.lapse(ctx, state)
}

// lapse ends a question whose deadline has passed, for every reader and worker.
func (s *Service) lapse(ctx context.Context, state State) (State, error) {
	now := time.Now()
	if state.Status.IsFinal() || now.Before(state.Deadline) {
		return state, nil
	}
	reason := Interrupted
	if state.Status == Queued {
		reason = NotStarted
	}
	changed, err := s.Store.Change(ctx, state.ID, Change{From: []Status{state.Status}, Lapsed: true, Now: now, To: Failed, Reason: reason})
	if errors.Is(err, ErrConflict) {
		return s.Store.Read(ctx, state.ID)
	}
	return changed, err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
