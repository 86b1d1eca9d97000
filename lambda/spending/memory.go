package spending

import (
	"context"
	"sync"
)

// Memory is a Ledger in this process. The zero value is ready for use.
type Memory struct {
	mu   sync.Mutex
	days map[string]Cost
}

// Add implements Ledger.
func (m *Memory) Add(ctx context.Context, day string, cost Cost) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.days == nil {
		m.days = map[string]Cost{}
	}
	m.days[day] += cost
	return nil
}

// Total implements Ledger.
func (m *Memory) Total(ctx context.Context, day string) (Cost, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.days[day], ctx.Err()
}
