package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databricks/hive"
)

// stateStopped is the SQLSTATE of a statement that was stopped.
const stateStopped = "HY008"

// Statuses of a response and states of an operation.
const (
	statusSuccess         = 0
	statusSuccessWithInfo = 1
	statusStillExecuting  = 2
	statusInvalidHandle   = 4

	operationInitialized = 0
	operationRunning     = 1
	operationFinished    = 2
	operationCanceled    = 3
	operationClosed      = 4
	operationPending     = 7
	operationTimedOut    = 8
)

// failure is an error of the server.
type failure struct {
	status        int    // HTTP status; 0 for an error in the protocol
	state         string // SQLSTATE; may be empty
	message       string
	unknownHandle bool // of the session or the operation
}

func (e *failure) Error() string {
	return fmt.Sprintf("HTTP status %d (SQLSTATE %q): %s", e.status, e.state, e.message)
}

// statusFailure returns the failure in a response's status.
func statusFailure(status hive.Struct) *failure {
	return &failure{
		state: status.Text(3), message: cmp.Or(status.Text(6), status.Text(5)), unknownHandle: status.Int(1) == statusInvalidHandle,
	}
}

// operationFailure returns the failure in an operation's status.
func operationFailure(status hive.Struct) *failure {
	failed := &failure{state: status.Text(3), message: cmp.Or(status.Text(1281), status.Text(5))}
	switch status.Int(2) {
	case operationCanceled, operationClosed, operationTimedOut:
		failed.state, failed.message = stateStopped, cmp.Or(failed.message, "the server stopped the statement")
	}
	return failed
}

// Transient implements database.TransientError.
func (e *failure) Transient() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError
}

// ofSession reports whether the session has expired, by the messages of Spark
// and of Databricks.
func (e *failure) ofSession() bool {
	return e.unknownHandle || e.status == http.StatusNotFound || slices.ContainsFunc(
		[]string{"SessionHandle", "INVALID_SESSION", "session is closed", "Session does not exist"},
		func(phrase string) bool { return strings.Contains(e.message, phrase) })
}

// newError converts an error to one of package database, or returns that of
// ctx.
func newError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*database.StatementError](err); ok {
		return err
	}
	failed, answered := errors.AsType[*failure](err)
	_, connecting := errors.AsType[*database.ConnectFailure](err)
	if answered && failed.status == 0 && !connecting && !failed.unknownHandle {
		return failed.statementError()
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &database.StatementError{Message: fmt.Sprintf("the result has a batch of more than %d bytes: select less of it", maxReplyBytes)}
	}
	return database.NewConnectionError(reason(err), err)
}

// reason returns the reason of a ConnectionError.
func reason(err error) string {
	if _, ok := errors.AsType[*database.InvalidReplyError](err); ok {
		return database.ReasonInvalidReply
	}
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return database.ConnectionReason(err)
	}
	switch failed.status {
	case 0:
		return "the session could not be opened"
	case http.StatusUnauthorized, http.StatusForbidden:
		return database.ReasonLoginRefused
	case http.StatusNotFound:
		return "db_creds.http_path leads to no warehouse or cluster"
	case http.StatusTooManyRequests:
		return database.ReasonTooManyConnections
	case http.StatusServiceUnavailable:
		return database.ReasonStarting
	default:
		return database.ReasonCode + strconv.Itoa(failed.status)
	}
}

// sparkCondition matches the start of Spark's message, [DIVIDE_BY_ZERO] …, and
// sparkState its end. The server surrounds it with Java classes, the
// statement's plan and a stack trace.
var (
	sparkCondition = regexp.MustCompile(`\[[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)*\] `)
	sparkState     = regexp.MustCompile(`SQLSTATE: ([0-9A-Z]{5})`)
)

// statementError returns Spark's message alone. The condition occurs twice:
// before the name of its class, and before the message.
func (e *failure) statementError() *database.StatementError {
	message, state := e.message, e.state
	if end := sparkState.FindStringSubmatchIndex(message); end != nil {
		state = message[end[2]:end[3]]
		message = message[:end[0]]
	}
	if condition := sparkCondition.FindString(message); condition != "" {
		message = message[strings.LastIndex(message, condition):]
	} else {
		message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	}
	message, _, _ = strings.Cut(message, "\n\tat ") // the stack trace
	message = strings.TrimSpace(message)
	return &database.StatementError{Code: cmp.Or(state, "HY000"), Message: cmp.Or(message, "the statement failed")}
}
