// Package memory keeps long questions in this process.
package memory

import (
	"context"
	"sync"

	"defog-cdk/lambda/answers"
)

// Store implements answers.Store. The zero value is ready for use.
type Store struct {
	mu     sync.Mutex
	states map[string]answers.State
	parts  map[part][]byte
}

type part struct {
	id   string
	name answers.Part
}

// Insert implements answers.Store.
func (s *Store) Insert(ctx context.Context, state answers.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = map[string]answers.State{}
	}
	s.states[state.ID] = state
	return ctx.Err()
}

// Read implements answers.Store.
func (s *Store) Read(ctx context.Context, id string) (answers.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.states[id]
	if !ok {
		return state, answers.ErrNotFound
	}
	return state, ctx.Err()
}

// Change implements answers.Store.
func (s *Store) Change(ctx context.Context, id string, change answers.Change) (answers.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return answers.State{}, err
	}
	state, ok := s.states[id]
	if !ok || !change.Allows(state) {
		return answers.State{}, answers.ErrConflict
	}
	state.Status, state.Reason, state.Worker, state.Deadline = change.To, change.Reason, change.Worker, change.Deadline
	s.states[id] = state
	return state, nil
}

// Put implements answers.Store.
func (s *Store) Put(ctx context.Context, state answers.State, name answers.Part, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == nil {
		s.parts = map[part][]byte{}
	}
	s.parts[part{state.ID, name}] = content
	return ctx.Err()
}

// Get implements answers.Store.
func (s *Store) Get(ctx context.Context, state answers.State, name answers.Part) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.parts[part{state.ID, name}]
	if !ok {
		return nil, answers.ErrNotFound
	}
	return content, ctx.Err()
}
