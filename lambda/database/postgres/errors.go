package postgres

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"defog-cdk/lambda/database"
)

// codeCanceled is the SQLSTATE of a statement that was stopped.
const codeCanceled = "57014"

// codeDivision is the SQLSTATE of a division by zero.
const codeDivision = "22012"

// newError converts the driver's error to one of package database, or returns
// that of ctx.
func newError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, connecting := errors.AsType[*database.ConnectFailure](err)
	failed, fromServer := errors.AsType[*pgconn.PgError](err)
	// Redshift sends the localized severity only.
	if fromServer && !connecting && cmp.Or(failed.SeverityUnlocalized, failed.Severity) == "ERROR" {
		return &database.StatementError{Code: failed.Code, Message: message(failed)}
	}
	if _, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err); ok {
		return database.RowTooLarge()
	}
	if failed, ok := errors.AsType[*database.StatementError](err); ok {
		return failed
	}
	return database.NewConnectionError(reason(err), err)
}

// message returns the server's message with its hint. Details belong to the
// message only in class 42, where they describe the statement; elsewhere they
// can hold rows of the database.
func message(err *pgconn.PgError) string {
	text := err.Message
	if err.Detail != "" && strings.HasPrefix(err.Code, "42") {
		text += "\nDETAIL:  " + err.Detail
	}
	if err.Hint != "" {
		text += "\nHINT:  " + err.Hint
	}
	return text
}

// reason returns the reason of a ConnectionError.
func reason(err error) string {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok && strings.Contains(err.Error(), "server refused TLS connection"):
		return database.ReasonNoTLS
	case !ok:
		return database.ConnectionReason(err)
	case strings.HasPrefix(failed.Code, "28"): // invalid authorization specification
		return database.ReasonLoginRefused
	case failed.Code == "3D000":
		return database.ReasonNoDatabase
	case failed.Code == "53300":
		return database.ReasonTooManyConnections
	case failed.Code == "57P03":
		return database.ReasonStarting
	case strings.HasPrefix(failed.Code, "57P"):
		return database.ReasonClosedByServer
	default:
		return database.ReasonCode + failed.Code
	}
}
