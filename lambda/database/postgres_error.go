//go:build !onedriver || postgres || redshift

package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// codeCanceled is the SQLSTATE of a statement that was stopped.
const codeCanceled = "57014"

// postgresError turns the driver's error into one of this package's, or the
// context's.
func postgresError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, connecting := errors.AsType[*connectFailure](err)
	failed, fromServer := errors.AsType[*pgconn.PgError](err)
	// Redshift sends the localized one alone.
	if fromServer && !connecting && cmp.Or(failed.SeverityUnlocalized, failed.Severity) == "ERROR" {
		return &StatementError{Code: failed.Code, Message: postgresMessage(failed)}
	}
	if long, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err); ok {
		return &StatementError{Message: fmt.Sprintf(
			"the result holds a row of %d bytes, and %d is the most: select less of it",
			long.ActualBodyLen, long.MaxExpectedBodyLen)}
	}
	return &ConnectionError{
		Message:      "the database connection failed: " + postgresReason(err),
		Cause:        err,
		LoginRefused: fromServer && loginRefused(failed.Code),
	}
}

// loginRefused reports whether a SQLSTATE is of the class "invalid
// authorization specification".
func loginRefused(code string) bool { return strings.HasPrefix(code, "28") }

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

// postgresReason says in words for a caller's eyes why there is no connection.
func postgresReason(err error) string {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return serverReason(failed.Code)
	}
	if strings.Contains(err.Error(), "server refused TLS connection") {
		return noTLS
	}
	return connectionReason(err)
}

func serverReason(code string) string {
	switch {
	case loginRefused(code):
		return refusedLogin
	case code == "3D000":
		return noDatabase
	case code == "53300":
		return noConnectionLeft
	case code == "57P03":
		return "it is starting or shutting down"
	case strings.HasPrefix(code, "57P"):
		return endedByServer
	default:
		return refusedWithCode + code
	}
}
