package ask

import "net/http"

// Code is the outcome of a question. A failed answer holds it as error_code.
type Code string

// The codes and their HTTP statuses. A caller's error is 4xx. A question without
// SQL or rows is 200 with ran_successfully false, as Defog's clients expect. An
// unreachable service is 502, a timeout 504.
const (
	OK                   Code = "ok"                     // 200; in the log only
	Accepted             Code = "accepted"               // 202; in the log only: a long question
	GeneratorRefused     Code = "generator_refused"      // 200: the generator has no SQL for the question
	StatementFailed      Code = "statement_failed"       // 200: the database rejected the SQL of each attempt
	Cancelled            Code = "cancelled"              // 200: the caller cancelled a long question
	BadRequest           Code = "bad_request"            // 400: invalid JSON, or a missing, unknown or invalid field
	CallerDenied         Code = "caller_denied"          // 403: the caller is unknown, or a claim is missing or invalid
	NotFound             Code = "not_found"              // 404: a long question that is unknown, has expired, or belongs to another caller
	MethodNotAllowed     Code = "method_not_allowed"     // 405: not POST
	RequestTooLarge      Code = "request_too_large"      // 413: the body exceeds maxBody
	UnsupportedMediaType Code = "unsupported_media_type" // 415: the content type is not JSON
	Internal             Code = "internal"               // 500: internal error, see the log
	Interrupted          Code = "interrupted"            // 500: the function that answered a long question crashed, or ran out of time
	GeneratorUnreachable Code = "generator_unreachable"  // 502: down, access denied, or an invalid response
	DatabaseUnreachable  Code = "database_unreachable"   // 502: down, or the login failed
	NotReady             Code = "not_ready"              // 503: invalid settings, dependencies or database, see the log
	AnswersUnavailable   Code = "answers_unavailable"    // 503: the state of a long question cannot be read or written
	GeneratorTimeout     Code = "generator_timeout"      // 504: no SQL in time
	DatabaseTimeout      Code = "database_timeout"       // 504: no rows in time
	NotStarted           Code = "not_started"            // 504: a long question waited in the queue for too long, or its event was lost
)

// Status returns the code's HTTP status.
func (c Code) Status() int {
	switch c {
	case OK, GeneratorRefused, StatementFailed, Cancelled:
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
	case GeneratorUnreachable, DatabaseUnreachable:
		return http.StatusBadGateway
	case NotReady, AnswersUnavailable:
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
}
