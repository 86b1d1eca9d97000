package generate

import (
	"context"
	"sync"
)

// Usage counts the replies of a language model and their tokens. The four counts of
// tokens do not overlap.
type Usage struct {
	Replies    int `json:"replies"`
	Input      int `json:"input_tokens"`       // neither read from a cache nor written to one
	Output     int `json:"output_tokens"`      // reasoning included
	CacheRead  int `json:"cache_read_tokens"`  // of the prompt, read from the model's cache
	CacheWrite int `json:"cache_write_tokens"` // of the prompt, written to the model's cache
}

// maxTokenCount is more than any model accepts or returns. Sums of such counts do not
// overflow.
const maxTokenCount = 1e9

// tokenCount returns a count of tokens in a reply, which can hold any number. A negative
// one would reduce what the limits count.
func tokenCount(reported float64) int { return int(min(max(reported, 0), maxTokenCount)) }

// Tokens returns the number of all tokens.
func (u Usage) Tokens() int { return u.Input + u.Output + u.CacheRead + u.CacheWrite }

// Add returns the sum of two counts.
func (u Usage) Add(other Usage) Usage {
	return Usage{
		Replies:    u.Replies + other.Replies,
		Input:      u.Input + other.Input,
		Output:     u.Output + other.Output,
		CacheRead:  u.CacheRead + other.CacheRead,
		CacheWrite: u.CacheWrite + other.CacheWrite,
	}
}

type meterKey struct{}

// Meter counts the replies in one context.
type Meter struct {
	mu    sync.Mutex
	usage Usage
}

// WithMeter returns a context whose meter counts each reply of a model, also one
// without a valid answer.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// Usage returns the count until now.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usage
}

// Gate admits the requests to a model in one context, and counts its replies. It
// serves many goroutines.
type Gate interface {
	// Admit returns an error in place of a request whose prompt has about a number of
	// tokens. Otherwise, ended must be called after the request.
	Admit(ctx context.Context, prompt int) (ended func(), err error)

	// Count counts a reply, also one without a valid answer.
	Count(ctx context.Context, reply Usage)
}

type gateKey struct{}

// WithGate returns a context whose requests to a model pass a gate.
func WithGate(ctx context.Context, gate Gate) context.Context {
	return context.WithValue(ctx, gateKey{}, gate)
}

// admit asks the context's gate, if it has one.
func admit(ctx context.Context, prompt int) (ended func(), err error) {
	if gate, ok := ctx.Value(gateKey{}).(Gate); ok {
		return gate.Admit(ctx, prompt)
	}
	return func() {}, nil
}

// count adds a reply to the context's meter and gate, if it has them.
func count(ctx context.Context, usage Usage) {
	usage.Replies = 1
	if m, ok := ctx.Value(meterKey{}).(*Meter); ok {
		m.add(usage)
	}
	if gate, ok := ctx.Value(gateKey{}).(Gate); ok {
		gate.Count(ctx, usage)
	}
}

func (m *Meter) add(usage Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage = m.usage.Add(usage)
}
