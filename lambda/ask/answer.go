package ask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// maxResponse is the largest response in bytes: Lambda's limit of 6 MB.
const maxResponse = 6 << 20

// maxInline is the limit in bytes of an answer's rows if a results store takes
// the others. Rows within it fit into the response even with every byte escaped,
// so the response never drops a row that is not stored.
const maxInline = maxResponse / 3

// answer holds the fields after columns and data in a successful answer. The
// first four are those of Defog's client.
type answer struct {
	QueryGenerated      string          `json:"query_generated"`
	RanSuccessfully     bool            `json:"ran_successfully"`
	ReasonForQuery      json.RawMessage `json:"reason_for_query"`
	PreviousContext     json.RawMessage `json:"previous_context"`
	ExecutionTimeTaken  *float64        `json:"execution_time_taken,omitempty"`  // seconds; with profile
	GenerationTimeTaken *float64        `json:"generation_time_taken,omitempty"` // seconds; with profile
	Truncated           *bool           `json:"truncated,omitempty"`             // absent if no statement ran
	RowCount            *int            `json:"row_count,omitempty"`             // absent if no statement ran
	Results             *stored         `json:"results,omitempty"`               // absent if data holds all rows, or the upload failed
	trust
	RequestID string         `json:"request_id"`
	ID        string         `json:"id,omitempty"`     // of a long question
	Status    answers.Status `json:"status,omitempty"` // of a long question
}

// stored is the location of all rows of an answer, as CSV.
type stored struct {
	URL      string    `json:"url"`
	Expires  time.Time `json:"expires"` // expiry of the URL, in UTC
	RowCount int       `json:"row_count"`
}

// refusal is a failed answer.
type refusal struct {
	RanSuccessfully bool   `json:"ran_successfully"` // always false
	ErrorMessage    string `json:"error_message"`
	QueryGenerated  string `json:"query_generated,omitempty"`
	ErrorCode       Code   `json:"error_code"`
	RequestID       string `json:"request_id"`

	RetryAt *time.Time `json:"retry_at,omitempty"` // end of a limit, in UTC

	Clarification *generate.Clarification `json:"clarification,omitempty"`

	ID     string         `json:"id,omitempty"`     // of a long question
	Status answers.Status `json:"status,omitempty"` // of a long question
}

// response encodes an answer for its caller.
type response struct {
	before, after string
	quoted        bool // the answer is a JSON string
	limit         int  // bytes
}

// newResponse returns the encoding for an HTTP API, where the answer is the
// string body, or for a direct invoke, whose response is the answer.
func newResponse(isHTTP bool, code Code) response {
	if !isHTTP {
		return response{limit: maxResponse}
	}
	if code == MethodNotAllowed {
		return newHTTPResponse(code, `,"allow":"POST"`)
	}
	return newHTTPResponse(code, "")
}

// newFailedResponse returns the encoding for a failure. A stored answer is read later.
func newFailedResponse(isHTTP bool, fail *failure, isStored bool) response {
	if value := fail.retryAfter(isStored); isHTTP && value != "" {
		return newHTTPResponse(fail.code, `,"retry-after":"`+value+`"`)
	}
	return newResponse(isHTTP, fail.code)
}

// newHTTPResponse returns the encoding for an HTTP API with more headers, as the end
// of a JSON object.
func newHTTPResponse(code Code, headers string) response {
	return response{
		before: fmt.Sprintf(`{"statusCode":%d,"headers":{"content-type":"application/json","cache-control":"no-store"%s},"body":"`, code.Status(), headers),
		after:  `"}`,
		quoted: true,
		limit:  maxResponse,
	}
}

// refuse returns the response for a failure.
func (r response) refuse(refusal refusal) ([]byte, error) {
	text, err := marshal(refusal)
	if err != nil {
		return nil, err
	}
	return r.join(text), nil
}

// accept returns the response for an answer. result is nil if no statement ran.
// Rows over the limit are removed, also from result. The error is a
// *database.StatementError if the names of the columns exceed the limit.
func (r response) accept(result *database.Result, a answer) ([]byte, error) {
	if result == nil {
		text, err := marshal(a)
		if err != nil {
			return nil, err
		}
		return r.join(text), nil
	}
	columns, err := marshal(result.Columns)
	if err != nil {
		return nil, err
	}
	a.Truncated, a.RowCount = &result.Truncated, &result.RowCount
	tail, err := marshal(a)
	if err != nil {
		return nil, err
	}
	frame := len(r.before) + len(r.after) + r.size([]byte(`{"columns":,"data":,`))
	room := r.limit - frame - r.size(columns) - r.size(tail)
	if room < len("[]") {
		return nil, database.NamesTooLarge(r.size(columns), r.limit-frame-r.size(tail)-len("[]"))
	}
	if r.size(result.Data) > room {
		result.Data, result.RowCount = r.cut(result.Data, room)
		result.Truncated = true // "true" is not longer than "false", so tail does not grow
		if tail, err = marshal(a); err != nil {
			return nil, err
		}
	}
	// Data is large: this is its only copy.
	return r.join([]byte(`{"columns":`), columns, []byte(`,"data":`), result.Data, []byte(`,`), tail[1:]), nil
}

// size returns the length of text in the response, in bytes.
func (r response) size(text []byte) int {
	size := len(text)
	if r.quoted {
		for _, c := range []byte("\"\\\n\r\t") {
			size += bytes.Count(text, []byte{c})
		}
	}
	return size
}

// escape returns the character after the backslash in the JSON escape of c, or
// 0 if c needs none. Encoded JSON holds no control characters but these.
func escape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}

// join writes the parts into one response.
func (r response) join(parts ...[]byte) []byte {
	size := len(r.before) + len(r.after)
	for _, part := range parts {
		size += r.size(part)
	}
	out := append(make([]byte, 0, size), r.before...)
	for _, part := range parts {
		out = r.append(out, part)
	}
	return append(out, r.after...)
}

// append appends JSON text to out, escaped if the answer is a JSON string.
func (r response) append(out, text []byte) []byte {
	if !r.quoted {
		return append(out, text...)
	}
	copied := 0
	for i, c := range text {
		if letter := escape(c); letter != 0 {
			out = append(append(out, text[copied:i]...), '\\', letter)
			copied = i + 1
		}
	}
	return append(out, text[copied:]...)
}

// cut returns the first rows of data that fit into room bytes, and their count.
// It overwrites the rest of data.
func (r response) cut(data []byte, room int) ([]byte, int) {
	const bracket = 1
	count, end := 0, 1
	size, depth, inText, escaped := 0, 0, false, false
	for i, c := range data {
		size++
		if r.quoted && escape(c) != 0 {
			size++
		}
		if size+bracket > room {
			break
		}
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped, inText = c == '\\', c != '"'
		case c == '"':
			inText = true
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 1 {
				count, end = count+1, i+1
			}
		}
	}
	return append(data[:end], ']'), count
}

// marshal is json.Marshal without HTML escapes, which make SQL harder to read.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte{'\n'}), nil
}
