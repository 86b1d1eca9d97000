package recorder

import (
	"context"
	"time"

	"defog-cdk/lambda/extension"
)

// reserve is the time that a write leaves before Lambda's deadline: Lambda ends a process
// whose extension is late.
const reserve = 200 * time.Millisecond

// signal wakes the reader of a channel. It never waits: one signal is for all that
// happened before.
func signal(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

// Background writes each record soon after Add, until ctx ends: for a process that
// nothing freezes.
func (r *Recorder) Background(ctx context.Context) {
	r.added = make(chan struct{}, 1)
	go r.background(ctx)
}

func (r *Recorder) background(ctx context.Context) {
	for {
		var retry <-chan time.Time
		if wait, ok := r.retryTime(); ok {
			retry = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.added:
		case <-retry:
		}
		r.Flush(ctx)
	}
}

// retryTime returns the time until records that wait can be written.
func (r *Recorder) retryTime() (wait time.Duration, ok bool) {
	r.writing.Lock()
	wait = time.Until(r.resume)
	r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return wait, len(r.waiting) > 0
}

// Events are the events of an extension.
type Events interface {
	Next(ctx context.Context) (extension.Event, error)
}

// Extend writes the records of each invocation between its response and Lambda's
// freeze, until ctx ends. If the extension fails, it writes in the background, which
// Lambda may freeze.
func (r *Recorder) Extend(ctx context.Context, events Events, failed func(error)) {
	r.added, r.ended = make(chan struct{}, 1), make(chan struct{}, 1)
	go func() {
		err := r.extend(ctx, events)
		if ctx.Err() != nil {
			return
		}
		failed(err)
		r.background(ctx)
	}()
}

// extend handles events until one fails.
func (r *Recorder) extend(ctx context.Context, events Events) error {
	for {
		event, err := events.Next(ctx)
		if err != nil {
			return err
		}
		limited, cancel := context.WithDeadline(ctx, event.Deadline.Add(-reserve))
		select {
		case <-limited.Done():
		case <-r.ended:
			r.Flush(limited)
		}
		cancel()
	}
}

// Ended reports that the caller of an invocation has its response, or will get none.
// The program calls it once for each invocation.
func (r *Recorder) Ended() { signal(r.ended) }
