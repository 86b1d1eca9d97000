package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"
)

// gatewayAnswer is an answer in the form that API Gateway takes.
type gatewayAnswer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
	Base64     bool   `json:"isBase64Encoded"`
}

// unwrap returns the result in an answer: the body of a gateway's answer, the
// content of a JSON text, or the JSON itself.
func unwrap(payload []byte) ([]byte, error) {
	var answer gatewayAnswer
	if json.Unmarshal(payload, &answer) == nil && answer.StatusCode != 0 {
		if answer.StatusCode >= http.StatusBadRequest {
			return nil, fmt.Errorf("the function answered %d: %s", answer.StatusCode, answer.Body)
		}
		if !answer.Base64 {
			return []byte(answer.Body), nil
		}
		body, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			return nil, fmt.Errorf("the function's answer is not the base64 that it says it is: %w", err)
		}
		return body, nil
	}
	var text string
	if json.Unmarshal(payload, &text) == nil && !bytes.Equal(payload, []byte("null")) {
		return []byte(text), nil
	}
	return payload, nil
}

// functionError says how an invocation failed. Lambda gives the error's type
// and message, and where it happened, which is for the log.
func functionError(payload []byte) error {
	var failed struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failed) != nil || failed.Type+failed.Message == "" {
		return fmt.Errorf("the function failed: %s", payload)
	}
	return fmt.Errorf("the function failed: %s: %s", cmp.Or(failed.Type, "Error"), failed.Message)
}

// isText says whether a terminal may see the result: no control characters but
// line breaks and tabs.
func isText(result []byte) bool {
	return utf8.Valid(result) && !bytes.ContainsFunc(result, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0
	})
}
