package sqlserver

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/lambda/database"
)

// Codes of a statement that was stopped. The server has no code for an
// attention; codeStopped is ODBC's.
const (
	codeStopped     = "HYT00"
	codeLockTimeout = "1222"
)

// fatalClass is the lowest severity that ends the session.
// https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-error-severities
const fatalClass = 20

// Error numbers, from
// https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
// and, for Azure,
// https://learn.microsoft.com/en-us/azure/azure-sql/database/troubleshoot-common-errors-issues
var (
	closingNumbers = []int32{
		596,         // killed session
		6005, 17147, // shutdown
		40143, 40166, 40197, 40540, // Azure moves the database
	}

	// Refused logins: password, expiry, lock.
	loginNumbers = []int32{18452, 18456, 18463, 18464, 18465, 18466, 18467, 18468, 18470, 18486, 18487, 18488}

	noDatabaseNumbers         = []int32{4060, 4063, 40532, 40613}
	tooManyConnectionsNumbers = []int32{17809, 10928, 10929, 10936, 40501, 49918, 49919, 49920}
	addressNumbers            = []int32{40615, 40914, 47073}
)

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
		return &database.StatementError{Code: codeStopped, Message: "the statement was stopped"}
	}
	_, connecting := errors.AsType[*database.ConnectFailure](err)
	failed, fromServer := errors.AsType[mssql.Error](err)
	if fromServer && !connecting && failed.Class < fatalClass && !has(failed, closingNumbers) {
		return statementError(failed)
	}
	return database.NewConnectionError(reason(err, failed), verificationError(err))
}

// statementError returns all messages of the server with the number of the
// first error, which causes the others.
func statementError(failed mssql.Error) error {
	all := failed.All
	if len(all) == 0 {
		all = []mssql.Error{failed}
	}
	messages := make([]string, len(all))
	for i, one := range all {
		messages[i] = one.Message
	}
	return &database.StatementError{Code: strconv.Itoa(int(all[0].Number)), Message: strings.Join(messages, "\n")}
}

// has reports whether one of an error's numbers is in the list.
func has(failed mssql.Error, numbers []int32) bool {
	return slices.Contains(numbers, failed.Number) ||
		slices.ContainsFunc(failed.All, func(one mssql.Error) bool { return slices.Contains(numbers, one.Number) })
}

// verificationError restores the type of a certificate error: the driver keeps
// only the text of a failed handshake.
func verificationError(err error) error {
	if strings.Contains(err.Error(), "tls: failed to verify certificate") {
		return &tls.CertificateVerificationError{Err: err}
	}
	return err
}

// reason returns the reason of a ConnectionError.
func reason(err error, failed mssql.Error) string {
	switch {
	case has(failed, noDatabaseNumbers): // comes with the number of a refused login
		return database.ReasonNoDatabase
	case has(failed, loginNumbers):
		return database.ReasonLoginRefused
	case has(failed, tooManyConnectionsNumbers):
		return database.ReasonTooManyConnections
	case has(failed, addressNumbers):
		return database.ReasonAddressRefused
	case has(failed, closingNumbers), failed.Class >= fatalClass && failed.Number != 0:
		return database.ReasonClosedByServer
	case failed.Number != 0:
		return database.ReasonCode + strconv.Itoa(int(failed.Number))
	case strings.Contains(err.Error(), "server does not support encryption"):
		return database.ReasonNoTLS
	}
	return database.ConnectionReason(verificationError(err))
}
