package bigquery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"defog-cdk/lambda/database"
)

// reasonStopped is the service's reason of a job that was stopped.
const reasonStopped = "stopped"

// failure is an error of the service.
type failure struct {
	status  int // HTTP status; 0 for an error of a job
	reason  string
	message string
}

func (e *failure) Error() string {
	return fmt.Sprintf("HTTP status %d (%s): %s", e.status, e.reason, e.message)
}

// newFailure parses an error reply. A reply in another format has only a
// status.
func newFailure(status int, reply []byte) *failure {
	var body struct {
		Error struct {
			Message string        `json:"message"`
			Status  string        `json:"status"`
			Errors  []errorDetail `json:"errors"`
		} `json:"error"`
	}
	failed := &failure{status: status}
	if json.Unmarshal(reply, &body) != nil {
		return failed
	}
	failed.message, failed.reason = body.Error.Message, body.Error.Status
	if len(body.Error.Errors) > 0 {
		first := body.Error.Errors[0]
		failed.message, failed.reason = cmp.Or(failed.message, first.Message), cmp.Or(first.Reason, failed.reason)
	}
	return failed
}

// Reasons of the service: https://cloud.google.com/bigquery/docs/error-messages
var (
	transientReasons = []string{"backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded", "jobRateLimitExceeded"}
	quotaReasons     = []string{"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded", "billingNotEnabled"}
	// Another statement may succeed after these.
	statementReasons = []string{
		"invalidQuery", "invalid", "notFound", "accessDenied", "duplicate", "responseTooLarge", "resourcesExceeded",
		"bytesBilledLimitExceeded", "billingTierLimitExceeded", "notImplemented", "timeout", "badRequest", "noSchema", reasonStopped,
	}
)

// jobsPermission is in the message of an account that may run no queries.
const jobsPermission = "bigquery.jobs.create"

// Transient implements database.TransientError.
func (e *failure) Transient() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError ||
		slices.Contains(transientReasons, e.reason)
}

// ofStatement reports whether the failure is a StatementError.
func (e *failure) ofStatement() bool {
	return slices.Contains(statementReasons, e.reason) && !strings.Contains(e.message, jobsPermission)
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
	if failed, ok := errors.AsType[*failure](err); ok && failed.ofStatement() {
		return &database.StatementError{Code: failed.reason, Message: failed.message}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &database.StatementError{Message: fmt.Sprintf("the result has a page of more than %d bytes: select less of it", maxReplyBytes)}
	}
	return database.NewConnectionError(reason(err), err)
}

// reason returns the reason of a ConnectionError.
func reason(err error) string {
	if failed, ok := errors.AsType[*failure](err); ok {
		switch {
		case failed.status == http.StatusUnauthorized:
			return database.ReasonLoginRefused
		case slices.Contains(quotaReasons, failed.reason), failed.status == http.StatusTooManyRequests:
			return "the project's quota is exceeded"
		case strings.Contains(failed.message, jobsPermission):
			return "the account may not run queries"
		case failed.status == 0:
			return database.ReasonCode + failed.reason
		}
		return database.ReasonCode + strconv.Itoa(failed.status)
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if status := refused.Response.StatusCode; status != http.StatusBadRequest && status != http.StatusUnauthorized {
			return database.ReasonCode + strconv.Itoa(status)
		}
		return database.ReasonLoginRefused
	}
	if _, ok := errors.AsType[*database.InvalidReplyError](err); ok {
		return database.ReasonInvalidReply
	}
	return database.ConnectionReason(err)
}
