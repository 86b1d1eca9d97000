package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxAnswer exceeds the 10 MB that an HTTP API passes on.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxAnswer = 16 << 20

// Question is the body of a request.
type Question struct {
	Question    string          `json:"question"`
	HardFilters json.RawMessage `json:"hard_filters,omitempty"`

	Glossary         string `json:"glossary,omitempty"`
	UseGoldenQueries *bool  `json:"use_golden_queries,omitempty"` // nil for the API's default
}

// Answer is the function's answer, successful or not.
type Answer struct {
	RanSuccessfully bool                `json:"ran_successfully"`
	SQL             string              `json:"query_generated"`
	Columns         []string            `json:"columns"`
	Rows            [][]json.RawMessage `json:"data"`
	Truncated       bool                `json:"truncated"`
	Error           string              `json:"error_message"`
	State           string              `json:"status"` // of a long question

	Source        string   `json:"source"`
	Tables        []string `json:"tables"`
	Assumptions   []string `json:"assumptions"`
	Filters       []string `json:"filters"`
	Confidence    float64  `json:"confidence"`
	Samples       int      `json:"samples"` // 0 without a confidence
	Clarification struct {
		Options []string `json:"options"`
	} `json:"clarification"`

	Status int    `json:"-"` // of the HTTP response
	Body   []byte `json:"-"` // the whole answer, as JSON without line breaks
}

// Ask posts the question to the API and returns the function's answer. An answer
// of a gateway or a proxy is an error.
func Ask(ctx context.Context, cfg aws.Config, api API, question Question) (*Answer, error) {
	content, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("encode the question: %w", err)
	}
	return AskJSON(ctx, cfg, api, content)
}

// AskJSON is Ask with the body of the request.
func AskJSON(ctx context.Context, cfg aws.Config, api API, content []byte) (*Answer, error) {
	response, err := Send(ctx, cfg, api, Request{Method: http.MethodPost, ContentType: "application/json", Body: content})
	if err != nil {
		return nil, err
	}
	body, err := readAll(response)
	if err != nil {
		return nil, err
	}
	if answer, ok := decode(response.StatusCode, body); ok {
		return answer, nil
	}
	return nil, Explain(ctx, cfg, api, response, body)
}

// readAll reads and closes the body of a response.
func readAll(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("read the answer: it is larger than %d MB", maxAnswer>>20)
	}
	return body, nil
}

// decode decodes the function's answer. It reports false for a body without
// ran_successfully, which comes from a gateway or a proxy.
func decode(status int, body []byte) (*Answer, bool) {
	var head struct {
		RanSuccessfully *bool `json:"ran_successfully"`
	}
	if json.Unmarshal(body, &head) != nil || head.RanSuccessfully == nil || *head.RanSuccessfully && status != http.StatusOK {
		return nil, false
	}
	answer := Answer{Status: status}
	var compact bytes.Buffer
	if json.Unmarshal(body, &answer) != nil || json.Compact(&compact, body) != nil {
		return nil, false
	}
	answer.Body = compact.Bytes()
	return &answer, true
}
