//go:build !onedriver || snowflake

package database

import (
	"context"
	"errors"
	"fmt"
	"slices"

	sf "github.com/snowflakedb/gosnowflake/v2"
)

// Codes of a statement that was stopped.
const (
	snowflakeCanceled = "000604"
	snowflakeTimeout  = "000630" // by STATEMENT_TIMEOUT_IN_SECONDS
)

// Numbers of errors, from
// https://community.snowflake.com/s/article/Snowflake-Error-Codes and the
// driver's own, https://github.com/snowflakedb/gosnowflake/blob/master/errors.go
var (
	// Refused logins: the password, its age, a lock, the key, the role.
	snowflakeRefusing = []int{390100, 390101, 390102, 390103, 390106, 390107, 390110, 390127, 390129, 390144, 390186, 390189, 390318, 394300, 394302, 394304}

	// The session is over: its token, or what renews that, has expired.
	snowflakeOver = []int{390104, 390111, 390112, 390113, 390114, 390115, 390195}

	snowflakeNoDatabase = []int{390201}
	snowflakeNotHere    = []int{390420, 390422, 390432}
)

// snowflakeRemote is where the numbers of the driver's own errors begin and end.
const snowflakeDriver, snowflakeDriverEnd = 260000, 290000

// isOver reports whether a statement was not run, for its session is over.
func isOver(err error) bool {
	failed, ok := errors.AsType[*sf.SnowflakeError](err)
	return ok && slices.Contains(snowflakeOver, failed.Number)
}

// snowflakeError turns the driver's error into one of this package's, or the
// context's.
func snowflakeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, stopped := errors.AsType[*stoppedError](err); stopped {
		return &StatementError{Code: snowflakeCanceled, Message: "the statement was stopped"}
	}
	_, connecting := errors.AsType[*connectFailure](err)
	failed, fromServer := errors.AsType[*sf.SnowflakeError](err)
	if fromServer && !connecting && !isOver(err) && (failed.Number < snowflakeDriver || failed.Number >= snowflakeDriverEnd) {
		return &StatementError{Code: fmt.Sprintf("%06d", failed.Number), Message: failed.Message}
	}
	number := 0
	if fromServer {
		number = failed.Number
	}
	reason := snowflakeReason(err, number)
	return &ConnectionError{
		Message:      "the database connection failed: " + reason,
		Cause:        err,
		LoginRefused: reason == refusedLogin,
	}
}

// snowflakeReason says in words for a caller's eyes why there is no session.
func snowflakeReason(err error, number int) string {
	switch {
	case slices.Contains(snowflakeRefusing, number):
		return refusedLogin
	case slices.Contains(snowflakeNoDatabase, number):
		return noDatabase
	case slices.Contains(snowflakeNotHere, number):
		return noConnectionsFromHere
	case slices.Contains(snowflakeOver, number):
		return endedByServer
	case number == sf.ErrCodeFailedToConnect:
		return "there is no account of that name"
	case number != 0:
		return fmt.Sprintf("%s%06d", refusedWithCode, number)
	}
	return connectionReason(err)
}
