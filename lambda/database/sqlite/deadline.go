package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"defog-cdk/lambda/database"
)

// errAbandoned is the error of a statement that runs on after its deadline.
var errAbandoned = errors.New("the statement does not stop")

// readUntil runs the statement. SQLite looks at an interrupt between its own
// instructions only: one call of a function can run for hours. readUntil then
// leaves the statement to its goroutine.
func (d *db) readUntil(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	type outcome struct {
		result *database.Result
		err    error
	}
	gate := &gate{}
	if overflow := limits.Overflow; overflow != nil {
		limits.Overflow = func(columns []string) io.Writer { return gate.open(overflow, columns) }
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- outcome{nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
		}()
		d.conn.SetInterrupt(ctx.Done())
		result, err := d.read(sql, limits)
		d.conn.SetInterrupt(nil)
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.result, o.err
	case <-time.After(database.CancelTimeout):
	}
	gate.close()
	d.abandoned = true
	if d.onAbandon != nil {
		d.onAbandon()
	}
	return nil, errAbandoned
}

// gate keeps an abandoned statement from the overflow.
type gate struct {
	mu     sync.Mutex
	closed bool
	next   io.Writer
}

func (g *gate) open(overflow func([]string) io.Writer, columns []string) io.Writer {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.next = overflow(columns)
	}
	return g
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Write implements io.Writer.
func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	next, closed := g.next, g.closed
	g.mu.Unlock()
	if closed {
		return 0, errAbandoned
	}
	return next.Write(p)
}
