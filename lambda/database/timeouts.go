package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// Timeouts of the drivers, apart from a statement's own.
const (
	// ConnectTimeout limits connecting and logging in.
	ConnectTimeout = 10 * time.Second

	// IdleBeforePing is how long a connection may be idle before the driver
	// pings the server. Before that, it looks at the socket alone. Network
	// devices drop idle connections silently.
	IdleBeforePing = time.Second

	// PingTimeout limits the reply to a ping.
	PingTimeout = 2 * time.Second

	// CancelTimeout limits the request that stops a statement. A function that
	// has answered is frozen and sends nothing.
	CancelTimeout = 500 * time.Millisecond
)

// Now returns the time of the wall clock. The monotonic clock stops while a
// function is frozen.
func Now() time.Time { return time.Now().Round(0) }

// Usable reports whether an idle connection still works. A quiet socket that
// was in use until just now is taken as working; otherwise ping decides, and its
// success ends the idle time.
func Usable(ctx context.Context, socket net.Conn, idleSince *time.Time, ping func(context.Context) error) bool {
	unread, err := HasUnread(socket)
	if errors.Is(err, io.EOF) {
		return false
	}
	if err == nil && !unread && time.Since(*idleSince) < IdleBeforePing {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, PingTimeout)
	defer cancel()
	if ping(ctx) != nil {
		return false
	}
	*idleSince = Now()
	return true
}

// Timer holds a statement's timeout and its start.
type Timer struct {
	Timeout   time.Duration // whole milliseconds; zero without a limit
	fromLimit bool          // Timeout is Limits.Time, not the rest of the context's time
	start     time.Time
}

// StartTimer returns the timer of a statement that starts now. Its timeout is
// the smaller of limit and the rest of ctx's time.
func StartTimer(ctx context.Context, limit time.Duration) Timer {
	timeout, fromLimit := statementTimeout(ctx, limit)
	return Timer{timeout, fromLimit, time.Now()}
}

// Explain returns the error of a statement that the server stopped, which it
// reports with one of the codes. At the time limit, the message states the
// limit; at the end of ctx, the error is context.DeadlineExceeded.
func (t Timer) Explain(err error, stopped ...string) error {
	failed, ok := errors.AsType[*StatementError](err)
	if !ok || !slices.Contains(stopped, failed.Code) || t.Timeout == 0 || time.Since(t.start) < t.Timeout {
		return err
	}
	if !t.fromLimit {
		return context.DeadlineExceeded
	}
	return LimitExceeded(failed.Code, t.Timeout)
}

// stopGrace is how much longer than its timeout a statement may take, before the
// driver stops it: the server's own timeout leaves the connection usable.
const stopGrace = 250 * time.Millisecond

// Bound returns a context that ends shortly after the timeout, for a server that
// does not stop the statement by itself.
func (t Timer) Bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, t.Timeout+stopGrace)
}

// LimitReached reports whether err is that of a context which ended at the
// statement's limit, not at the end of ctx.
func (t Timer) LimitReached(ctx context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && t.fromLimit && ctx.Err() == nil
}

// LimitExceeded returns the error of a statement that exceeded its time limit.
func LimitExceeded(code string, limit time.Duration) *StatementError {
	return &StatementError{Code: code, Message: fmt.Sprintf("the statement exceeded the time limit of %s", limit)}
}

// statementTimeout returns the smaller of limit and the rest of ctx's time, in
// whole milliseconds, zero without either; and whether it is limit.
func statementTimeout(ctx context.Context, limit time.Duration) (timeout time.Duration, fromLimit bool) {
	timeout, fromLimit = limit, true
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); limit == 0 || left < limit {
			timeout, fromLimit = max(left, 1), false
		}
	}
	if timeout == 0 {
		return 0, fromLimit
	}
	return max(timeout.Truncate(time.Millisecond), time.Millisecond), fromLimit
}
