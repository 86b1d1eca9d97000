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

// What a function of the user's own needs.
const ownFunction = "a function of your own (PODPAC's, say) cannot be deployed yet, only the query function that comes with this app; until then, "

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
	"function_handler":                 {why: ownFunction + "remove it"},
	"function_runtime":                 {why: ownFunction + "remove it"},
	"function_source_dist_zip":         {why: ownFunction + "deploy the zip as before"},
	"function_source_dist_key":         {why: ownFunction + "deploy the zip as before"},
	"function_source_bucket":           {why: ownFunction + "name a local zip or folder with function_source_dependencies_zip, which is uploaded"},
	"function_source_dependencies_key": {why: ownFunction + "name a local zip or folder with function_source_dependencies_zip, which is uploaded"},
	"function_s3_dependencies_key":     {why: "the dependencies' key is made from their content, so that no stale ones are ever used; remove it"},
	"function_s3_bucket":               {why: "dependencies go to the CDK's own bucket; remove it"},
	"function_s3_tags":                 {why: "the CDK's own bucket is used, which cdk bootstrap tags; remove it"},
	"function_s3_input":                {why: ownFunction + "remove it: the query function is asked by POST / and by direct invoke, not through S3"},
	"function_s3_output":               {why: ownFunction + "remove it: the query function is asked by POST / and by direct invoke, not through S3"},
	"function_triggers":                {why: ownFunction + "remove it: the query function is asked by POST / and by direct invoke, always"},
	"function_restrict_pipelines":      {why: ownFunction + "say who may ask with api_auth"},
	"function_allow_unsafe_eval":       {why: ownFunction + "remove it: the query function evaluates nothing but read-only SQL"},
	"function_api_endpoint":            {why: ownFunction + "use api_gateway_stage, or api_gateway_custom_domain.url_prefix, for a path before the API's /"},
	"function_budget_amount":           {why: ownFunction + "make a budget in AWS Budgets for one of your tags; throttle_rate and reserved_concurrency bound what can be spent"},
	"function_budget_currency":         {why: ownFunction + "make a budget in AWS Budgets for one of your tags"},
	"function_budget_name":             {why: ownFunction + "make a budget in AWS Budgets for one of your tags"},
	"function_budget_email":            {why: ownFunction + "make a budget in AWS Budgets for one of your tags; alarms go to alarm_email"},

	// connection.json
	"api_key":            {why: isSecret},
	"password":           {why: isSecret},
	"db_creds":           {why: isSecret},
	"base_url":           {why: "stands in connection.json, beside api_key"},
	"generate_query_url": {why: "stands in connection.json, beside api_key"},
}
