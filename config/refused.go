package config

import (
	"errors"
	"fmt"
)

// refusal is a key that is not a setting.
type refusal struct {
	why    string // the error: what is invalid, and what to do
	except string // a value that has no effect, and is accepted
}

// check returns the refusal as an error, unless the value has no effect.
func (r refusal) check(value any) error {
	if value == nil || r.except != "" && fmt.Sprint(value) == r.except {
		return nil
	}
	return errors.New(r.why)
}

// refused holds the keys of Chalice and PODPAC that are not settings, and the keys
// of credentials.
var refused = map[string]refusal{
	// Chalice, https://aws.github.io/chalice/topics/configfile.html
	"version":                     {why: `unsupported version of Chalice's format; want "2.0" or no version`, except: "2.0"},
	"api_gateway_endpoint_type":   {why: "HTTP APIs are regional; want REGIONAL: in place of EDGE use CloudFront, in place of PRIVATE invoke the function from the VPC", except: "REGIONAL"},
	"api_gateway_endpoint_vpce":   {why: "HTTP APIs have no private endpoints; want a VPC endpoint for Lambda, and direct invocation"},
	"api_gateway_policy_file":     {why: "HTTP APIs have no resource policies; want api_auth=iam with IAM policies on execute-api:Invoke, or api_auth=jwt"},
	"minimum_compression_size":    {why: "HTTP APIs do not compress; want CloudFront, which does"},
	"automatic_layer":             {why: "the function is one binary without a layer of packages; want files in function_source_dependencies_zip, or layers", except: "false"},
	"lambda_functions":            {why: "the stack has one function; want its settings beside app_name, or in its stage"},
	"websocket_api_custom_domain": {why: "the stack has no WebSocket API; want api_gateway_custom_domain, the domain of the HTTP API"},

	// PODPAC, https://podpac.org
	"function_s3_dependencies_key": {why: "the key of uploaded dependencies is derived from their content; want no key"},

	// connection.json
	"api_key":            {why: noSecret},
	"password":           {why: noSecret},
	"db_creds":           {why: noSecret},
	"base_url":           {why: "not a setting; want it in connection.json, beside api_key"},
	"generate_query_url": {why: "not a setting; want it in connection.json, beside api_key"},
}

// Refused returns why a key of Chalice or PODPAC is not a setting, and what to
// use. ok is false for every other key.
func Refused(key string) (why string, ok bool) {
	refusal, ok := refused[key]
	return refusal.why, ok
}
