package snowflake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/lambda/database"
)

// Codes of a statement that was stopped.
const (
	codeCanceled = "000604"
	codeTimeout  = "000630" // by STATEMENT_TIMEOUT_IN_SECONDS
)

// Error numbers, from
// https://community.snowflake.com/s/article/Snowflake-Error-Codes and the
// driver's, https://github.com/snowflakedb/gosnowflake/blob/master/errors.go
var (
	// Refused logins: password, expiry, lock, key, role.
	loginNumbers = []int{390100, 390101, 390102, 390103, 390106, 390107, 390110, 390127, 390129, 390144, 390186, 390189, 390318, 394300, 394302, 394304}

	// Expired sessions: their token, or the token for its refresh.
	expiredNumbers = []int{390104, 390111, 390112, 390113, 390114, 390115, 390195}

	noDatabaseNumbers = []int{390201}
	addressNumbers    = []int{390420, 390422, 390432}
)

// Range of the numbers of the driver's own errors.
const firstDriverNumber, endOfDriverNumbers = 260000, 290000

// isExpired reports whether a statement did not run because its session has
// expired.
func isExpired(err error) bool {
	failed, ok := errors.AsType[*sf.SnowflakeError](err)
	return ok && slices.Contains(expiredNumbers, failed.Number)
}

// newError converts the driver's error to one of package database, or returns
// that of ctx.
func newError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed, ok := errors.AsType[*database.StatementError](err); ok {
		return failed
	}
	if _, stopped := errors.AsType[*database.StoppedError](err); stopped {
		return &database.StatementError{Code: codeCanceled, Message: "the statement was stopped"}
	}
	_, connecting := errors.AsType[*database.ConnectFailure](err)
	number := 0
	if failed, fromServer := errors.AsType[*sf.SnowflakeError](err); fromServer {
		number = failed.Number
		if !connecting && !isExpired(err) && (number < firstDriverNumber || number >= endOfDriverNumbers) {
			return &database.StatementError{Code: fmt.Sprintf("%06d", number), Message: failed.Message}
		}
	}
	return database.NewConnectionError(reason(err, number), err)
}

// reason returns the reason of a ConnectionError.
func reason(err error, number int) string {
	switch {
	case slices.Contains(loginNumbers, number):
		return database.ReasonLoginRefused
	case slices.Contains(noDatabaseNumbers, number):
		return database.ReasonNoDatabase
	case slices.Contains(addressNumbers, number):
		return database.ReasonAddressRefused
	case slices.Contains(expiredNumbers, number):
		return database.ReasonClosedByServer
	case number == sf.ErrCodeFailedToConnect:
		return "the account does not exist"
	case number != 0:
		return fmt.Sprintf("%s%06d", database.ReasonCode, number)
	}
	return database.ConnectionReason(err)
}
