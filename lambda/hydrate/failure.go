package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"defog-cdk/lambda/dependencies"
)

// failure is an error with the error type for Lambda.
type failure struct {
	kind string // such as Hydrate.Fetch
	error
}

func (f *failure) Unwrap() error { return f.error }

func kindOf(err error) string {
	if _, ok := errors.AsType[*dependencies.RefusedError](err); ok {
		return "Hydrate.Refused"
	}
	if _, ok := errors.AsType[*dependencies.FetchError](err); ok {
		return "Hydrate.Fetch"
	}
	return "Hydrate.Extract"
}

// report sends the error of the start to Lambda, which returns it to the caller
// of a direct invoke. Without a report, Lambda returns Runtime.ExitError.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror
func (h *hydrate) report(err error) {
	api := h.get("AWS_LAMBDA_RUNTIME_API")
	if api == "" {
		return
	}
	if err := post("http://"+api+"/2018-06-01/runtime/init/error", err); err != nil {
		h.log.Warn("cannot report the error to Lambda", "error", err)
	}
}

func post(url string, cause error) error {
	kind := "Hydrate.Unknown"
	if f, ok := errors.AsType[*failure](cause); ok {
		kind = f.kind
	}
	body, err := json.Marshal(map[string]any{"errorType": kind, "errorMessage": cause.Error(), "stackTrace": []string{}})
	if err != nil {
		return fmt.Errorf("encode the error: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("report the error: %w", err)
	}
	request.Header.Set("Content-Type", "application/vnd.aws.lambda.error+json")
	request.Header.Set("Lambda-Runtime-Function-Error-Type", kind)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("report the error: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("report the error: status %s", response.Status)
	}
	return nil
}
