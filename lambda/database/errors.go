package database

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// StatementError is the error of a statement that was refused or failed. The
// caller and the SQL generator receive its text, which is the database's
// message or ours.
type StatementError struct {
	Code    string // SQLSTATE or the database's own code; empty without one
	Message string
	Final   bool // another statement would not run either
}

func (e *StatementError) Error() string { return e.Message }

// Refusal returns the error of a statement that a driver refuses.
func Refusal(code, reason string) *StatementError {
	return &StatementError{Code: code, Message: "the statement was refused: " + reason}
}

// ConnectionError is the error of a database that cannot be reached, refuses
// the login, or closes the connection. The caller receives its text, which
// holds no addresses, names or credentials. Its cause is for the log only.
type ConnectionError struct {
	Message      string
	Cause        error
	LoginRefused bool // the credentials are invalid, or no longer valid
}

// NewConnectionError returns an error with one of the reasons below or a
// driver's own.
func NewConnectionError(reason string, cause error) *ConnectionError {
	return &ConnectionError{
		Message:      "the database connection failed: " + reason,
		Cause:        cause,
		LoginRefused: reason == ReasonLoginRefused,
	}
}

func (e *ConnectionError) Error() string { return e.Message }

// Unwrap returns the driver's error. It may hold addresses and user names.
func (e *ConnectionError) Unwrap() error { return e.Cause }

// Reasons of a ConnectionError. ReasonCode precedes the server's error code.
const (
	ReasonLoginRefused       = "the server refused the login"
	ReasonNoDatabase         = "the database does not exist"
	ReasonTooManyConnections = "the server has too many connections"
	ReasonClosedByServer     = "the server closed the connection"
	ReasonStarting           = "the server is starting or shutting down"
	ReasonCode               = "the server returned code "
	ReasonNoTLS              = "the server does not support TLS"
	ReasonNoAnswer           = "the server did not respond in time"
	ReasonAddressRefused     = "the server refuses connections from this address"
	ReasonInvalidReply       = "the server sent an invalid reply"
)

// ConnectionReason returns the reason of an error that the server did not
// send.
func ConnectionReason(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the server's TLS certificate could not be verified"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name could not be resolved"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return ReasonNoAnswer
	}
	if _, ok := errors.AsType[*ConnectFailure](err); ok {
		return "the server could not be reached"
	}
	return "the connection was lost"
}

// ConnectFailure marks an error that occurred while connecting. A server's
// error is then one of the connection, not of the statement.
type ConnectFailure struct{ Err error }

func (e *ConnectFailure) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *ConnectFailure) Unwrap() error { return e.Err }

// StoppedError marks the error of a statement that was stopped at its time
// limit.
type StoppedError struct{ Err error }

func (e *StoppedError) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *StoppedError) Unwrap() error { return e.Err }
