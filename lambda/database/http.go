//go:build !onedriver || bigquery || databricks

package database

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"
)

// newHTTPClient returns a client for a database that is asked by HTTP.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// A connection that died while the function was frozen is found out and
	// given up; HTTP/2 would go on using it.
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: pingTime}
	return &http.Client{
		Transport: transport,
		// A redirect would carry a credential to wherever the answer says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// retry says how often and how soon a request is tried again.
type retry struct {
	tries int
	pause time.Duration // before the second try; doubles with each
}

var usualRetry = retry{tries: 5, pause: 200 * time.Millisecond}

// do sends a request until it succeeds, fails for good, or ctx ends.
func (r retry) do(ctx context.Context, send func() error) error {
	pause := r.pause
	for try := 1; ; try++ {
		err := send()
		if err == nil || ctx.Err() != nil || try == r.tries || !passing(err) {
			return err
		}
		wait := pause/2 + rand.N(pause/2+1)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return err // waiting would only make the failure late
		}
		select {
		case <-time.After(wait):
			pause *= 2
		case <-ctx.Done():
			return err
		}
	}
}

// unreadableReply is one of success that is not what the protocol promises.
type unreadableReply struct{ error }

func (e *unreadableReply) Unwrap() error { return e.error }

// passing reports whether the same request may succeed a moment later.
func passing(err error) bool {
	if failed, ok := errors.AsType[interface {
		error
		passing() bool
	}](err); ok {
		return failed.passing()
	}
	if _, ok := errors.AsType[*unreadableReply](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	}, func(target error) bool { return errors.Is(err, target) })
}

// dialFailure marks an error that came up while connecting.
func dialFailure(err error) error {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return &connectFailure{err}
	}
	return err
}
