// Package client asks a deployed query function a question: it finds the
// function's HTTP API, signs the request if the API wants that, and says in
// one line what went wrong.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// API is where questions go.
type API struct {
	URL     string // takes a POST of the question
	Auth    string // who may call: "iam", "jwt" or "none"
	Region  string // what signatures are made for
	Account string // empty when unknown
}

// NotDeployedError says that there is no stack of this name.
type NotDeployedError struct{ Stack, Region string }

func (e *NotDeployedError) Error() string {
	return fmt.Sprintf("there is no stack %s in region %s", e.Stack, e.Region)
}

// Find reads the API of a deployed stack from the stack's outputs.
func Find(ctx context.Context, cfg aws.Config, name string) (API, error) {
	stack, err := describe(ctx, cfg, name)
	if err != nil {
		return API{}, err
	}
	api := API{URL: output(stack, "QueryUrl"), Auth: output(stack, "ApiAuth"), Region: cfg.Region, Account: account(stack)}
	if api.URL == "" && output(stack, "EvalCommand") != "" {
		return API{}, fmt.Errorf("stack %s holds a function of your own, which answers no questions; it evaluates events: %s", name, output(stack, "EvalCommand"))
	}
	if api.URL == "" || api.Auth == "" {
		return API{}, fmt.Errorf("stack %s (%s) has no output QueryUrl or ApiAuth: it is not this app's, or its deployment did not finish",
			name, stack.StackStatus)
	}
	return api, nil
}

func describe(ctx context.Context, cfg aws.Config, name string) (types.Stack, error) {
	var none types.Stack
	if err := needRegion(cfg.Region); err != nil {
		return none, err
	}
	if _, err := credentials(ctx, cfg); err != nil {
		return none, err
	}
	found, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		if strings.Contains(refused.ErrorMessage(), "does not exist") {
			return none, &NotDeployedError{Stack: name, Region: cfg.Region}
		}
		return none, fmt.Errorf("look up stack %s: %s: %s", name, refused.ErrorCode(), refused.ErrorMessage())
	}
	if err != nil {
		return none, fmt.Errorf("look up stack %s: %w", name, err)
	}
	if len(found.Stacks) == 0 {
		return none, &NotDeployedError{Stack: name, Region: cfg.Region}
	}
	return found.Stacks[0], nil
}

func output(stack types.Stack, key string) string {
	for _, o := range stack.Outputs {
		if aws.ToString(o.OutputKey) == key {
			return aws.ToString(o.OutputValue)
		}
	}
	return ""
}

// At is the API at an address that the caller knows. Without auth, an address
// of AWS's own is taken to want a signature, any other not.
func At(address, auth, region string) (API, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return API{}, fmt.Errorf("%q is not the URL of an API; valid: https://…", address)
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

// executeAPI matches the host names that AWS gives to HTTP APIs, and local AWS:
// the API's id, and the region on AWS.
var executeAPI = regexp.MustCompile(`^([a-z0-9]+)\.execute-api\.(?:([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|[a-z0-9.-]+)$`)

// route splits the API's URL into where to connect and the Host header. They
// differ when the SDK is told to take another endpoint for AWS
// (AWS_ENDPOINT_URL): then <id>.execute-api.… resolves nowhere, and local AWS
// listens at that endpoint for every API and tells them apart by the Host
// header <id>.execute-api.localhost.
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

// permission names what the caller of an API with IAM must be allowed.
func (a API) permission() string {
	id, account := "‹api-id›", a.Account
	if u, err := url.Parse(a.URL); err == nil {
		if match := executeAPI.FindStringSubmatch(u.Hostname()); match != nil {
			id = match[1]
		}
	}
	if account == "" {
		account = "‹account›"
	}
	return fmt.Sprintf("execute-api:Invoke on arn:aws:execute-api:%s:%s:%s/*/POST/*", a.Region, account, id)
}
