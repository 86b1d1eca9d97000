// Package answers keeps the states of long questions: those whose answer the caller
// fetches after the request. A Store holds states and answers, and a Queue starts
// each question once.
package answers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Status is the status of a long question.
type Status string

// The statuses. A question has the first three in this order, and ends in one of the
// others.
const (
	Queued     Status = "queued"
	WritingSQL Status = "writing_sql"
	Running    Status = "running" // the database runs a statement
	Done       Status = "done"
	Failed     Status = "failed"
	Cancelled  Status = "cancelled"
)

// IsFinal reports whether the status never changes.
func (s Status) IsFinal() bool { return s == Done || s == Failed || s == Cancelled }

var (
	started  = []Status{WritingSQL, Running}
	unending = append([]Status{Queued}, started...)
)

// Reason is the reason of a failed question that has no stored answer.
type Reason string

const (
	// Interrupted is the reason if the function crashed, was stopped, or could not
	// reach the store.
	Interrupted Reason = "interrupted"

	// NotStarted is the reason if the question waited for QueueTime, or its event was
	// lost.
	NotStarted Reason = "not_started"
)

const (
	// QueueTime is the longest time in the queue.
	QueueTime = time.Hour

	// Retention is how long a question and its answer can be read.
	Retention = 24 * time.Hour

	// StoreTime is the part of the function's time that is reserved for storing the
	// answer.
	StoreTime = 10 * time.Second

	// lease is the time after which a running question counts as interrupted, unless
	// its worker extends it.
	lease = 15 * time.Second

	// beat is the interval at which the worker extends the lease and reads whether the
	// question was cancelled.
	beat = 500 * time.Millisecond

	// look is the interval at which a waiting reader reads the state.
	look = 300 * time.Millisecond
)

// State is the state of one question.
type State struct {
	ID       string
	Owner    string // OwnerOf the caller
	Status   Status
	Reason   Reason
	Worker   string // the one that made the present status; "" for none
	Created  time.Time
	Deadline time.Time // of the present status: without a change until then, the question has failed
	Expires  time.Time
}

// Question is a stored question.
type Question struct {
	Caller json.RawMessage `json:"caller"` // of the request
	Body   json.RawMessage `json:"body"`   // of the request, which is valid
}

// OwnerOf returns the hash of a caller's identity. It is the same for all callers
// without an identity: for them, the id is the secret.
func OwnerOf(identity string) string {
	if identity == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:])
}

// Part names what a question has besides its state.
type Part string

// The parts.
const (
	QuestionPart Part = "question"
	SQLPart      Part = "sql"
	AnswerPart   Part = "answer"
)

// Change is a conditional change of a state. The deadline must lie after Now, or
// before it if Lapsed is set.
type Change struct {
	From     []Status
	Lapsed   bool
	Now      time.Time
	To       Status
	Reason   Reason
	Worker   string
	Deadline time.Time
}

// Allows reports whether the change applies to a state.
func (c Change) Allows(s State) bool {
	return slices.Contains(c.From, s.Status) && c.Lapsed == !c.Now.Before(s.Deadline)
}

var (
	// ErrNotFound reports a question that does not exist, has expired, or belongs to
	// another caller.
	ErrNotFound = errors.New("no such question")

	// ErrConflict reports a change that does not apply to the present state.
	ErrConflict = errors.New("the question's state has changed")

	// ErrCancelled is the cause of the end of a context whose question was cancelled.
	ErrCancelled = errors.New("the question was cancelled")

	// ErrLeaseLost is the cause of the end of a context whose question counts as
	// interrupted.
	ErrLeaseLost = errors.New("the question's state could not be written in time")
)
