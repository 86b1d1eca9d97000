package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// timer knows how long the server may work on a statement, and since when it
// does.
type timer struct {
	timeout time.Duration // in whole milliseconds; zero for any time
	own     bool          // timeout is the statement's own, not what is left of the context
	began   time.Time
}

func startTimer(ctx context.Context, limit time.Duration) timer {
	timeout, own := statementTimeout(ctx, limit)
	return timer{timeout, own, time.Now()}
}

// explain says of the error of a statement that the server has stopped, which
// its code tells, whose time was up: the statement's or the context's.
func (t timer) explain(err error, stopped ...string) error {
	failed, ok := errors.AsType[*StatementError](err)
	if !ok || !slices.Contains(stopped, failed.Code) || t.timeout == 0 || time.Since(t.began) < t.timeout {
		return err
	}
	if !t.own {
		return context.DeadlineExceeded
	}
	failed.Message = fmt.Sprintf("the statement was stopped after %s, the most that one may take", t.timeout)
	return failed
}

// statementTimeout returns how long the server may work on a statement, in
// whole milliseconds, zero for any time, and whether that is the statement's
// own limit and not just what is left of the context.
func statementTimeout(ctx context.Context, limit time.Duration) (timeout time.Duration, own bool) {
	timeout, own = limit, true
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); limit == 0 || left < limit {
			timeout, own = max(left, 1), false
		}
	}
	if timeout == 0 {
		return 0, own
	}
	return max(timeout.Truncate(time.Millisecond), time.Millisecond), own
}

// stoppedError says that a statement was stopped because its time was up.
type stoppedError struct{ error }

func (e *stoppedError) Unwrap() error { return e.error }
