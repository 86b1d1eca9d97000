package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"defog-cdk/cmd/defog/session"
)

// maxAnswer exceeds the 10 MB that an HTTP API passes on.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxAnswer = 16 << 20

// Question is the body of a request.
type Question struct {
	Question    string          `json:"question"`
	HardFilters json.RawMessage `json:"hard_filters,omitempty"`
}

// Answer is the function's answer, successful or not.
type Answer struct {
	RanSuccessfully bool                `json:"ran_successfully"`
	SQL             string              `json:"query_generated"`
	Columns         []string            `json:"columns"`
	Rows            [][]json.RawMessage `json:"data"`
	Truncated       bool                `json:"truncated"`
	Error           string              `json:"error_message"`

	Status int    `json:"-"` // of the HTTP response
	Body   []byte `json:"-"` // the whole answer, as JSON without line breaks
}

// Ask posts the question to the API and returns the function's answer. An answer
// of a gateway or a proxy is an error.
func Ask(ctx context.Context, cfg aws.Config, api API, question Question) (*Answer, error) {
	request, err := newRequest(ctx, cfg, api, question)
	if err != nil {
		return nil, err
	}
	client := http.Client{
		Transport: transport(cfg),
		// A redirect would send the signed question to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("read the answer: it is larger than %d MB", maxAnswer>>20)
	}
	if answer, ok := decode(response.StatusCode, body); ok {
		return answer, nil
	}
	if response.StatusCode >= http.StatusInternalServerError {
		if failure := StartFailure(ctx, cfg, api.function, api.alias); failure != "" {
			return nil, fmt.Errorf("the query function does not answer (%d): %s", response.StatusCode, failure)
		}
	}
	return nil, explain(api, response, body)
}

// transport returns the SDK's transport, which trusts the certificates of
// AWS_CA_BUNDLE.
func transport(cfg aws.Config) http.RoundTripper {
	if sdk, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		return sdk.GetTransport()
	}
	return http.DefaultTransport
}

func newRequest(ctx context.Context, cfg aws.Config, api API, question Question) (*http.Request, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("encode the question: %w", err)
	}
	u, host, err := route(api.URL, cfg.BaseEndpoint)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", api.URL, err)
	}
	request.Host = host
	request.Header.Set("Content-Type", "application/json")
	switch api.Auth {
	case "none":
		return request, nil
	case "iam":
		return request, sign(ctx, cfg, api.Region, request, body)
	default:
		return nil, fmt.Errorf("the API requires authorization by %s, which ask does not support; use the command of the stack's output CurlCommand", api.Auth)
	}
}

// sign adds the caller's signature, version 4, to the request.
func sign(ctx context.Context, cfg aws.Config, region string, request *http.Request, body []byte) error {
	if err := session.RequireRegion(aws.Config{Region: region}); err != nil {
		return err
	}
	caller, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, caller, request, hex.EncodeToString(hash[:]), "execute-api", region, time.Now())
	if err != nil {
		return fmt.Errorf("sign the question: %w", err)
	}
	return nil
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

// explain returns the meaning of an answer that is not the function's.
func explain(api API, response *http.Response, body []byte) error {
	var gateway struct {
		Message string `json:"message"`
	}
	message := ""
	if json.Unmarshal(body, &gateway) == nil && gateway.Message != "" {
		message = ": " + gateway.Message
	}
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return fmt.Errorf("the API requires a caller's identity (401%s)", message)
	case http.StatusForbidden:
		if api.Auth != "iam" {
			return fmt.Errorf("the API rejected the request (403%s); if it requires signed requests, use --auth iam", message)
		}
		if strings.Contains(gateway.Message, "security token") { // expired or invalid
			return session.Rejected(gateway.Message)
		}
		return fmt.Errorf("the API rejected the caller (403%s); the caller needs %s", message, api.permission())
	case http.StatusNotFound:
		return fmt.Errorf("no query function answers at %s (404%s)", api.URL, message)
	case http.StatusTooManyRequests:
		return fmt.Errorf("the API is at its request limit (429%s); ask again in a moment, or raise throttle_rate", message)
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("the query function failed or exceeded its timeout (%d%s); see defog logs", response.StatusCode, message)
	}
	if message == "" {
		message = fmt.Sprintf(": %s, %d bytes", strings.TrimSpace("content type "+response.Header.Get("Content-Type")), len(body))
	}
	return fmt.Errorf("%s is not a query function (%d%s)", api.URL, response.StatusCode, message)
}
