//go:build !onedriver || sqlserver

package database

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"
)

// Codes of a statement that was stopped. For one that an attention stopped the
// server has no code, and ODBC has this one.
const (
	sqlserverStopped = "HYT00"
	sqlserverLocked  = "1222" // it waited for a lock for too long
)

// fatalClass is the lowest class of errors that end the session.
// https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-error-severities
const fatalClass = 20

// Numbers of errors, from
// https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
// and, for Azure,
// https://learn.microsoft.com/en-us/azure/azure-sql/database/troubleshoot-common-errors-issues
var (
	// The server is about to leave.
	sqlserverLeaving = []int32{
		596,         // the session was killed
		6005, 17147, // it is shutting down
		40143, 40166, 40197, 40540, // Azure moves the database elsewhere
	}

	// Refused logins: the password, its age, or a lock.
	sqlserverRefusing = []int32{18452, 18456, 18463, 18464, 18465, 18466, 18467, 18468, 18470, 18486, 18487, 18488}

	sqlserverNoDatabase = []int32{4060, 4063, 40532, 40613}
	sqlserverCrowded    = []int32{17809, 10928, 10929, 10936, 40501, 49918, 49919, 49920}
	sqlserverNotHere    = []int32{40615, 40914, 47073}
)

// sqlserverError turns the driver's error into one of this package's, or the
// context's.
func sqlserverError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, stopped := errors.AsType[*stoppedError](err); stopped {
		return &StatementError{Code: sqlserverStopped, Message: "the statement was stopped"}
	}
	_, connecting := errors.AsType[*connectFailure](err)
	failed, fromServer := errors.AsType[mssql.Error](err)
	if fromServer && !connecting && failed.Class < fatalClass && !has(failed, sqlserverLeaving) {
		return statementError(failed)
	}
	return &ConnectionError{
		Message:      "the database connection failed: " + sqlserverReason(err, failed),
		Cause:        verificationError(err),
		LoginRefused: fromServer && sqlserverReason(err, failed) == refusedLogin,
	}
}

// statementError gives all that the server said of a statement; the first
// error is the cause of the others.
func statementError(failed mssql.Error) error {
	all := failed.All
	if len(all) == 0 {
		all = []mssql.Error{failed}
	}
	messages := make([]string, len(all))
	for i, one := range all {
		messages[i] = one.Message
	}
	return &StatementError{Code: strconv.Itoa(int(all[0].Number)), Message: strings.Join(messages, "\n")}
}

// has reports whether one of an error's numbers is in the list.
func has(failed mssql.Error, numbers []int32) bool {
	return slices.Contains(numbers, failed.Number) ||
		slices.ContainsFunc(failed.All, func(one mssql.Error) bool { return slices.Contains(numbers, one.Number) })
}

// verificationError finds a certificate that could not be verified in what the
// driver says of a handshake, of whose error it keeps the text alone.
func verificationError(err error) error {
	if text := err.Error(); strings.Contains(text, "tls: failed to verify certificate") {
		return &tls.CertificateVerificationError{Err: err}
	}
	return err
}

// sqlserverReason says in words for a caller's eyes why there is no connection.
func sqlserverReason(err error, failed mssql.Error) string {
	switch {
	case has(failed, sqlserverNoDatabase): // before the refused login, which comes with it
		return noDatabase
	case has(failed, sqlserverRefusing):
		return refusedLogin
	case has(failed, sqlserverCrowded):
		return noConnectionLeft
	case has(failed, sqlserverNotHere):
		return noConnectionsFromHere
	case has(failed, sqlserverLeaving), failed.Class >= fatalClass && failed.Number != 0:
		return endedByServer
	case failed.Number != 0:
		return refusedWithCode + strconv.Itoa(int(failed.Number))
	case strings.Contains(err.Error(), "server does not support encryption"):
		return noTLS
	}
	return connectionReason(verificationError(err))
}
