package review

import (
	"strings"

	"defog-cdk/internal/environ"
)

// cause names the settings that determine a property of the app's stacks.
type cause struct {
	types    string // the resource's type
	path     string // the property or its parent; empty for the whole resource
	settings string // keys, separated by blanks
}

// causes are all causes; the first match applies.
var causes = []cause{
	{"AWS::ApiGatewayV2::Route", "RouteKey", "function_api_endpoint"},
	{"AWS::ApiGatewayV2::Route", "", "api_auth"},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Issuer", "jwt_issuer"},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Audience", "jwt_audience"},
	{"AWS::ApiGatewayV2::Authorizer", "", "api_auth"},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowCredentials", "cors_allow_credentials"},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration", "cors_allow_origins"},
	{"AWS::ApiGatewayV2::Api", "Name", "function_api_name"},
	{"AWS::ApiGatewayV2::Api", "Description", "function_api_description"},
	{"AWS::ApiGatewayV2::Api", "Version", "function_api_version"},
	{"AWS::ApiGatewayV2::Api", "DisableExecuteApiEndpoint", "api_gateway_custom_domain"},
	{"AWS::ApiGatewayV2::Api", "Tags", "tags function_api_tags"},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingRateLimit", "throttle_rate"},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingBurstLimit", "throttle_burst"},
	{"AWS::ApiGatewayV2::Stage", "StageName", "api_gateway_stage"},
	{"AWS::ApiGatewayV2::DomainName", "", "api_gateway_custom_domain"},
	{"AWS::ApiGatewayV2::ApiMapping", "", "api_gateway_custom_domain"},
	{"AWS::Route53::RecordSet", "", "api_gateway_custom_domain"},
	{"AWS::Logs::LogGroup", "RetentionInDays", "log_retention_in_days"},
	{"AWS::Logs::LogGroup", "DeletionPolicy", "removal_policy"},
	{"AWS::Logs::LogGroup", "UpdateReplacePolicy", "removal_policy"},
	{"AWS::S3::Bucket", "DeletionPolicy", "removal_policy"},
	{"AWS::S3::Bucket", "UpdateReplacePolicy", "removal_policy"},
	{"AWS::Lambda::Function", variable(environ.Credentials), "connection_file"},
	{"AWS::Lambda::Function", variable(environ.CredentialsSecret), "credentials_secret"},
	{"AWS::Lambda::Function", variable(environ.Generator), "generator"},
	{"AWS::Lambda::Function", variable(environ.GeneratorModel), "generator_model"},
	{"AWS::Lambda::Function", variable(environ.GeneratorRegion), "generator_region"},
	{"AWS::Lambda::Function", variable(environ.GeneratorBaseURL), "generator_base_url"},
	{"AWS::Lambda::Function", variable(environ.GeneratorTimeout), "generator_timeout"},
	{"AWS::Lambda::Function", variable(environ.GeneratorPrice), "generator_price"},
	{"AWS::Lambda::Function", variable(environ.MaxTokensPerQuestion), "max_tokens_per_question"},
	{"AWS::Lambda::Function", variable(environ.MaxCostPerDay), "max_cost_per_day"},
	{"AWS::Lambda::Function", variable(environ.SchemaTTL), "schema_ttl"},
	{"AWS::Lambda::Function", variable(environ.StatementTimeout), "statement_timeout"},
	{"AWS::Lambda::Function", variable(environ.MaxRows), "max_rows"},
	{"AWS::Lambda::Function", variable(environ.MaxPlanCost), "max_plan_cost"},
	{"AWS::Lambda::Function", variable(environ.MaxSQLBytes), "max_sql_bytes"},
	{"AWS::Lambda::Function", variable(environ.Retries), "retries"},
	{"AWS::Lambda::Function", variable(environ.GoldenFirst), "golden_first"},
	{"AWS::Lambda::Function", variable(environ.Samples), "samples"},
	{"AWS::Lambda::Function", variable(environ.AllowClarification), "allow_clarification"},
	{"AWS::Lambda::Function", variable(environ.StateAssumptions), "state_assumptions"},
	{"AWS::Lambda::Function", variable(environ.LogQuestions), "log_questions"},
	{"AWS::Lambda::Function", variable(environ.LogCallers), "log_callers"},
	{"AWS::Lambda::Function", variable(environ.RowSecurity), "row_security"},
	{"AWS::Lambda::Function", variable(environ.RowSecurityClaims), "row_security_claims"},
	{"AWS::Lambda::Function", variable(environ.RowSecurityRoleClaim), "row_security_role_claim"},
	{"AWS::Lambda::Function", variable(environ.RowSecurityRoles), "row_security_roles"},
	{"AWS::Lambda::Function", variable(environ.AllowPrivilegedLogin), "allow_privileged_login"},
	{"AWS::Lambda::Function", variable(environ.AllowedFunctions), "allowed_functions"},
	{"AWS::Lambda::Function", variable(environ.DependenciesHash), "function_source_dependencies_zip"},
	{"AWS::Lambda::Function", variable(environ.DependenciesKey), "function_source_dependencies_zip"},
	{"AWS::Lambda::Function", variable(environ.MCP), "mcp"},
	{"AWS::Lambda::Function", variable(environ.MCPSQL), "mcp_sql"},
	{"AWS::Lambda::Function", variable(environ.MCPMaxRows), "mcp_max_rows mcp"},
	{"AWS::Lambda::Function", variable(environ.MCPOrigins), "cors_allow_origins mcp"},
	{"AWS::Lambda::Function", variable(environ.MCPIssuer), "jwt_issuer mcp"},
	{"AWS::Lambda::Function", variable(environ.Stack), "alarm_email"},
	{"AWS::Lambda::Function", variable(environ.ResultsBucket), "results_bucket"},
	{"AWS::Lambda::Function", variable(environ.ResultsPrefix), "results_bucket"},
	{"AWS::Lambda::Function", variable(environ.ResultsLifetime), "results_lifetime"},
	{"AWS::Lambda::Function", variable(environ.AnswersTable), "async_questions"},
	{"AWS::Lambda::Function", variable(environ.AnswersQueue), "async_questions"},
	{"AWS::Lambda::Function", variable(environ.AnswersBucket), "async_questions"},
	{"AWS::Lambda::Function", variable(environ.HistoryBucket), "history"},
	{"AWS::Lambda::EventSourceMapping", "ScalingConfig", "async_concurrency"},
	{"AWS::Lambda::EventSourceMapping", "", "async_questions"},
	{"AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", "async_point_in_time_recovery"},
	{"AWS::DynamoDB::Table", "DeletionPolicy", "removal_policy"},
	{"AWS::DynamoDB::Table", "UpdateReplacePolicy", "removal_policy"},
	{"AWS::DynamoDB::Table", "", "async_questions"},
	{"AWS::Lambda::Function", variable(unsafeEval), "function_allow_unsafe_eval"},
	{"AWS::Lambda::Function", variable(dataSecret), "data_credentials_secret"},
	{"AWS::Lambda::Function", variable(restrictPipelines), "function_restrict_pipelines"},
	{"AWS::Lambda::Function", variable("FUNCTION_S3_INPUT"), "function_s3_input"},
	{"AWS::Lambda::Function", variable("FUNCTION_S3_OUTPUT"), "function_s3_output"},
	{"AWS::Lambda::Function", variable("S3_BUCKET_NAME"), "function_s3_bucket function_source_bucket function_source_dependencies_zip"},
	{"AWS::Lambda::Function", variable("FUNCTION_DEPENDENCIES_KEY"), "function_source_dependencies_key function_source_dependencies_zip"},
	{"AWS::Lambda::Function", variable("PODPAC_VERSION"), "function_source_dist_version function_source_dependencies_version"},
	{"AWS::Lambda::Function", variable(environ.DependenciesVersion), "function_source_dependencies_version"},
	{"AWS::Lambda::Function", variable(environ.FunctionCommand), "function_handler"},
	{"AWS::Lambda::Function", "Environment", "environment_variables"},
	{"AWS::Lambda::Function", "Code", "function_source_dist_zip function_source_dist_key function_source_dist_version function_source_bucket"},
	{"AWS::Lambda::Function", "Runtime", "function_runtime"},
	{"AWS::Lambda::Function", "Handler", "function_handler"},
	{"AWS::Lambda::Function", "SnapStart", "snap_start"},
	{"AWS::Lambda::EventInvokeConfig", "MaximumEventAgeInSeconds", "async_max_age"},
	{"AWS::Lambda::EventInvokeConfig", "MaximumRetryAttempts", "async_retries"},
	{"AWS::Lambda::Function", "FunctionName", "function_name"},
	{"AWS::Lambda::Function", "Description", "function_description"},
	{"AWS::Lambda::Function", "Architectures", "architecture"},
	{"AWS::Lambda::Function", "MemorySize", "lambda_memory_size"},
	{"AWS::Lambda::Function", "Timeout", "lambda_timeout"},
	{"AWS::Lambda::Function", "EphemeralStorage", "ephemeral_storage"},
	{"AWS::Lambda::Function", "Layers", "layers"},
	{"AWS::Lambda::Function", "ReservedConcurrentExecutions", "reserved_concurrency"},
	{"AWS::Lambda::Function", "KmsKeyArn", "kms_key_arn"},
	{"AWS::Lambda::Function", "TracingConfig", "xray"},
	{"AWS::Lambda::Function", "VpcConfig", "vpc_id subnet_ids security_group_ids"},
	{"AWS::Lambda::Function", "LoggingConfig.ApplicationLogLevel", "log_level"},
	{"AWS::Lambda::Function", "Role", "manage_iam_role iam_role_arn"},
	{"AWS::Lambda::Function", "Tags", "tags"},
	{"AWS::IAM::Role", "AssumeRolePolicyDocument", "function_role_assume_policy_document"},
	{"AWS::IAM::Role", "ManagedPolicyArns", "function_role_policy_arns"},
	{"AWS::IAM::Role", "Policies", "iam_policy_file function_role_policy_document autogen_policy credentials_secret generator generator_model kms_key_arn xray subnet_ids vpc_id results_bucket database_user_arn history"},
	{"AWS::IAM::Role", "RoleName", "function_role_name"},
	{"AWS::IAM::Role", "Description", "function_role_description"},
	{"AWS::IAM::Role", "Tags", "tags function_role_tags"},
	{"AWS::IAM::Role", "", "manage_iam_role"},
	{"AWS::S3::Bucket", "BucketName", "function_s3_bucket"},
	{"AWS::S3::Bucket", "LifecycleConfiguration", "function_s3_expiration_in_days history_expiration_in_days"},
	{"AWS::S3::Bucket", "Tags", "tags function_s3_tags"},
	{"AWS::S3::Bucket", "", "function_triggers function_s3_bucket history"},
	{"AWS::Budgets::Budget", "", "function_budget_amount function_budget_currency function_budget_name function_budget_email"},
	{"AWS::CodeDeploy::DeploymentGroup", "", "canary"},
	{"AWS::CodeDeploy::Application", "", "canary"},
	{"AWS::CodeDeploy::DeploymentConfig", "", "canary"},
	{"AWS::SNS::Topic", "", "alarm_email"},
	{"AWS::SNS::Subscription", "", "alarm_email"},
	{"AWS::SNS::TopicPolicy", "", "alarm_email"},
	{"AWS::KMS::Key", "", "alarm_email"},
	{"AWS::Events::Rule", "", "schema_check drift_check pipeline_source"},
	{"AWS::CloudWatch::Alarm", "", "alarm_email canary daily_cost_alarm schema_check"},
	{"AWS::CloudWatch::Dashboard", "", "alarm_email generator_price"},
	{"AWS::Scheduler::Schedule", "", "drift_check"},
}

// settings returns the settings that can cause a change: those that differ from the
// default or, if none does, all.
func (c *comparison) settings(change Change) []Setting {
	if !settable(change) {
		return nil
	}
	var all, set []Setting
	for _, key := range causeOf(change.Type, change.Path) {
		setting := Setting{Key: key}
		for _, value := range c.stack.Settings {
			if value.Key != key && !strings.HasPrefix(value.Key, key+".") {
				continue
			}
			if value.Key == key {
				setting.Value, setting.Origin = c.clean(value.String(), maxValue), value.Origin
			}
			if value.Origin != "default" {
				set = append(set, setting)
				break
			}
		}
		all = append(all, setting)
	}
	if len(set) > 0 {
		return set
	}
	return all
}

// settable reports whether settings determine the resource. Of functions and roles,
// they determine those of the query function and the custom function, which the ids
// of their constructs identify. Those of the CDK and of a pipeline have no settings.
func settable(change Change) bool {
	if change.Type != "AWS::Lambda::Function" && change.Type != "AWS::IAM::Role" {
		return true
	}
	return strings.HasPrefix(change.Resource, "Query") || strings.HasPrefix(change.Resource, "Own")
}

func causeOf(kind, path string) []string {
	for _, c := range causes {
		if c.types == kind && (c.path == "" || path == c.path || strings.HasPrefix(path, c.path+".")) {
			keys := strings.Fields(c.settings)
			// Each entry of a map is a setting.
			if rest, ok := strings.CutPrefix(path, "Environment.Variables."); ok && len(keys) == 1 && keys[0] == "environment_variables" {
				return []string{keys[0] + "." + rest}
			}
			return keys
		}
	}
	return nil
}
