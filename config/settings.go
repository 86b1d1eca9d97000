// Package config turns the CDK context and connection.json into validated, typed
// values. It imports no CDK, so that errors appear before the CDK is loaded.
package config

import (
	"regexp"
	"slices"
)

// Settings holds every setting. The loader, docs/settings.md, the JSON Schema and
// defog settings are generated from its tags.
//
//	group    the subject of this setting and of those after it
//	key      the setting's name in the CDK context
//	alias    another name: PODPAC's
//	default  the default value
//	valid    the valid words "a|b|c", or a range "1..900" or ">0": of a number, of a
//	         text's length, or of a list's length
//	form     the format of a text, or of a list's texts: a name in forms
//	custom   the custom function's default, where it differs
//	only     "query" or "custom": the one function that the setting is for
//	doc      one or two sentences for the user
type Settings struct {
	AppName      string `group:"Application" key:"app_name" default:"defog-lambda" form:"stack" doc:"Name of the application. The stack is ‹app_name›-‹stage›."`
	Stage        string `key:"stage" default:"dev" form:"stage" doc:"Name of the stage. Its entry in stages overrides other settings."`
	SettingsFile string `key:"settings_file" doc:"JSON file with more settings, for several applications in one checkout. It overrides cdk.json."`

	ConnectionFile    string  `group:"Database and SQL generator" key:"connection_file" default:"~/.defog/connection.json" only:"query" doc:"File with the database, its credentials and the API key."`
	CredentialsSecret string  `key:"credentials_secret" form:"secret" only:"query" doc:"Name or ARN of a Secrets Manager secret with the content of connection.json. The template holds no credentials then. Requires db_type; connection_file is not read."`
	DBType            string  `key:"db_type" only:"query" doc:"Database type of the secret, which selects the driver. Only with credentials_secret."`
	DatabaseUserARN   string  `key:"database_user_arn" form:"databaseUser" only:"query" doc:"ARN of the database user that the function's role may connect as. Only with auth iam in db_creds (RDS IAM database authentication)."`
	Generator         string  `key:"generator" valid:"defog|golden|bedrock|openai" only:"query" doc:"SQL generator: Defog's API, the question/SQL pairs in golden.json, a model on Amazon Bedrock, or an OpenAI-compatible API. Default: defog if connection.json has an api_key or credentials_secret is set, else bedrock."`
	GeneratorModel    string  `key:"generator_model" only:"query" doc:"Model of the SQL generator. Default of bedrock: global.anthropic.claude-sonnet-4-6, a cross-region inference profile. Only with the generators bedrock and openai."`
	SchemaTTL         int     `key:"schema_ttl" default:"3600" valid:"60..604800" only:"query" doc:"Time until the function reads the database's catalogue again, in seconds. Only with the generators bedrock and openai, and without schema.json among the dependencies."`
	GeneratorRegion   string  `key:"generator_region" form:"region" only:"query" doc:"Region of the Bedrock model. Default: the function's region. Only with the generator bedrock."`
	GeneratorBaseURL  string  `key:"generator_base_url" form:"url" only:"query" doc:"Base URL of the OpenAI-compatible API. Default: base_url in connection.json. Only with the generator openai."`
	GeneratorTimeout  int     `key:"generator_timeout" default:"13" valid:"1..900" only:"query" doc:"Timeout of the SQL generator, in seconds."`
	StatementTimeout  int     `key:"statement_timeout" default:"15" valid:"1..900" only:"query" doc:"Timeout of one SQL statement, in seconds. The sum of both timeouts and 1 must fit into lambda_timeout."`
	MaxRows           int     `key:"max_rows" default:"10000" valid:"1..1000000" only:"query" doc:"Maximum number of rows in an answer. A longer answer is truncated and marked."`
	MaxSQLBytes       int     `key:"max_sql_bytes" default:"65536" valid:"1024..1048576" only:"query" doc:"Maximum size of an SQL statement, in bytes. A longer one is refused."`
	MaxPlanCost       float64 `key:"max_plan_cost" valid:">0" only:"query" doc:"Maximum cost of a statement's plan, in the database's own unit. A statement whose plan costs more is refused before it runs, and returns to the SQL generator. Only with PostgreSQL, MySQL, MariaDB and SQL Server. Default: no limit."`
	ResultsBucket     string  `key:"results_bucket" form:"bucket" only:"query" doc:"Existing bucket for answers over max_rows or 6 MB. All rows are written there as CSV, and the answer holds a URL. Default: such answers are truncated."`
	ResultsLifetime   int     `key:"results_lifetime" default:"3600" valid:"60..43200" only:"query" doc:"Lifetime of that URL, in seconds. It ends earlier if the session of the function's role ends. Only with results_bucket."`
	GoldenFirst       bool    `key:"golden_first" default:"false" only:"query" doc:"A question in golden.json gets its SQL from there, without the model. The case, spaces and final punctuation of a question do not matter."`
	Samples           int     `key:"samples" default:"1" valid:"1..9" only:"query" doc:"Number of times that the model answers each question. The answer is the one that most of them agree on, with their share as confidence. Each sample costs tokens, and holds a connection to the database."`
	Clarification     bool    `key:"allow_clarification" default:"false" only:"query" doc:"The model may ask back when a question is ambiguous. A request decides for itself by its field allow_clarification. Only with the generators bedrock and openai."`
	Assumptions       bool    `key:"state_assumptions" default:"false" only:"query" doc:"The model states the assumptions and filters of its SQL in each answer. Only with the generators bedrock and openai."`
	Retries           int     `key:"retries" default:"3" valid:"0..10" only:"query" doc:"Number of times that a failed statement returns to the SQL generator."`
	AsyncQuestions    bool    `key:"async_questions" default:"false" only:"query" doc:"The API also answers questions later: lambda_timeout and statement_timeout may be up to 900 s. Other questions keep the HTTP API's timeout."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
	AsyncConcurrency int  `key:"async_concurrency" default:"10" valid:"2..1000" only:"query" doc:"Maximum number of long questions that run at once; further ones wait. Only with async_questions."`
	AsyncRecovery    bool `key:"async_point_in_time_recovery" default:"false" only:"query" doc:"DynamoDB keeps continuous backups of the table of long questions. Only with async_questions."`
	History          bool `key:"history" default:"false" only:"query" doc:"A bucket of the stack keeps each question with its SQL, outcome, times and keyed caller, and nothing of the rows. Callers can judge their answers by POST /feedback."`
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
	HistoryExpiration int `key:"history_expiration_in_days" default:"90" valid:"1..36500" only:"query" doc:"Lifetime of history and feedback, in days. Only with history."`
	// A comma separates the functions in the function's environment.
	AllowedFunctions     []string `key:"allowed_functions" form:"sqlFunction" only:"query" doc:"Functions of yours that a statement may call, each as schema.name. PostgreSQL, Redshift, MySQL and MariaDB require it for volatile ones, SQL Server, Snowflake and Databricks for all, BigQuery for remote ones."`
	AllowPrivilegedLogin bool     `key:"allow_privileged_login" default:"false" only:"query" doc:"The database user may be a superuser or have similar powers. A read-only transaction does not limit these, and each synth warns."`
	LogQuestions         bool     `key:"log_questions" default:"false" only:"query" doc:"Questions are written to the log."`
	LogCallers           bool     `key:"log_callers" default:"false" only:"query" doc:"The log holds the subject of each question's caller, in place of its keyed hash."`

	RowSecurity          string   `key:"row_security" default:"none" valid:"none|claims|role" only:"query" doc:"The database limits rows to those of the caller: its policies read the caller's claims, or the statement runs as the caller's role. A question without a caller gets 403."`
	RowSecurityClaims    []string `key:"row_security_claims" form:"claim" only:"query" doc:"Claims that each caller must have, besides sub. Only with row_security."`
	RowSecurityRoleClaim string   `key:"row_security_role_claim" default:"role" form:"claim" only:"query" doc:"Claim with the name of the caller's database role. Only with row_security=role."`
	RowSecurityRoles     []string `key:"row_security_roles" form:"databaseRole" only:"query" doc:"Database roles that a caller may have. A caller with another role gets 403. Required by row_security=role."`
	MaxTokensPerQuestion *int     `key:"max_tokens_per_question" valid:"1.." only:"query" doc:"Maximum number of the model's tokens for one question, over all attempts. A question that needs more gets 429. Also for defog evaluate. Only with the generators bedrock and openai. Default: no limit."`
	MaxCostPerDay        float64  `key:"max_cost_per_day" valid:">0" only:"query" doc:"Maximum estimated cost of the model for all questions of a day in UTC, in USD. Further questions get 429 until the next day. Requires generator_price and async_questions. Default: no limit."`
	// Prices differ by model and region, and change.
	GeneratorPrice *GeneratorPrice `key:"generator_price" only:"query" doc:"Prices of the model, for the cost of questions in the log, the metrics and defog evaluate. Default: tokens without a cost."`

	FunctionName string `group:"Function" key:"function_name" form:"function" doc:"Name of the function. Default: generated by CloudFormation."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	Description  string `key:"function_description" valid:"..256" doc:"Description of the function. Default: its purpose and stage."`
	Dependencies string `key:"function_source_dependencies_zip" doc:"Zip or folder with the files that the function reads at run time. A folder for the query function extends the default one, which holds Amazon's CA certificates."`
	Architecture string `key:"architecture" default:"arm64" custom:"x86_64" valid:"arm64|x86_64" doc:"Instruction set of the function."`
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	MemorySize          int               `key:"lambda_memory_size" alias:"function_memory" default:"128" custom:"2048" valid:"128..10240" doc:"Memory of the function, in MB."`
	Timeout             int               `key:"lambda_timeout" alias:"function_timeout" default:"29" custom:"600" valid:"1..900" doc:"Timeout of the function for one request or event, in seconds. Maximum for the query function: 30, the HTTP API's timeout. Default and maximum with async_questions: 900."`
	EphemeralStorage    int               `key:"ephemeral_storage" default:"512" valid:"512..10240" doc:"Size of the function's /tmp, in MB. Default for a custom function: the size of local dependencies plus 128, at least 512."`
	Layers              []string          `key:"layers" form:"layer" valid:"..5" doc:"ARNs of the function's layer versions."`
	ReservedConcurrency *int              `key:"reserved_concurrency" valid:"0.." doc:"Concurrent executions reserved for the function; 0 stops it. Default: the account's limit."`
	Environment         map[string]string `key:"environment_variables" alias:"function_env_variables" doc:"Additional environment variables of the function. Not for secrets."`
	KMSKeyARN           string            `key:"kms_key_arn" form:"key" doc:"Existing KMS key that encrypts the function's environment. Default: the AWS managed key."`
	XRay                bool              `key:"xray" default:"false" doc:"X-Ray traces requests."`
	Canary              string            `key:"canary" default:"none" valid:"none|linear|all-at-once" doc:"Traffic shift to a new version: immediate, or by CodeDeploy, which rolls back when the error alarm fires."`
	Tags                map[string]string `key:"tags" alias:"function_tags" doc:"Tags of the stack and its resources."`

	VPCID string `group:"Network" key:"vpc_id" form:"vpc" doc:"VPC whose private subnets the function runs in, looked up in the account. Default: no VPC."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
	SubnetIDs        []string `key:"subnet_ids" form:"subnet" valid:"..16" doc:"Subnets of the function, with routes to the database and the SQL generator. Requires security_group_ids."`
	SecurityGroupIDs []string `key:"security_group_ids" form:"securityGroup" valid:"..5" doc:"Security groups of the function. Requires subnet_ids."`

	ManageIAMRole     bool   `group:"Role" key:"manage_iam_role" default:"true" doc:"The stack creates the function's role. If false, iam_role_arn is required."`
	IAMRoleARN        string `key:"iam_role_arn" form:"role" doc:"Existing role of the function, which stays unchanged. Requires manage_iam_role=false."`
	AutogenPolicy     bool   `key:"autogen_policy" default:"true" doc:"The role allows what the function's code needs. If false, iam_policy_file defines what it allows."`
	IAMPolicyFile     string `key:"iam_policy_file" doc:"JSON file with an additional IAM policy for the role."`
	IAMPolicyAllowAll bool   `key:"iam_policy_allow_all" default:"false" doc:"A policy may allow all actions on all resources."`
	RoleName          string `key:"function_role_name" form:"roleName" doc:"Name of the role. Default: generated by CloudFormation."`
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	RoleDescription string         `key:"function_role_description" valid:"..1000" doc:"Description of the role."`
	RolePolicy      map[string]any `key:"function_role_policy_document" doc:"Additional IAM policy for the role, as an object."`
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	RolePolicyARNs   []string          `key:"function_role_policy_arns" form:"policy" valid:"..10" doc:"ARNs of managed policies for the role."`
	RoleAssumePolicy map[string]any    `key:"function_role_assume_policy_document" doc:"Trust policy of the role. Default: only Lambda may assume it."`
	RoleTags         map[string]string `key:"function_role_tags" doc:"Additional tags of the role."`

	APIAuth              string   `group:"API" key:"api_auth" default:"iam" valid:"iam|jwt|none" doc:"Caller authorization: execute-api:Invoke permission, a token of jwt_issuer, or none."`
	JWTIssuer            string   `key:"jwt_issuer" form:"issuer" doc:"Issuer of accepted tokens. Required by api_auth=jwt."`
	JWTAudience          []string `key:"jwt_audience" doc:"Audiences of accepted tokens: a token names at least one. Required by api_auth=jwt."`
	CORSAllowOrigins     []string `key:"cors_allow_origins" form:"origin" doc:"Web origins whose pages may call the API. Default: no CORS."`
	CORSAllowCredentials bool     `key:"cors_allow_credentials" default:"false" doc:"Pages of these origins may send cookies."`
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	ThrottleRate  int    `key:"throttle_rate" default:"10" valid:"1..10000" doc:"Maximum requests per second."`
	ThrottleBurst int    `key:"throttle_burst" default:"20" valid:"1..5000" doc:"Maximum concurrent requests."`
	APIStage      string `key:"api_gateway_stage" alias:"function_api_stage" custom:"prod" form:"apiStage" doc:"Stage of the API, the last part of its URL. Default for the query function: $default, which no URL shows."`
	// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html
	APIName        string            `key:"function_api_name" valid:"..128" doc:"Name of the API. Default: the stack's name."`
	APIDescription string            `key:"function_api_description" valid:"..1024" doc:"Description of the API."`
	APIVersion     string            `key:"function_api_version" valid:"..64" doc:"Version of the API, for information only."`
	APITags        map[string]string `key:"function_api_tags" doc:"Additional tags of the API."`
	Domain         *CustomDomain     `key:"api_gateway_custom_domain" doc:"Custom domain name of the API. It disables the default URL."`

	Page         bool     `group:"Page" key:"page" default:"false" only:"query" doc:"The API serves a page for questions in a browser. Requires api_auth=jwt or none. The page's files need no authorization."`
	PageClientID string   `key:"page_client_id" valid:"1..256" only:"query" doc:"OpenID Connect client of jwt_issuer for the page, whose redirect URI is the output PageUrl. Required by page with api_auth=jwt."`
	PageScopes   string   `key:"page_scopes" default:"openid" valid:"1..1000" only:"query" doc:"Scopes of the sign-in, with spaces between them. Only with page_client_id."`
	PageOrigins  []string `key:"page_origins" form:"endpointOrigin" only:"query" doc:"Web origins of the issuer's endpoints that differ from that of jwt_issuer, such as Amazon Cognito's domain. Only with page_client_id."`
	PageExamples []string `key:"page_examples" only:"query" doc:"Example questions on the page. Every visitor can read them, also without authorization. Default: none."`
	MCP          bool     `group:"Agents" key:"mcp" default:"false" only:"query" doc:"Agents use the API by the Model Context Protocol, at /mcp."`
	MCPSQL       bool     `key:"mcp_sql" default:"false" only:"query" doc:"Agents may run SQL of their own, through the function's guard and limits. Only with mcp."`
	MCPMaxRows   int      `key:"mcp_max_rows" default:"100" valid:"1..10000" only:"query" doc:"Maximum number of rows in the result of an agent's tool, since rows fill a model's context. Also for defog mcp."`

	SchemaCheck string `group:"Operations" key:"schema_check" default:"off" valid:"off|daily" only:"query" doc:"The function compares schema.json, golden.json and glossary.md with the database once a day, and an alarm fires when the database lacks something. Requires db_creds."`
	AlarmEmail  string `key:"alarm_email" form:"email" doc:"Email address that receives alarms."`
	DriftCheck  string `key:"drift_check" default:"off" valid:"off|daily" doc:"CloudFormation compares the stack with its template each night, and an alarm fires when they differ. Requires alarm_email."`
	// The costs are a metric, which the alarm sums.
	DailyCostAlarm float64 `key:"daily_cost_alarm" valid:">0" only:"query" doc:"Estimated cost of the model within 24 hours from which an alarm fires, in USD. Requires alarm_email and generator_price."`

	LogLevel string `key:"log_level" default:"INFO" valid:"DEBUG|INFO|WARN|ERROR" doc:"Lowest log level that the function writes."`
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	LogRetention  int    `key:"log_retention_in_days" default:"30" valid:"0|1|3|5|7|14|30|60|90|120|150|180|365|400|545|731|1096|1827|2192|2557|2922|3288|3653" doc:"Retention of logs, in days; 0 keeps them forever."`
	RemovalPolicy string `key:"removal_policy" valid:"destroy|retain" doc:"Removal policy of logs and buckets. Default: retain in the stages prod, production and live, else destroy."`

	TerminationProtection bool `key:"termination_protection" default:"false" doc:"CloudFormation refuses to delete the stack."`

	DistZip string `group:"Custom function: code" key:"function_source_dist_zip" only:"custom" doc:"Zip or folder with the custom function's code, which replaces the query function."`
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	SourceBucket        string `key:"function_source_bucket" form:"bucket" only:"custom" doc:"Existing bucket with the code or the dependencies, in the stack's region. They stay there."`
	DistKey             string `key:"function_source_dist_key" valid:"..1024" only:"custom" doc:"Key of the code's zip in function_source_bucket. Replaces function_source_dist_zip."`
	DistVersion         string `key:"function_source_dist_version" valid:"..1024" only:"custom" doc:"Version of that object. A changed zip under the same key is deployed only if the version changes too."`
	DependenciesKey     string `key:"function_source_dependencies_key" valid:"..1024" only:"custom" doc:"Key of the dependencies' zip in function_source_bucket. Replaces function_source_dependencies_zip."`
	DependenciesVersion string `key:"function_source_dependencies_version" valid:"..1024" only:"custom" doc:"Version of that object. Default: the newest."`
	Handler             string `key:"function_handler" default:"handler.handler" valid:"..128" only:"custom" doc:"Handler that the runtime calls. For Python: a module in the code and a function in it."`
	// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
	Runtime   string `key:"function_runtime" default:"python3.12" valid:"dotnet10|java8.al2|java11|java17|java21|java25|nodejs22.x|nodejs24.x|provided.al2023|python3.11|python3.12|python3.13|python3.14|ruby3.3|ruby3.4|ruby4.0" only:"custom" doc:"Runtime of the function. provided.al2023 starts the program bootstrap, or function_handler if code from a bucket has dependencies."`
	Hydrate   bool   `key:"function_hydrate" default:"true" only:"custom" doc:"Dependencies are fetched and extracted before the runtime starts. If false, the handler does both."`
	SnapStart bool   `key:"snap_start" default:"false" only:"custom" doc:"Lambda starts the function from a snapshot with extracted dependencies. For Java, .NET, and Python from 3.12, with 512 MB of /tmp."`

	RestrictPipelines []string `key:"function_restrict_pipelines" form:"hash" only:"custom" doc:"Hashes of the PODPAC nodes that the function evaluates. It refuses others. Default: all nodes."`
	AllowUnsafeEval   bool     `key:"function_allow_unsafe_eval" default:"false" only:"custom" doc:"Callers may send code to run, as in PODPAC's generic algorithms."`
	DataSecret        string   `key:"data_credentials_secret" form:"secret" only:"custom" doc:"Name or ARN of a Secrets Manager secret with credentials for data, such as EarthData's. The function reads it when it evaluates."`

	Triggers    []string          `group:"Custom function: triggers" key:"function_triggers" default:"eval" valid:"eval|S3|APIGateway" only:"custom" doc:"Triggers of the function: direct invocation, objects below function_s3_input, HTTP requests."`
	APIEndpoint string            `key:"function_api_endpoint" default:"eval" form:"urlPrefix" only:"custom" doc:"Path of the API, with all paths below it, for all methods. Events have the format of a REST API."`
	Bucket      string            `key:"function_s3_bucket" form:"bucket" only:"custom" doc:"Existing bucket for the trigger S3 and for fan_out, in the stack's region and account. Its other notifications stay. Default: the stack creates one."`
	Input       string            `key:"function_s3_input" default:"input/" form:"prefix" only:"custom" doc:"Key prefix of objects that trigger the function."`
	Output      string            `key:"function_s3_output" default:"output/" form:"prefix" only:"custom" doc:"Key prefix of the function's results."`
	BucketTags  map[string]string `key:"function_s3_tags" only:"custom" doc:"Additional tags of the created bucket."`
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
	Expiration *int `key:"function_s3_expiration_in_days" valid:"1..36500" only:"custom" doc:"Lifetime of objects in the created bucket, in days. Default: unlimited."`

	FanOut bool `key:"fan_out" default:"false" only:"custom" doc:"A state machine of AWS Step Functions invokes the function once for each item of a file (defog eval --each). Up to 10,000 invocations run at once."`

	CachePrefix     string `key:"cache_prefix" form:"prefix" only:"custom" doc:"Key prefix of podpac's S3 cache in the function's bucket, which the trigger S3 or fan_out requires. Default: no such cache."`
	CacheExpiration int    `key:"cache_expiration_in_days" default:"30" valid:"1..36500" only:"custom" doc:"Lifetime of the cache's entries, in days. Only with cache_prefix, and in a bucket that the stack creates."`

	// https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
	AsyncRetries int `key:"async_retries" default:"2" valid:"0..2" only:"custom" doc:"Retries of a failed asynchronous event before it goes to the dead-letter queue."`
	AsyncMaxAge  int `key:"async_max_age" default:"21600" valid:"60..21600" only:"custom" doc:"Maximum age of such an event, in seconds. An older one goes to the dead-letter queue."`

	BudgetAmount float64 `group:"Custom function: budget" key:"function_budget_amount" valid:"1.." only:"custom" doc:"Monthly budget of the stack. AWS sends emails at 80 % of it, and when the forecast exceeds it."`
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Spend.html
	BudgetCurrency string `key:"function_budget_currency" default:"USD" form:"currency" only:"custom" doc:"Currency of the budget, which must be the account's."`
	BudgetName     string `key:"function_budget_name" form:"budget" only:"custom" doc:"Name of the budget. Change it together with function_budget_email and budget_action, because AWS then replaces the budget. Default: generated by AWS."`
	BudgetEmail    string `key:"function_budget_email" form:"email" only:"custom" doc:"Email address that receives budget notifications."`
	BudgetAction   bool   `key:"budget_action" default:"false" only:"custom" doc:"The function is stopped when the budget is spent."`

	Pipeline            bool            `group:"Pipeline" key:"pipeline" default:"false" doc:"The stack ‹app_name›-pipeline is deployed in place of a stage. It builds the checkout and deploys each stage, with the -c settings of this command."`
	PipelineSource      *PipelineSource `key:"pipeline_source" doc:"Source of the pipeline. Required."`
	PipelineStages      []PipelineStage `key:"pipeline_stages" doc:"Stages in deployment order. Each has its settings, such as credentials_secret, in stages.‹stage›. Required."`
	PipelineAccount     string          `key:"pipeline_account" form:"account" doc:"Account of the pipeline. Default: that of the CDK CLI's credentials, or the first stage's."`
	PipelineRegion      string          `key:"pipeline_region" form:"region" doc:"Region of the pipeline. Default: that of the CDK CLI's credentials, or the first stage's."`
	PipelineNotifyEmail string          `key:"pipeline_notify_email" form:"email" doc:"Email address for pipeline failures and pending approvals."`
	PipelineKMS         string          `key:"pipeline_kms" form:"key" doc:"Existing KMS key in the pipeline's region that encrypts artifacts. The stages' accounts need permission to decrypt. Default: a new key."`
	SmokeQuestion       string          `key:"smoke_question" valid:"..1000" only:"query" doc:"Question that each newly deployed stage must answer."`
	SmokeExpect         string          `key:"smoke_expect" valid:"..1000" only:"query" doc:"Value that a cell of that answer must have, as in JSON without quotes (42, 12.50, Ada). Default: any row. Requires smoke_question."`
	// The file is part of the pipeline's own checkout.
	SmokeSet         string `key:"smoke_set" form:"setFile" only:"query" doc:"File of the repository with questions and results (defog evaluate --save-results), which each newly deployed stage must answer. Requires smoke_question."`
	SmokeMinAccuracy int    `key:"smoke_min_accuracy" default:"80" valid:"1..100" only:"query" doc:"Lowest accuracy of the answers to smoke_set, in percent. Requires smoke_set."`
}

// PipelineSource is the source of the pipeline's checkout: one of
//
//	connection_arn, repository  GitHub, GitLab or Bitbucket, through CodeConnections
//	repository                  CodeCommit, in the pipeline's account
//	bucket, key                 a zip in S3
type PipelineSource struct {
	ConnectionARN string `key:"connection_arn" form:"connection" doc:"CodeConnections connection to the repository's host. Requires repository."`
	// https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
	Repository string `key:"repository" form:"repository" doc:"Repository. Without connection_arn: one in CodeCommit."`
	Branch     string `key:"branch" default:"main" form:"branch" doc:"Branch of the repository."`
	Bucket     string `key:"bucket" form:"bucket" doc:"S3 bucket with the checkout as a zip, in place of a repository. It needs versioning, and EventBridge notifications to start the pipeline."`
	Key        string `key:"key" valid:"..1024" doc:"Key of the zip. Requires bucket."`
}

// PipelineStage is one step of the pipeline: a stage in one or several regions.
type PipelineStage struct {
	Stage   string   `key:"stage" form:"stage" doc:"Name of the stage. Required."`
	Account string   `key:"account" form:"account" doc:"Account of the stage. Default: the pipeline's."`
	Regions []string `key:"regions" alias:"region" form:"region" doc:"Regions of the stage, deployed in parallel. Default: the pipeline's."`
	Approve bool     `key:"approve" default:"false" doc:"The stage requires a manual approval."`
}

// GeneratorPrice holds the prices of a model, in USD for a million tokens.
type GeneratorPrice struct {
	Input      float64 `json:"input" key:"input" valid:"0.." doc:"Price of a million tokens of prompts, without cached ones."`
	Output     float64 `json:"output" key:"output" valid:"0.." doc:"Price of a million tokens of replies."`
	CacheRead  float64 `json:"cache_read" key:"cache_read" valid:"0.." doc:"Price of a million tokens of prompts that are read from the model's cache. Default: input."`
	CacheWrite float64 `json:"cache_write" key:"cache_write" valid:"0.." doc:"Price of a million tokens of prompts that are written to the model's cache. Default: input."`
}

// CustomDomain is a domain name of the API.
type CustomDomain struct {
	DomainName     string            `key:"domain_name" form:"domain" doc:"Domain name. Required."`
	CertificateARN string            `key:"certificate_arn" form:"certificate" doc:"ACM certificate of the domain, in the stack's region. Required."`
	TLSVersion     string            `key:"tls_version" default:"TLS_1_2" valid:"TLS_1_2" doc:"Lowest TLS version. HTTP APIs accept no older one."`
	URLPrefix      string            `key:"url_prefix" form:"urlPrefix" doc:"Path of the API below the domain. Default: the root."`
	HostedZoneID   string            `key:"hosted_zone_id" form:"zone" doc:"Route 53 zone for the domain's records. Requires hosted_zone_name. Default: no records."`
	HostedZoneName string            `key:"hosted_zone_name" form:"domain" doc:"Name of the zone."`
	Tags           map[string]string `key:"tags" doc:"Tags of the domain."`
}

// ModelPrice returns the prices of the language model, and nil without prices or with
// another SQL generator.
func (s Settings) ModelPrice() *GeneratorPrice {
	if !slices.Contains(generatorKeys["generator_model"], s.Generator) {
		return nil
	}
	return s.GeneratorPrice
}

// CustomFunction reports whether a custom function is deployed in place of the
// query function.
func (s Settings) CustomFunction() bool {
	return s.DistZip != "" || s.DistKey != "" || s.SourceBucket != ""
}

// TriggeredBy reports whether a trigger starts the custom function.
func (s Settings) TriggeredBy(trigger string) bool { return slices.Contains(s.Triggers, trigger) }

// HasBucket reports whether the custom function has a bucket.
func (s Settings) HasBucket() bool { return s.TriggeredBy("S3") || s.FanOut }

// HasDependencies reports whether the custom function has dependencies.
func (s Settings) HasDependencies() bool { return s.Dependencies != "" || s.DependenciesKey != "" }

// StackName returns the stack's name, which is its id too.
func (s Settings) StackName() string { return s.AppName + "-" + s.Stage }

// Retain reports whether logs and buckets outlive the stack.
func (s Settings) Retain() bool {
	if s.RemovalPolicy != "" {
		return s.RemovalPolicy == "retain"
	}
	return slices.Contains([]string{"prod", "production", "live"}, s.Stage)
}

var (
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
	variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+$`)

	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)
