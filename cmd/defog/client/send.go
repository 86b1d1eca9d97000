package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"defog-cdk/cmd/defog/session"
)

// TokenVariable is the environment variable with the token for an API that
// requires one.
const TokenVariable = "DEFOG_TOKEN"

// ErrNoToken reports an API that requires a token when there is none.
var ErrNoToken = errors.New(TokenVariable + ": missing; want a token of the API's issuer, which api_auth=jwt requires")

// Request is a request to the API.
type Request struct {
	Method      string
	Path        string // relative to the API's URL, with the query; "" for questions
	ContentType string
	Body        []byte
}

// Send sends a request with the caller's authorization: a signature of the AWS
// credentials, or the token. It invokes the function of Direct. The caller must close
// the response's body.
func Send(ctx context.Context, cfg aws.Config, api API, request Request) (*http.Response, error) {
	if api.Auth == invoked {
		return invoke(ctx, cfg, api, request)
	}
	authorized, err := newRequest(ctx, cfg, api, request)
	if err != nil {
		return nil, err
	}
	client := http.Client{
		Transport: transport(cfg),
		// A redirect would send the signed request to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(authorized)
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	return response, nil
}

// transport returns the SDK's transport, which trusts the certificates of
// AWS_CA_BUNDLE.
func transport(cfg aws.Config) http.RoundTripper {
	switch client := cfg.HTTPClient.(type) {
	case *awshttp.BuildableClient:
		return client.GetTransport()
	case *http.Client:
		if client.Transport != nil {
			return client.Transport
		}
	}
	return http.DefaultTransport
}

func newRequest(ctx context.Context, cfg aws.Config, api API, request Request) (*http.Request, error) {
	u, host, err := route(api.URL, cfg.BaseEndpoint)
	if err != nil {
		return nil, err
	}
	if request.Path != "" {
		relative, err := url.Parse(request.Path)
		if err != nil || relative.IsAbs() || relative.Host != "" {
			return nil, fmt.Errorf("the path %q is not relative to the API's URL", request.Path)
		}
		u = u.JoinPath(relative.Path)
		u.RawQuery = relative.RawQuery
	}
	authorized, err := http.NewRequestWithContext(ctx, request.Method, u.String(), bytes.NewReader(request.Body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", api.URL, err)
	}
	authorized.Host = host
	if request.ContentType != "" {
		authorized.Header.Set("Content-Type", request.ContentType)
	}
	switch api.Auth {
	case "none":
		return authorized, nil
	case "iam":
		return authorized, sign(ctx, cfg, api.Region, authorized, request.Body)
	case "jwt":
		if api.Token == "" {
			return nil, ErrNoToken
		}
		authorized.Header.Set("Authorization", "Bearer "+api.Token)
		return authorized, nil
	default:
		return nil, fmt.Errorf("the API requires authorization by %s; want iam, jwt or none", api.Auth)
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

// Explain returns the meaning of a response that is not the function's answer. If
// the function does not start, the error has the cause.
func Explain(ctx context.Context, cfg aws.Config, api API, response *http.Response, body []byte) error {
	if response.StatusCode >= http.StatusInternalServerError {
		if failure := StartFailure(ctx, cfg, api.function, api.alias); failure != "" {
			return fmt.Errorf("the query function does not answer (%d): %s", response.StatusCode, failure)
		}
	}
	return explain(api, response, body)
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
		if api.Auth == "jwt" {
			return fmt.Errorf("the API rejected the token (401%s); want a token of its issuer in %s, for one of its audiences and not expired", message, TokenVariable)
		}
		return fmt.Errorf("the API requires a caller's identity (401%s); for tokens, use --auth jwt", message)
	case http.StatusForbidden:
		if api.Auth != "iam" {
			return fmt.Errorf("the API rejected the request (403%s); if it requires signed requests, use --auth iam", message)
		}
		if strings.Contains(gateway.Message, "security token") { // expired or invalid
			return session.Rejected(gateway.Message)
		}
		return fmt.Errorf("the API rejected the caller (403%s); the caller needs %s", message, api.permission(response.Request.Method))
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
