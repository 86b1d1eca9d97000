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

// NewHTTPClient returns a client for a database with an HTTP API.
func NewHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// Pings find a connection that died while the function was frozen; without
	// them, HTTP/2 continues to use it.
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: PingTimeout}
	return &http.Client{
		Transport: transport,
		// A redirect would send the credentials to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Backoff repeats a request that fails for a transient reason.
type Backoff struct {
	Tries int
	Pause time.Duration // before the second try; doubles with each
}

// DefaultBackoff returns the backoff of an API of a database.
func DefaultBackoff() Backoff { return Backoff{Tries: 5, Pause: 200 * time.Millisecond} }

// Do calls send until it succeeds, fails permanently, or ctx ends.
func (b Backoff) Do(ctx context.Context, send func() error) error {
	pause := b.Pause
	for try := 1; ; try++ {
		err := send()
		if err == nil || ctx.Err() != nil || try == b.Tries || !IsTransient(err) {
			return err
		}
		wait := pause/2 + rand.N(pause/2+1)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return err // the next try would start after the deadline
		}
		select {
		case <-time.After(wait):
			pause *= 2
		case <-ctx.Done():
			return err
		}
	}
}

// InvalidReplyError marks a reply that violates the protocol.
type InvalidReplyError struct{ Err error }

func (e *InvalidReplyError) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *InvalidReplyError) Unwrap() error { return e.Err }

// TransientError is an error that can be transient.
type TransientError interface {
	error
	Transient() bool
}

// IsTransient reports whether the same request may succeed later.
func IsTransient(err error) bool {
	if failed, ok := errors.AsType[TransientError](err); ok {
		return failed.Transient()
	}
	if _, ok := errors.AsType[*InvalidReplyError](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	}, func(target error) bool { return errors.Is(err, target) })
}

// MarkDialFailure returns an error that occurred while dialing as a
// *ConnectFailure, and any other error unchanged.
func MarkDialFailure(err error) error {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return &ConnectFailure{err}
	}
	return err
}

// ReadReply sends a request and returns the status and the body of the
// response. A body of more than maxBytes is an *http.MaxBytesError.
func ReadReply(client *http.Client, request *http.Request, maxBytes int64) (status int, body []byte, err error) {
	response, err := client.Do(request) //nolint:gosec // the URL is the operator's
	if err != nil {
		return 0, nil, MarkDialFailure(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(http.MaxBytesReader(nil, response.Body, maxBytes))
	return response.StatusCode, body, err
}
