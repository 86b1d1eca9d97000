//go:build !onedriver || mysql

package database

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

// Codes of a statement that was stopped.
const (
	codeInterrupted = 1317
	mysqlTimeout    = "3024" // by MySQL's max_execution_time
	mariadbTimeout  = "1969" // by MariaDB's max_statement_time
)

// Codes by which the server says that it is about to leave.
var mysqlLeaving = []uint16{
	1053, // it is shutting down
	1152, // it breaks the connection off
	1184,
	1927, // the session was killed
	3169,
	4031, // the session was idle for too long
}

// Codes of refused logins: the password, the way to log in, its age, or a lock.
var mysqlRefusing = []uint16{1045, 1698, 1820, 1862, 3118, 4151}

// mysqlError turns the driver's error into one of this package's, or the
// context's.
func mysqlError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, connecting := errors.AsType[*connectFailure](err)
	failed, fromServer := errors.AsType[*mysql.MySQLError](err)
	if fromServer && !connecting && !slices.Contains(mysqlLeaving, failed.Number) {
		return &StatementError{Code: strconv.Itoa(int(failed.Number)), Message: failed.Message}
	}
	return &ConnectionError{
		Message:      "the database connection failed: " + mysqlReason(err),
		Cause:        err,
		LoginRefused: fromServer && slices.Contains(mysqlRefusing, failed.Number),
	}
}

// mysqlCode returns the server's code for an error, 0 if it is not the
// server's.
func mysqlCode(err error) uint16 {
	if failed, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return failed.Number
	}
	return 0
}

// mysqlReason says in words for a caller's eyes why there is no connection.
func mysqlReason(err error) string {
	code := mysqlCode(err)
	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return noTLS
	case code == 0:
		return connectionReason(err)
	case slices.Contains(mysqlRefusing, code):
		return refusedLogin
	case slices.Contains(mysqlLeaving, code):
		return endedByServer
	}
	switch code {
	case 1044, 1049: // to a user without rights on it, it does not exist
		return noDatabase
	case 1040, 1203, 1226:
		return noConnectionLeft
	case 1129, 1130:
		return noConnectionsFromHere
	case 3159:
		return "it wants TLS"
	default:
		return refusedWithCode + strconv.Itoa(int(code))
	}
}
