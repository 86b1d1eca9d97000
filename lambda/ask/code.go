package ask

import "net/http"

// Code says in one word how a question ended. A failed answer carries it as
// error_code.
type Code string

// The codes, and the HTTP status of each. What the caller got wrong is 4xx. A
// question that was handled and has no rows all the same is 200 with
// ran_successfully false, as Defog's clients expect it. What could not be
// reached is 502, what took too long 504.
const (
	OK                   Code = "ok"                     // 200; the log's word, not part of an answer
	GeneratorRefused     Code = "generator_refused"      // 200: the generator has no SQL for this question
	StatementFailed      Code = "statement_failed"       // 200: the database refused the SQL, and every retry's
	BadRequest           Code = "bad_request"            // 400: bad JSON, or a field missing, unknown or wrong
	MethodNotAllowed     Code = "method_not_allowed"     // 405: not POST
	RequestTooLarge      Code = "request_too_large"      // 413: the body is over its limit
	UnsupportedMediaType Code = "unsupported_media_type" // 415: the content type is not JSON
	Internal             Code = "internal"               // 500: a fault of ours; the log has it
	GeneratorUnreachable Code = "generator_unreachable"  // 502: down, refuses us, or answers nonsense
	DatabaseUnreachable  Code = "database_unreachable"   // 502: down, or refuses the login
	NotReady             Code = "not_ready"              // 503: settings, dependencies or database are at fault; the log has it
	GeneratorTimeout     Code = "generator_timeout"      // 504: no SQL in time
	DatabaseTimeout      Code = "database_timeout"       // 504: no rows in time
)

// Status returns the code's HTTP status.
func (c Code) Status() int {
	switch c {
	case OK, GeneratorRefused, StatementFailed:
		return http.StatusOK
	case BadRequest:
		return http.StatusBadRequest
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case GeneratorUnreachable, DatabaseUnreachable:
		return http.StatusBadGateway
	case NotReady:
		return http.StatusServiceUnavailable
	case GeneratorTimeout, DatabaseTimeout:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// failure is a question that ended without an answer.
type failure struct {
	code    Code
	message string // for the caller
	sql     string // the question's first statement; "" when there is none
	state   string // the database's code for a failed statement; for the log
	cause   error  // for the log
}
