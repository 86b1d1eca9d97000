package mcp

import (
	"encoding/json"
	"strings"
)

// badRequest is the code of invalid arguments.
const badRequest = "bad_request"

// Error is the error of a tool, in terms of its caller. Code is an error_code of the
// API, or "" for an error outside the function.
type Error struct {
	Code      string
	Message   string
	SQL       string // the failed statement; "" without one
	RequestID string
	Options   []string // questions to ask instead of an ambiguous one
}

func (e *Error) Error() string { return e.Message }

// text returns the error for an agent.
func (e *Error) text() string {
	var lines []string
	for _, line := range []struct{ name, value string }{
		{"error_code", e.Code}, {"error_message", e.Message}, {"sql", e.SQL}, {"request_id", e.RequestID},
	} {
		if line.value != "" {
			lines = append(lines, line.name+": "+clean(line.value))
		}
	}
	for _, option := range e.Options {
		lines = append(lines, "option: "+clean(option))
	}
	if len(e.Options) > 0 {
		lines = append(lines, "The question is ambiguous. Ask one of the options, or let the user choose.")
	}
	return strings.Join(lines, "\n")
}

// refused returns the error in an answer, or nil for a successful one.
func refused(text json.RawMessage) error {
	var answer struct {
		RanSuccessfully *bool  `json:"ran_successfully"`
		ErrorMessage    string `json:"error_message"`
		ErrorCode       string `json:"error_code"`
		QueryGenerated  string `json:"query_generated"`
		RequestID       string `json:"request_id"`
		Clarification   struct {
			Options []string `json:"options"`
		} `json:"clarification"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.RanSuccessfully == nil || *answer.RanSuccessfully {
		return nil
	}
	return &Error{Code: answer.ErrorCode, Message: answer.ErrorMessage, SQL: answer.QueryGenerated, RequestID: answer.RequestID, Options: answer.Clarification.Options}
}
