package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"defog-cdk/cmd/defog/session"
)

// invoked is the authorization of a function that is invoked without its API.
const invoked = "invoke"

// Direct returns a function, by its name or ARN, in place of its API: it gets the
// requests as events. The caller needs lambda:InvokeFunction.
func Direct(function, region string) API {
	return API{URL: "function " + function, Auth: invoked, Region: region, function: function}
}

// invoke sends a request to the function as its API does, but without a caller: the
// API's authorizer would add it.
func invoke(ctx context.Context, cfg aws.Config, api API, request Request) (*http.Response, error) {
	payload, err := eventOf(request)
	if err != nil {
		return nil, err
	}
	output, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &api.function, Payload: payload})
	switch {
	case err != nil:
		return nil, InvokeFailure("invoke "+api.function, err)
	case output.FunctionError != nil:
		return nil, fmt.Errorf("invoke %s: the function failed: %s", api.function, output.Payload)
	}
	return responseOf(api.function, output.Payload)
}

// InvokeFailure prefixes the error of an invoke with the action that failed. It
// explains a name that no function has, such as the stack's.
func InvokeFailure(action string, err error) error {
	failure := session.Failure(action, err)
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return fmt.Errorf("%w; want the function's name: the stack's output %s", failure, FunctionOutput)
	}
	return failure
}

// eventOf returns the event of an HTTP API for a request.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func eventOf(request Request) ([]byte, error) {
	relative, err := url.Parse(request.Path)
	if err != nil {
		return nil, fmt.Errorf("the path %q is not relative to the API's URL", request.Path)
	}
	path := "/" + relative.Path
	route, parameters := path, map[string]string(nil)
	if id, ok := strings.CutPrefix(path, "/answers/"); ok {
		route, parameters = "/answers/{id}", map[string]string{"id": id}
	}
	query := map[string]string{}
	for name, values := range relative.Query() {
		query[name] = strings.Join(values, ",")
	}
	payload, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": request.Method + " " + route, "rawPath": path, "rawQueryString": relative.RawQuery,
		"queryStringParameters": query, "pathParameters": parameters,
		"headers":        map[string]string{"content-type": request.ContentType},
		"requestContext": map[string]any{"http": map[string]string{"method": request.Method, "path": path}},
		"body":           string(request.Body),
	})
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return payload, nil
}

func responseOf(function string, payload []byte) (*http.Response, error) {
	var response struct {
		StatusCode      int               `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		Body            string            `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(payload, &response); err != nil || response.StatusCode == 0 {
		return nil, fmt.Errorf("invoke %s: the answer is not that of a query function; want the function of the stack's output %s", function, FunctionOutput)
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			return nil, fmt.Errorf("invoke %s: decode the answer: %w", function, err)
		}
	}
	header := http.Header{}
	for name, value := range response.Headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: response.StatusCode, Header: header, Body: io.NopCloser(bytes.NewReader(body))}, nil
}
