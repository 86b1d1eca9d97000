//go:build !onedriver || databricks

package database

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

	"defog-cdk/lambda/database/hive"
)

// databricksStopped is the SQLSTATE of a statement that was stopped.
const databricksStopped = "HY008"

// What a response's status and an operation's state can be.
const (
	statusSuccess         = 0
	statusSuccessWithInfo = 1
	statusStillExecuting  = 2
	statusInvalidHandle   = 4

	stateInitialized = 0
	stateRunning     = 1
	stateFinished    = 2
	stateCanceled    = 3
	stateClosed      = 4
	statePending     = 7
	stateTimedOut    = 8
)

// hiveFailure is an answer that is not one of success.
type hiveFailure struct {
	status  int    // HTTP's; 0 for an answer in the protocol
	state   string // SQLSTATE, "" for none
	message string
	handle  bool // the session or the operation is not known
}

func (e *hiveFailure) Error() string {
	return fmt.Sprintf("HTTP status %d (SQLSTATE %q): %s", e.status, e.state, e.message)
}

// statusFailure is what a response's status says.
func statusFailure(status hive.Struct) *hiveFailure {
	return &hiveFailure{
		state: status.Text(3), message: cmp.Or(status.Text(6), status.Text(5)), handle: status.Int(1) == statusInvalidHandle,
	}
}

// operationFailure is what an operation's status says that has not succeeded.
func operationFailure(status hive.Struct) *hiveFailure {
	failed := &hiveFailure{state: status.Text(3), message: cmp.Or(status.Text(1281), status.Text(5))}
	switch status.Int(2) {
	case stateCanceled, stateClosed, stateTimedOut:
		failed.state, failed.message = databricksStopped, cmp.Or(failed.message, "the server stopped the statement")
	}
	return failed
}

func (e *hiveFailure) passing() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError
}

// ofSession reports whether the session is over, in the words of Spark and of
// Databricks.
func (e *hiveFailure) ofSession() bool {
	return e.handle || e.status == http.StatusNotFound || slices.ContainsFunc(
		[]string{"SessionHandle", "INVALID_SESSION", "session is closed", "Session does not exist"},
		func(words string) bool { return strings.Contains(e.message, words) })
}

// databricksError turns an error into one of this package's, or the context's.
func databricksError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*StatementError](err); ok {
		return err
	}
	failed, answered := errors.AsType[*hiveFailure](err)
	_, connecting := errors.AsType[*connectFailure](err)
	if answered && failed.status == 0 && !connecting && !failed.handle {
		return failed.statement()
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &StatementError{Message: fmt.Sprintf("the result's rows are longer than %d bytes: select less of them", databricksReply)}
	}
	return &ConnectionError{
		Message:      "the database connection failed: " + databricksReason(err),
		Cause:        err,
		LoginRefused: answered && (failed.status == http.StatusUnauthorized || failed.status == http.StatusForbidden),
	}
}

// databricksReason says in words for a caller's eyes why there is no answer.
func databricksReason(err error) string {
	if _, ok := errors.AsType[*unreadableReply](err); ok {
		return "its answer is not what the protocol promises"
	}
	failed, ok := errors.AsType[*hiveFailure](err)
	if !ok {
		return connectionReason(err)
	}
	switch failed.status {
	case 0:
		return "its session could not be set up"
	case http.StatusUnauthorized, http.StatusForbidden:
		return refusedLogin
	case http.StatusNotFound:
		return "there is no warehouse or cluster at http_path"
	case http.StatusTooManyRequests:
		return noConnectionLeft
	case http.StatusServiceUnavailable:
		return "it is starting or shutting down"
	default:
		return refusedWithCode + strconv.Itoa(failed.status)
	}
}

// sparkCondition is where Spark's own words begin, [DIVIDE_BY_ZERO] …, and
// sparkState what they end in. Around them the server puts its classes, the
// statement's plan and its stack.
var (
	sparkCondition = regexp.MustCompile(`\[[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)*\] `)
	sparkState     = regexp.MustCompile(`SQLSTATE: ([0-9A-Z]{5})`)
)

// statement is the failure in the words of the server that are for whoever wrote
// the statement. Its condition comes twice: before its class's name, and before
// the words.
func (e *hiveFailure) statement() *StatementError {
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
	message, _, _ = strings.Cut(message, "\n\tat ") // the stack
	message = strings.TrimSpace(message)
	return &StatementError{Code: cmp.Or(state, "HY000"), Message: cmp.Or(message, "the statement failed")}
}
