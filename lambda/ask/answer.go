package ask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"defog-cdk/lambda/database"
)

// maxResponse is the most bytes that a function may answer: Lambda's 6 MB.
const maxResponse = 6 << 20

// maxInline is the most bytes of rows in an answer whose other rows are stored.
// It is small enough for the rows to fit in whatever their text needs in
// escapes, so that none is cut off that is not stored.
const maxInline = maxResponse / 3

// answer is what follows columns and data in a successful answer. Its first
// fields are those of Defog's client.
type answer struct {
	QueryGenerated      string          `json:"query_generated"`
	RanSuccessfully     bool            `json:"ran_successfully"`
	ReasonForQuery      json.RawMessage `json:"reason_for_query"`
	PreviousContext     json.RawMessage `json:"previous_context"`
	ExecutionTimeTaken  *float64        `json:"execution_time_taken,omitempty"`  // seconds; with profile
	GenerationTimeTaken *float64        `json:"generation_time_taken,omitempty"` // seconds; with profile
	Truncated           *bool           `json:"truncated,omitempty"`             // absent when nothing was run
	RowCount            *int            `json:"row_count,omitempty"`             // absent when nothing was run
	Results             *stored         `json:"results,omitempty"`               // absent when all rows are here, or the others are lost
	RequestID           string          `json:"request_id"`
}

// stored says where all rows of an answer are, as CSV.
type stored struct {
	URL      string    `json:"url"`
	Expires  time.Time `json:"expires"` // when the URL stops working, in UTC
	RowCount int       `json:"row_count"`
}

// refusal is the whole of a failed answer.
type refusal struct {
	RanSuccessfully bool   `json:"ran_successfully"` // always false
	ErrorMessage    string `json:"error_message"`
	QueryGenerated  string `json:"query_generated,omitempty"`
	ErrorCode       Code   `json:"error_code"`
	RequestID       string `json:"request_id"`
}

// response puts an answer into the form in which its caller gets it.
type response struct {
	before, after string
	quoted        bool // the answer is text inside JSON
	most          int  // bytes
}

// newResponse returns the form for a caller: behind an HTTP API the answer is
// the text of body, a direct invoke gets the answer itself.
func newResponse(isHTTP bool, code Code) response {
	if !isHTTP {
		return response{most: maxResponse}
	}
	allow := ""
	if code == MethodNotAllowed {
		allow = `,"allow":"POST"`
	}
	return response{
		before: fmt.Sprintf(`{"statusCode":%d,"headers":{"content-type":"application/json","cache-control":"no-store"%s},"body":"`, code.Status(), allow),
		after:  `"}`,
		quoted: true,
		most:   maxResponse,
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

// accept returns the response for an answer with its rows, or without any when
// result is nil. Rows that don't fit are cut off, in result too.
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
	if room := r.most - frame - r.size(columns) - r.size(tail); r.size(result.Data) > room {
		result.Data, result.RowCount = r.cut(result.Data, room)
		result.Truncated = true // makes tail shorter, if anything
		if tail, err = marshal(a); err != nil {
			return nil, err
		}
	}
	// Data is large: it is copied here, and nowhere else.
	return r.join([]byte(`{"columns":`), columns, []byte(`,"data":`), result.Data, []byte(`,`), tail[1:]), nil
}

// size returns how many bytes text takes in the response.
func (r response) size(text []byte) int {
	size := len(text)
	if r.quoted {
		for _, c := range []byte("\"\\\n\r\t") {
			size += bytes.Count(text, []byte{c})
		}
	}
	return size
}

// escape returns the letter that stands for c inside a JSON string, after a
// backslash, or 0 when c stands for itself. JSON holds no other control
// characters than these.
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

// append adds JSON text, escaped where it stands inside a string.
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

// cut returns as many of the first rows of data as fit into room, and their
// count. It overwrites what follows them in data.
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

// marshal is json.Marshal without escapes for HTML, which would only make SQL
// harder to read.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte{'\n'}), nil
}
