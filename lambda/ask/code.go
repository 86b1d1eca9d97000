package ask

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/spending"
)

// Code is the outcome of a question. A failed answer holds it as error_code.
type Code string

// The codes and their HTTP statuses. A caller's error is 4xx. A question without
// SQL or rows is 200 with ran_successfully false, as Defog's clients expect. An
// unreachable service is 502, a timeout 504.
const (
	OK                   Code = "ok"                     // 200; in the log only
	Accepted             Code = "accepted"               // 202; in the log only: a long question
	GeneratorRefused     Code = "generator_refused"      // 200: the generator has no SQL for the question
	ClarificationNeeded  Code = "clarification_needed"   // 200: the question is ambiguous
	StatementFailed      Code = "statement_failed"       // 200: the database rejected the SQL of each attempt
	Cancelled            Code = "cancelled"              // 200: the caller cancelled a long question
	BadRequest           Code = "bad_request"            // 400: invalid JSON, or a missing, unknown or invalid field
	CallerDenied         Code = "caller_denied"          // 403: the caller is unknown, or a claim is missing or invalid
	NotFound             Code = "not_found"              // 404: a long question, or an answer for feedback, that is unknown, has expired, or belongs to another caller
	MethodNotAllowed     Code = "method_not_allowed"     // 405: not POST
	RequestTooLarge      Code = "request_too_large"      // 413: the body exceeds maxBody
	UnsupportedMediaType Code = "unsupported_media_type" // 415: the content type is not JSON
	TokenLimit           Code = "token_limit"            // 429: the question needs more tokens of the model than one question may
	CostLimit            Code = "cost_limit"             // 429: the day's questions have used up the model's budget
	Internal             Code = "internal"               // 500: internal error, see the log
	Interrupted          Code = "interrupted"            // 500: the function that answered a long question crashed, or ran out of time
	GeneratorUnreachable Code = "generator_unreachable"  // 502: down, access denied, or an invalid response
	DatabaseUnreachable  Code = "database_unreachable"   // 502: down, or the login failed
	NotReady             Code = "not_ready"              // 503: invalid settings, dependencies or database, see the log
	SpendingUnavailable  Code = "spending_unavailable"   // 503: the cost of the day's questions cannot be read
	AnswersUnavailable   Code = "answers_unavailable"    // 503: the state of a long question cannot be read or written
	HistoryUnavailable   Code = "history_unavailable"    // 503: feedback cannot be stored
	GeneratorTimeout     Code = "generator_timeout"      // 504: no SQL in time
	DatabaseTimeout      Code = "database_timeout"       // 504: no rows in time
	NotStarted           Code = "not_started"            // 504: a long question waited in the queue for too long, or its event was lost
)

// Status returns the code's HTTP status.
func (c Code) Status() int {
	switch c {
	case OK, GeneratorRefused, ClarificationNeeded, StatementFailed, Cancelled:
		return http.StatusOK
	case Accepted:
		return http.StatusAccepted
	case BadRequest:
		return http.StatusBadRequest
	case CallerDenied:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case TokenLimit, CostLimit:
		return http.StatusTooManyRequests
	case GeneratorUnreachable, DatabaseUnreachable:
		return http.StatusBadGateway
	case NotReady, AnswersUnavailable, SpendingUnavailable, HistoryUnavailable:
		return http.StatusServiceUnavailable
	case GeneratorTimeout, DatabaseTimeout, NotStarted:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// failure is the error of a question.
type failure struct {
	code    Code
	message string // for the caller
	sql     string // the question's first statement; "" without one
	state   string // the database's code of a failed statement, for the log
	cause   error  // for the log
	final   bool   // no other statement is tried

	clarification *generate.Clarification // of ClarificationNeeded

	until *time.Time    // end of a limit; nil if unknown
	after time.Duration // pause before a repetition, without an end; 0 for none
}

// unless returns the failure of a statement whose next attempt failed: that of a limit,
// or the statement's own.
func (f *failure) unless(next *failure) *failure {
	if next.isLimit() {
		next.sql, next.state = f.sql, f.state
		return next
	}
	f.cause = next.cause
	return f
}

func (f *failure) isLimit() bool {
	return f.code == TokenLimit || f.code == CostLimit || f.code == SpendingUnavailable
}

// limited returns the failure of a question that a limit of the model's use refused.
func limited(refused *spending.Refusal) *failure {
	fail := &failure{message: refused.Message, cause: refused.Cause, after: refused.After}
	switch refused.Reason {
	case spending.TooManyTokens:
		fail.code = TokenLimit
	case spending.DaySpent:
		fail.code, fail.until = CostLimit, &refused.Until
	default:
		fail.code = SpendingUnavailable
	}
	return fail
}

// retryAfter returns the value of the header Retry-After, "" for none. Only a date
// suits an answer that is stored, because it is read later.
func (f *failure) retryAfter(isStored bool) string {
	switch {
	case f.until != nil && isStored:
		return f.until.UTC().Format(http.TimeFormat)
	case f.until != nil:
		return strconv.Itoa(max(1, int(math.Ceil(time.Until(*f.until).Seconds()))))
	case f.after > 0:
		return strconv.Itoa(int(f.after.Seconds()))
	}
	return ""
}
