// Package client calls a deployed query function. It finds the stack, the function
// and the HTTP API, signs requests, and explains failures in one line.
package client

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// API is the HTTP API of a query function.
type API struct {
	URL     string // accepts a POST of the question
	Auth    string // the caller authorization: "iam", "jwt" or "none"; or that of Direct
	Token   string // with "jwt"
	Region  string // the region of signatures
	Account string // empty when unknown
	IsLong  bool   // the API is known to answer long questions

	HasFeedback bool // the API is known to accept feedback

	function, alias string // empty when unknown
}

// Function returns the name of the API's function, or "" when unknown.
func (a API) Function() string { return a.function }

// Find reads the API of a deployed stack from the stack's outputs.
func Find(ctx context.Context, cfg aws.Config, name string) (API, error) {
	stack, err := FindStack(ctx, cfg, name)
	if err != nil {
		return API{}, err
	}
	api := API{
		URL: stack.Output("QueryUrl"), Auth: stack.Output("ApiAuth"), Region: stack.Region, Account: stack.Account,
		IsLong: stack.Output("LongQuestions") != "", HasFeedback: stack.Output(HistoryOutput) != "", function: stack.Output(FunctionOutput), alias: stack.Output(AliasOutput),
	}
	if command := stack.Output("EvalCommand"); api.URL == "" && command != "" {
		return API{}, fmt.Errorf("stack %s holds a custom function, which answers no questions; it evaluates events: %s", name, command)
	}
	if api.URL == "" || api.Auth == "" {
		return API{}, fmt.Errorf("stack %s (%s) has no output QueryUrl or ApiAuth: this app did not make it, or its deployment did not finish",
			name, stack.Status)
	}
	return api, nil
}

// At returns the API at a URL. Without auth, it assumes "iam" for a URL of AWS
// and "none" for any other.
func At(address, auth, region string) (API, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return API{}, fmt.Errorf("--url: %q is not the URL of an API; want https://…", address)
	}
	api := API{URL: address, Auth: auth, Region: region}
	host := executeAPI.FindStringSubmatch(u.Hostname())
	if host != nil && host[2] != "" {
		api.Region = host[2]
	}
	if auth == "" {
		api.Auth = "none"
		if host != nil {
			api.Auth = "iam"
		}
	}
	return api, nil
}

// executeAPI matches the host names of HTTP APIs on AWS and on local AWS. It
// captures the API's id, and on AWS the region.
var executeAPI = regexp.MustCompile(`^([a-z0-9]+)\.execute-api\.(?:([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|[a-z0-9.-]+)$`)

// AtEndpoint reports whether the SDK's endpoint, as in AWS_ENDPOINT_URL, replaces the
// host of the API. It does so for APIs of AWS, and for functions without their API.
func (a API) AtEndpoint() bool {
	u, err := url.Parse(a.URL)
	return a.Auth == invoked || err == nil && executeAPI.MatchString(u.Hostname())
}

// route returns the URL to connect to and the Host header. They differ with
// AWS_ENDPOINT_URL: local AWS serves every API at that endpoint and selects one
// by the Host header <id>.execute-api.localhost.
func route(address string, endpoint *string) (u *url.URL, host string, err error) {
	u, err = url.Parse(address)
	if err != nil {
		return nil, "", fmt.Errorf("the API's URL: %w", err)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	match := executeAPI.FindStringSubmatch(u.Hostname())
	if match == nil || aws.ToString(endpoint) == "" {
		return u, u.Host, nil
	}
	e, err := url.Parse(*endpoint)
	if err != nil {
		return nil, "", fmt.Errorf("the endpoint for AWS: %w", err)
	}
	u.Scheme, u.Host = e.Scheme, e.Host
	return u, match[1] + ".execute-api.localhost", nil
}

// permission returns the action and the resource that a caller's IAM policy must
// allow.
func (a API) permission(method string) string {
	id, account := "‹api-id›", a.Account
	if u, err := url.Parse(a.URL); err == nil {
		if match := executeAPI.FindStringSubmatch(u.Hostname()); match != nil {
			id = match[1]
		}
	}
	if account == "" {
		account = "‹account›"
	}
	return fmt.Sprintf("execute-api:Invoke on arn:aws:execute-api:%s:%s:%s/*/%s/*", a.Region, account, id, method)
}
