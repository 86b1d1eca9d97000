package mysql

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/lambda/database"
)

// Codes of a statement that was stopped.
const (
	codeInterrupted = 1317
	mysqlTimeout    = "3024" // by MySQL's max_execution_time
	mariadbTimeout  = "1969" // by MariaDB's max_statement_time
)

// closingCodes are the codes with which the server closes the connection.
var closingCodes = []uint16{
	1053, // shutdown
	1152, // aborted connection
	1184,
	1927, // killed session
	3169,
	4031, // idle for too long
}

// loginCodes are the codes of refused logins: password, method, expiry, lock.
var loginCodes = []uint16{1045, 1698, 1820, 1862, 3118, 4151}

// newError converts the driver's error to one of package database, or returns
// that of ctx.
func newError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed, ok := errors.AsType[*database.StatementError](err); ok {
		return failed
	}
	_, connecting := errors.AsType[*database.ConnectFailure](err)
	failed, fromServer := errors.AsType[*mysql.MySQLError](err)
	if fromServer && !connecting && !slices.Contains(closingCodes, failed.Number) {
		return &database.StatementError{Code: strconv.Itoa(int(failed.Number)), Message: failed.Message}
	}
	return database.NewConnectionError(reason(err), err)
}

// errorCode returns the server's code of an error, 0 for other errors.
func errorCode(err error) uint16 {
	if failed, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return failed.Number
	}
	return 0
}

// reason returns the reason of a ConnectionError.
func reason(err error) string {
	code := errorCode(err)
	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return database.ReasonNoTLS
	case code == 0:
		return database.ConnectionReason(err)
	case slices.Contains(loginCodes, code):
		return database.ReasonLoginRefused
	case slices.Contains(closingCodes, code):
		return database.ReasonClosedByServer
	}
	switch code {
	case 1044, 1049: // 1044: the user has no privileges on the database
		return database.ReasonNoDatabase
	case 1040, 1203, 1226:
		return database.ReasonTooManyConnections
	case 1129, 1130:
		return database.ReasonAddressRefused
	case 3159:
		return "the server requires TLS"
	default:
		return database.ReasonCode + strconv.Itoa(int(code))
	}
}
