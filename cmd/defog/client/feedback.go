package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"defog-cdk/internal/history"
)

// Feedback is the body of a request to judge an answer.
type Feedback struct {
	RequestID string          `json:"request_id"`
	Verdict   history.Verdict `json:"verdict"`
	SQL       string          `json:"sql,omitempty"`
	Comment   string          `json:"comment,omitempty"`
}

// Rate sends feedback on an answer of the caller.
func Rate(ctx context.Context, cfg aws.Config, api API, feedback Feedback) error {
	content, err := json.Marshal(feedback)
	if err != nil {
		return fmt.Errorf("encode the feedback: %w", err)
	}
	response, err := Send(ctx, cfg, api, Request{Method: http.MethodPost, Path: "feedback", ContentType: "application/json", Body: content})
	if err != nil {
		return err
	}
	body, err := readAll(response)
	if err != nil {
		return err
	}
	var stored Feedback
	failed, isAnswer := decode(response.StatusCode, body)
	switch {
	case isAnswer:
		return fmt.Errorf("%s (%d)", failed.Error, failed.Status)
	case response.StatusCode == http.StatusNotFound:
		return errors.New("the API accepts no feedback; want a stack with the setting history=true")
	case response.StatusCode == http.StatusOK && json.Unmarshal(body, &stored) == nil && stored.Verdict == feedback.Verdict:
		return nil
	}
	return Explain(ctx, cfg, api, response, body)
}
