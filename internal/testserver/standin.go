// Package testserver holds what stand-ins for database servers have in common.
package testserver

import (
	"slices"
	"sync"
)

// Halt makes a server hang on demand.
type Halt struct{ paused sync.RWMutex }

// Pause halts the server: connections stay open and nothing answers, as when a
// machine hangs. There is no error; servers that are processes have some.
func (h *Halt) Pause() error {
	h.paused.Lock()
	return nil
}

// Resume lets a paused server go on.
func (h *Halt) Resume() { h.paused.Unlock() }

// Answering waits until the server is not paused; it is not until the function
// returned was called.
func (h *Halt) Answering() (done func()) {
	h.paused.RLock()
	return h.paused.RUnlock
}

// Record is what a server was asked; a login is a Login.
type Record[Login any] struct {
	mu         sync.Mutex
	logins     []Login
	statements []string
}

// Enter adds a login, and returns how many there are.
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

// Logins returns what sessions were opened with, refused ones too.
func (r *Record[Login]) Logins() []Login {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.logins)
}

// Statements returns what the server was sent, with what else it notes.
func (r *Record[Login]) Statements() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.statements)
}
