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

// count adds a reply to the context's meter, if it has one.
func count(ctx context.Context, usage Usage) {
	m, ok := ctx.Value(meterKey{}).(*Meter)
	if !ok {
		return
	}
	usage.Replies = 1
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage = m.usage.Add(usage)
}
