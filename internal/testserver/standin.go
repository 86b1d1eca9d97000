// Package testserver holds the common parts of stand-ins for database servers.
package testserver

import (
	"slices"
	"sync"
)

// Halt makes a server hang on demand.
type Halt struct{ paused sync.RWMutex }

// Pause halts the server: connections stay open without answers, as when a machine
// hangs. The error is nil, unlike that of servers that are processes.
func (h *Halt) Pause() error {
	h.paused.Lock()
	return nil
}

// Resume lets a paused server go on.
func (h *Halt) Resume() { h.paused.Unlock() }

// Answering waits until the server is not paused. Pause waits until the caller has
// called the returned function.
func (h *Halt) Answering() (done func()) {
	h.paused.RLock()
	return h.paused.RUnlock
}

// Record holds the logins and statements of a server.
type Record[Login any] struct {
	mu         sync.Mutex
	logins     []Login
	statements []string
}

// Enter adds a login, and returns the number of logins.
func (r *Record[Login]) Enter(login Login) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logins = append(r.logins, login)
	return len(r.logins)
}

// Note adds a statement.
func (r *Record[Login]) Note(statement string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, statement)
}

// Logins returns the logins of all sessions, including refused ones.
func (r *Record[Login]) Logins() []Login {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.logins)
}

// Statements returns the received statements and other notes.
func (r *Record[Login]) Statements() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.statements)
}
