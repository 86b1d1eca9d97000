//go:build !onedriver || bigquery

package database

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
)

// bigqueryStopped is the reason of a job that was stopped.
const bigqueryStopped = "stopped"

// bigqueryFailure is an answer of the service that is not one of success.
type bigqueryFailure struct {
	status  int // HTTP's; 0 for that of a job
	reason  string
	message string
}

func (e *bigqueryFailure) Error() string {
	return fmt.Sprintf("HTTP status %d (%s): %s", e.status, e.reason, e.message)
}

// newBigQueryFailure reads what the reply says, as far as it is of the API's
// form.
func newBigQueryFailure(status int, reply []byte) *bigqueryFailure {
	var body struct {
		Error struct {
			Message string          `json:"message"`
			Status  string          `json:"status"`
			Errors  []bigqueryFault `json:"errors"`
		} `json:"error"`
	}
	failed := &bigqueryFailure{status: status}
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
	bigqueryPassing = []string{"backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded", "jobRateLimitExceeded"}
	bigqueryQuota   = []string{"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded", "billingNotEnabled"}
	// What the statement is at fault for, or may be.
	bigqueryFaults = []string{
		"invalidQuery", "invalid", "notFound", "accessDenied", "duplicate", "responseTooLarge", "resourcesExceeded",
		"bytesBilledLimitExceeded", "billingTierLimitExceeded", "notImplemented", "timeout", "badRequest", "noSchema", bigqueryStopped,
	}
)

func (e *bigqueryFailure) passing() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError ||
		slices.Contains(bigqueryPassing, e.reason)
}

// ofStatement reports whether another statement might fare better.
func (e *bigqueryFailure) ofStatement() bool {
	return slices.Contains(bigqueryFaults, e.reason) && !strings.Contains(e.message, "bigquery.jobs.create")
}

// bigqueryError turns an error into one of this package's, or the context's.
func bigqueryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*StatementError](err); ok {
		return err
	}
	failed, answered := errors.AsType[*bigqueryFailure](err)
	if answered && failed.ofStatement() {
		return &StatementError{Code: failed.reason, Message: failed.message}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &StatementError{Message: fmt.Sprintf("the result's rows are longer than %d bytes: select less of them", bigqueryReply)}
	}
	return &ConnectionError{
		Message:      "the database connection failed: " + bigqueryReason(err),
		Cause:        err,
		LoginRefused: bigqueryLoginRefused(err),
	}
}

// bigqueryLoginRefused reports whether the key, or the token that was given for
// it, is not or not any longer right.
func bigqueryLoginRefused(err error) bool {
	if failed, ok := errors.AsType[*bigqueryFailure](err); ok {
		return failed.status == http.StatusUnauthorized
	}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	return ok && (refused.Response.StatusCode == http.StatusBadRequest || refused.Response.StatusCode == http.StatusUnauthorized)
}

// bigqueryReason says in words for a caller's eyes why there is no answer.
func bigqueryReason(err error) string {
	if bigqueryLoginRefused(err) {
		return refusedLogin
	}
	if failed, ok := errors.AsType[*bigqueryFailure](err); ok {
		switch {
		case slices.Contains(bigqueryQuota, failed.reason), failed.status == http.StatusTooManyRequests:
			return "its quota is used up"
		case strings.Contains(failed.message, "bigquery.jobs.create"):
			return "its user may not run queries"
		case failed.status == 0:
			return refusedWithCode + failed.reason
		}
		return refusedWithCode + strconv.Itoa(failed.status)
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return refusedWithCode + strconv.Itoa(refused.Response.StatusCode)
	}
	if _, ok := errors.AsType[*unreadableReply](err); ok {
		return "its answer is not what the protocol promises"
	}
	return connectionReason(err)
}
