package config

import (
	"errors"
	"fmt"
)

// refusal is why a key of an old system is no setting here, and what to do.
type refusal struct {
	why    string
	except string // the value that asks for nothing but what is done anyway
}

// check returns the refusal as an error, unless there is nothing to refuse.
func (r refusal) check(value any) error {
	if value == nil || r.except != "" && fmt.Sprint(value) == r.except {
		return nil
	}
	return errors.New(r.why)
}

// refused holds every key of Chalice and PODPAC that is no setting here, and
// the credentials that some put into settings.
var refused = map[string]refusal{
	// Chalice, https://aws.github.io/chalice/topics/configfile.html
	"version":                     {why: `is the version of Chalice's format, of which only "2.0" is known; remove it`, except: "2.0"},
	"api_gateway_endpoint_type":   {why: "HTTP APIs are REGIONAL; instead of EDGE put CloudFront in front, instead of PRIVATE invoke the function directly from the VPC", except: "REGIONAL"},
	"api_gateway_endpoint_vpce":   {why: "HTTP APIs have no private endpoints; invoke the function directly through a VPC endpoint for Lambda"},
	"api_gateway_policy_file":     {why: "HTTP APIs have no resource policies; say who may call with api_auth=iam and IAM policies on execute-api:Invoke, or with api_auth=jwt"},
	"minimum_compression_size":    {why: "HTTP APIs do not compress; put CloudFront in front, which does"},
	"automatic_layer":             {why: "the function is one binary and needs no layer of packages; bring files with function_source_dependencies_zip, layers of yours with layers", except: "false"},
	"lambda_functions":            {why: "there is one function; put its settings beside app_name, or into its stage"},
	"websocket_api_custom_domain": {why: "there is no WebSocket API; questions are asked by POST /, whose domain is api_gateway_custom_domain"},

	// PODPAC, https://podpac.org
	"function_s3_dependencies_key": {why: "the dependencies' key is made from their content, so that no stale ones are ever used; remove it"},

	// connection.json
	"api_key":            {why: isSecret},
	"password":           {why: isSecret},
	"db_creds":           {why: isSecret},
	"base_url":           {why: "stands in connection.json, beside api_key"},
	"generate_query_url": {why: "stands in connection.json, beside api_key"},
}
