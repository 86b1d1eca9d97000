//go:build !onedriver || postgres

package database

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// codeCanceled is the SQLSTATE of a statement that was stopped.
const codeCanceled = "57014"

// connectFailure says that an error came up while connecting, when even an
// error of the server's is one of the connection.
type connectFailure struct{ error }

func (e *connectFailure) Unwrap() error { return e.error }

// postgresError turns the driver's error into one of this package's, or the
// context's.
func postgresError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, connecting := errors.AsType[*connectFailure](err)
	failed, fromServer := errors.AsType[*pgconn.PgError](err)
	if fromServer && !connecting && failed.SeverityUnlocalized == "ERROR" {
		return &StatementError{Code: failed.Code, Message: postgresMessage(failed)}
	}
	if long, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err); ok {
		return &StatementError{Message: fmt.Sprintf(
			"the result holds a row of %d bytes, and %d is the most: select less of it",
			long.ActualBodyLen, long.MaxExpectedBodyLen)}
	}
	return &ConnectionError{Message: "the database connection failed: " + connectionReason(err), Cause: err}
}

// postgresMessage is the server's message, with what it adds to help whoever
// wrote the statement. Details of other errors can hold rows of the database.
func postgresMessage(err *pgconn.PgError) string {
	message := err.Message
	if err.Detail != "" && strings.HasPrefix(err.Code, "42") {
		message += "\nDETAIL:  " + err.Detail
	}
	if err.Hint != "" {
		message += "\nHINT:  " + err.Hint
	}
	return message
}

// connectionReason says in words for a caller's eyes why there is no
// connection.
func connectionReason(err error) string {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return serverReason(failed.Code)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its TLS certificate could not be verified"
	}
	if strings.Contains(err.Error(), "server refused TLS connection") {
		return "it does not speak TLS"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host name could not be resolved"
	}
	if timeout, ok := errors.AsType[net.Error](err); pgconn.Timeout(err) || ok && timeout.Timeout() ||
		errors.Is(err, context.DeadlineExceeded) {
		return "it did not answer in time"
	}
	if _, ok := errors.AsType[*connectFailure](err); ok {
		return "it could not be reached"
	}
	return "it was lost"
}

func serverReason(code string) string {
	switch {
	case strings.HasPrefix(code, "28"):
		return "the login was refused"
	case code == "3D000":
		return "there is no database of that name"
	case code == "53300":
		return "it has no connection left"
	case code == "57P03":
		return "it is starting or shutting down"
	case strings.HasPrefix(code, "57P"):
		return "it was ended by the server"
	default:
		return "the server refused it with code " + code
	}
}
