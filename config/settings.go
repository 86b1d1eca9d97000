// Package config turns what the operator says (the CDK context and
// connection.json) into checked, typed values. It knows nothing of CDK, so that
// mistakes show before the CDK is even loaded.
package config

import (
	"regexp"
	"slices"
)

// Settings holds every setting. This struct is the one truth about them: the
// loader, README's table, the JSON Schema and defog settings are all made from
// its tags.
//
//	group    what this setting and those after it are about
//	key      the setting's name in the CDK context
//	alias    another name for it, PODPAC's own
//	default  its value when nobody says anything
//	valid    one of the words "a|b|c", or a range "1..900": of a number, of a
//	         text's length, or of a list's
//	form     the shape of a text, or of a list's texts, by its name in forms
//	own      the default for a function of the user's own, where it is another
//	only     "query" or "own": the one function that the setting is for
//	doc      one line for README
type Settings struct {
	AppName      string `group:"Application" key:"app_name" default:"defog-lambda" form:"stack" doc:"The application's name; the stack is ‹app_name›-‹stage›."`
	Stage        string `key:"stage" default:"dev" form:"stage" doc:"The stage's name. Its entry in stages has settings of its own."`
	SettingsFile string `key:"settings_file" doc:"A JSON file with more settings, for teams that keep several apps; it wins over cdk.json."`

	ConnectionFile    string `group:"Question and answer" key:"connection_file" default:"~/.defog/connection.json" only:"query" doc:"Where the database, its credentials and the API key are."`
	CredentialsSecret string `key:"credentials_secret" form:"secret" only:"query" doc:"Name or ARN of a Secrets Manager secret that holds the content of connection.json. The function reads it at start; no credential is in the template then, and connection_file is not read. Needs db_type."`
	DBType            string `key:"db_type" only:"query" doc:"The secret's db_type, which decides the driver that is built in. Only with credentials_secret."`
	DatabaseUserARN   string `key:"database_user_arn" form:"databaseUser" only:"query" doc:"The database user as which the function's role may connect, for db_creds with \"auth\": \"iam\" and no password: RDS's IAM database authentication."`
	Generator         string `key:"generator" default:"defog" valid:"defog|golden|bedrock|openai" only:"query" doc:"Who writes the SQL: Defog's HTTP API, question/SQL pairs in golden.json among the dependencies, or a language model, on Bedrock or behind any API like OpenAI's, that is told of the database by schema.json there."`
	GeneratorModel    string `key:"generator_model" only:"query" doc:"The model that writes the SQL, by the generator's name for it. Only with the generators bedrock and openai."`
	GeneratorRegion   string `key:"generator_region" form:"region" only:"query" doc:"The region of Bedrock's model. Default: the function's. Only with the generator bedrock."`
	GeneratorBaseURL  string `key:"generator_base_url" form:"url" only:"query" doc:"Where an OpenAI-compatible endpoint is. Default: connection.json's base_url. Only with the generator openai."`
	GeneratorTimeout  int    `key:"generator_timeout" default:"13" valid:"1..900" only:"query" doc:"How long the generator may take to write SQL, in seconds."`
	StatementTimeout  int    `key:"statement_timeout" default:"15" valid:"1..900" only:"query" doc:"How long the database may work on one statement, in seconds. With generator_timeout and a second for the answer it must fit into lambda_timeout."`
	MaxRows           int    `key:"max_rows" default:"10000" valid:"1..1000000" only:"query" doc:"The most rows in an answer; a longer one is cut and says so."`
	ResultsBucket     string `key:"results_bucket" form:"bucket" only:"query" doc:"A bucket of yours for answers over max_rows or the 6 MB of a response: all their rows are written there as CSV, below the stack's name, and the answer holds a URL. How long they are kept is up to the bucket's life cycle. Default: such answers are cut."`
	ResultsLifetime   int    `key:"results_lifetime" default:"3600" valid:"60..43200" only:"query" doc:"How long the URL of a stored answer works, in seconds, unless the role's own session ends before. Only with results_bucket."`
	Retries           int    `key:"retries" default:"3" valid:"0..10" only:"query" doc:"How often SQL that failed goes back to the generator."`
	LogQuestions      bool   `key:"log_questions" default:"false" only:"query" doc:"Whether the log holds the questions' text."`

	DistZip string `group:"A function of your own" key:"function_source_dist_zip" only:"own" doc:"A zip, or a folder to be zipped, with the code of a function of your own, which is deployed in place of the query function."`
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	SourceBucket        string `key:"function_source_bucket" form:"bucket" only:"own" doc:"A bucket of yours in the stack's region where code or dependencies are already; they stay there."`
	DistKey             string `key:"function_source_dist_key" valid:"..1024" only:"own" doc:"The key of the code's zip in function_source_bucket, instead of function_source_dist_zip."`
	DistVersion         string `key:"function_source_dist_version" valid:"..1024" only:"own" doc:"That object's version. A changed zip under the same key is deployed only if this changes too."`
	DependenciesKey     string `key:"function_source_dependencies_key" valid:"..1024" only:"own" doc:"The key of the dependencies' zip in function_source_bucket, instead of function_source_dependencies_zip."`
	DependenciesVersion string `key:"function_source_dependencies_version" valid:"..1024" only:"own" doc:"That object's version. Default: the newest."`
	Handler             string `key:"function_handler" default:"handler.handler" valid:"..128" only:"own" doc:"What the runtime calls: for Python, a module in the code and a function in it."`
	// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
	Runtime string `key:"function_runtime" default:"python3.12" valid:"dotnet10|java8.al2|java11|java17|java21|java25|nodejs22.x|nodejs24.x|provided.al2023|python3.11|python3.12|python3.13|python3.14|ruby3.3|ruby3.4|ruby4.0" only:"own" doc:"The function's runtime. A provided one starts the program bootstrap, or, from a bucket with dependencies, what function_handler names."`
	Hydrate bool   `key:"function_hydrate" default:"true" only:"own" doc:"Whether the dependencies are fetched and extracted before the runtime starts. If not, the handler does it."`

	Triggers   []string          `key:"function_triggers" default:"eval" valid:"eval|S3|APIGateway" only:"own" doc:"What starts the function: direct invokes, objects that appear below function_s3_input, HTTP requests; any of them."`
	Bucket     string            `key:"function_s3_bucket" form:"bucket" only:"own" doc:"A bucket of yours for the trigger S3, in the stack's region and account; its other notifications are kept. Default: the stack makes one."`
	Input      string            `key:"function_s3_input" default:"input/" form:"prefix" only:"own" doc:"Where objects trigger the function."`
	Output     string            `key:"function_s3_output" default:"output/" form:"prefix" only:"own" doc:"Where the function writes what they result in."`
	BucketTags map[string]string `key:"function_s3_tags" only:"own" doc:"More tags for the bucket that the stack makes."`
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
	Expiration *int `key:"function_s3_expiration_in_days" valid:"1..36500" only:"own" doc:"After how many days objects are deleted from the bucket that the stack makes. Default: never."`

	APIEndpoint string `key:"function_api_endpoint" default:"eval" form:"urlPrefix" only:"own" doc:"The API's path, for any method. The event has the shape of a REST API's."`

	RestrictPipelines []string `key:"function_restrict_pipelines" form:"hash" only:"own" doc:"The hashes of the nodes that the function evaluates; it refuses others. Default: all."`
	AllowUnsafeEval   bool     `key:"function_allow_unsafe_eval" default:"false" only:"own" doc:"Whether callers may have the function run code of theirs, as PODPAC's generic algorithms do."`

	// https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
	AsyncRetries int  `key:"async_retries" default:"2" valid:"0..2" only:"own" doc:"How often an event that failed is tried again, when nobody waits for the answer. Then it goes to the dead-letter queue."`
	AsyncMaxAge  int  `key:"async_max_age" default:"21600" valid:"60..21600" only:"own" doc:"How old such an event may become before it goes there, in seconds."`
	SnapStart    bool `key:"snap_start" default:"false" only:"own" doc:"Whether Lambda starts the function from a snapshot of one with extracted dependencies and finished imports. For Java, .NET, and Python from 3.12, with 512 MB of /tmp."`

	BudgetAmount float64 `key:"function_budget_amount" valid:"1.." only:"own" doc:"What the stack may cost a month. Mails are sent at 80 % of it, and when the forecast is all of it."`
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Spend.html
	BudgetCurrency string `key:"function_budget_currency" default:"USD" form:"currency" only:"own" doc:"The currency, which is the account's."`
	BudgetName     string `key:"function_budget_name" form:"budget" only:"own" doc:"The budget's name, which must change together with function_budget_email and budget_action: AWS then replaces the budget. Default: AWS's choice."`
	BudgetEmail    string `key:"function_budget_email" form:"email" only:"own" doc:"Who gets these mails."`
	BudgetAction   bool   `key:"budget_action" default:"false" only:"own" doc:"Whether the function is stopped when all of the budget is spent."`

	FunctionName string `group:"Function" key:"function_name" form:"function" doc:"The function's name. Default: CloudFormation's choice."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	Description  string `key:"function_description" valid:"..256" doc:"The function's description. Default: what it does, and for which stack."`
	Dependencies string `key:"function_source_dependencies_zip" doc:"A zip, or a folder to be zipped, with what the function needs at run time. For the query function (golden.json, a SQLite file, CA certificates) a folder is laid over the default one, which holds Amazon's CA certificates."`
	Architecture string `key:"architecture" default:"arm64" own:"x86_64" valid:"arm64|x86_64" doc:"The function's processor."`
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	MemorySize          int               `key:"lambda_memory_size" alias:"function_memory" default:"128" own:"2048" valid:"128..10240" doc:"The function's memory in MB."`
	Timeout             int               `key:"lambda_timeout" alias:"function_timeout" default:"29" own:"600" valid:"1..900" doc:"How long the function may take for one question or event, in seconds. The HTTP API waits 30 s, so that is the most for the query function."`
	EphemeralStorage    int               `key:"ephemeral_storage" default:"512" valid:"512..10240" doc:"The function's /tmp in MB, where dependencies are extracted. Default for a function of your own: what dependencies from here need and 128 MB more, but no less."`
	Layers              []string          `key:"layers" form:"layer" valid:"..5" doc:"ARNs of layer versions for the function."`
	ReservedConcurrency *int              `key:"reserved_concurrency" valid:"0.." doc:"How many questions may be answered at once, set aside from the account's limit; 0 stops the function. Default: no limit but the account's."`
	Environment         map[string]string `key:"environment_variables" alias:"function_env_variables" doc:"More environment variables for the function. Not for secrets."`
	KMSKeyARN           string            `key:"kms_key_arn" form:"key" doc:"A KMS key of yours that encrypts the function's environment, instead of AWS's own."`
	XRay                bool              `key:"xray" default:"false" doc:"Whether the function's requests are traced by X-Ray."`
	Canary              string            `key:"canary" default:"none" valid:"none|linear|all-at-once" doc:"How a new version takes over: at once, or by CodeDeploy, which goes back to the old version when the error alarm rings."`
	Tags                map[string]string `key:"tags" alias:"function_tags" doc:"Tags for the stack and its resources."`

	VPCID string `group:"Network" key:"vpc_id" form:"vpc" doc:"The VPC in whose private subnets the function runs; it is looked up in the account. Default: none."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
	SubnetIDs        []string `key:"subnet_ids" form:"subnet" valid:"..16" doc:"The subnets in which the function runs; they must have a way to the database and to the generator. Goes with security_group_ids."`
	SecurityGroupIDs []string `key:"security_group_ids" form:"securityGroup" valid:"..5" doc:"The function's security groups. Goes with subnet_ids."`

	ManageIAMRole     bool   `group:"Role" key:"manage_iam_role" default:"true" doc:"Whether the stack makes the function's role. If not, iam_role_arn names one."`
	IAMRoleARN        string `key:"iam_role_arn" form:"role" doc:"A role of yours for the function, which is left as it is. Needs manage_iam_role=false."`
	AutogenPolicy     bool   `key:"autogen_policy" default:"true" doc:"Whether the role allows what the function is known to do. If not, iam_policy_file says what it allows."`
	IAMPolicyFile     string `key:"iam_policy_file" doc:"A JSON file with an IAM policy for the role."`
	IAMPolicyAllowAll bool   `key:"iam_policy_allow_all" default:"false" doc:"Whether a policy may allow every action on every resource."`
	RoleName          string `key:"function_role_name" form:"roleName" doc:"The role's name. Default: CloudFormation's choice."`
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	RoleDescription string         `key:"function_role_description" valid:"..1000" doc:"The role's description."`
	RolePolicy      map[string]any `key:"function_role_policy_document" doc:"An IAM policy for the role, besides what the function needs."`
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	RolePolicyARNs   []string          `key:"function_role_policy_arns" form:"policy" valid:"..10" doc:"ARNs of managed policies for the role."`
	RoleAssumePolicy map[string]any    `key:"function_role_assume_policy_document" doc:"The role's trust policy. Default: Lambda alone may assume it."`
	RoleTags         map[string]string `key:"function_role_tags" doc:"More tags for the role."`

	APIAuth              string   `group:"API" key:"api_auth" default:"iam" valid:"iam|jwt|none" doc:"Who may call the API: callers with execute-api:Invoke, those with a token of jwt_issuer, or anybody."`
	JWTIssuer            string   `key:"jwt_issuer" form:"issuer" doc:"The issuer whose tokens are accepted. Needed by api_auth=jwt."`
	JWTAudience          []string `key:"jwt_audience" doc:"The audiences of which a token must name one. Needed by api_auth=jwt."`
	CORSAllowOrigins     []string `key:"cors_allow_origins" form:"origin" doc:"The web origins whose pages may call the API. Default: none, no CORS."`
	CORSAllowCredentials bool     `key:"cors_allow_credentials" default:"false" doc:"Whether those pages may send cookies along."`
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	ThrottleRate  int    `key:"throttle_rate" default:"10" valid:"1..10000" doc:"Requests per second that the API lets through."`
	ThrottleBurst int    `key:"throttle_burst" default:"20" valid:"1..5000" doc:"Requests at once that the API lets through."`
	APIStage      string `key:"api_gateway_stage" alias:"function_api_stage" own:"prod" form:"apiStage" doc:"The API's stage, which its URL then ends in. Default: $default, which no URL shows."`
	// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html
	APIName        string            `key:"function_api_name" valid:"..128" doc:"The API's name. Default: the stack's."`
	APIDescription string            `key:"function_api_description" valid:"..1024" doc:"The API's description."`
	APIVersion     string            `key:"function_api_version" valid:"..64" doc:"The API's version, for people."`
	APITags        map[string]string `key:"function_api_tags" doc:"More tags for the API."`
	Domain         *CustomDomain     `key:"api_gateway_custom_domain" doc:"A domain name of yours for the API; its default URL is then switched off."`

	AlarmEmail string `group:"Operation" key:"alarm_email" form:"email" doc:"Who gets the alarms by mail."`
	LogLevel   string `key:"log_level" default:"INFO" valid:"DEBUG|INFO|WARN|ERROR" doc:"The least level that the function logs."`
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	LogRetention  int    `key:"log_retention_in_days" default:"30" valid:"0|1|3|5|7|14|30|60|90|120|150|180|365|400|545|731|1096|1827|2192|2557|2922|3288|3653" doc:"How long logs are kept, in days; 0 keeps them for ever."`
	RemovalPolicy string `key:"removal_policy" valid:"destroy|retain" doc:"What becomes of logs and buckets when the stack is destroyed. Default: retain in the stages prod, production and live, else destroy."`

	TerminationProtection bool `key:"termination_protection" default:"false" doc:"Whether the stack refuses to be destroyed."`

	Pipeline            bool            `group:"Pipeline" key:"pipeline" default:"false" doc:"Whether to deploy ‹app_name›-pipeline, which builds this checkout and deploys ‹app_name›-‹stage› for each stage, instead of a stage itself. What is said by -c beside it becomes part of the pipeline."`
	PipelineSource      *PipelineSource `key:"pipeline_source" doc:"Where the pipeline gets this checkout from. Needed."`
	PipelineStages      []PipelineStage `key:"pipeline_stages" doc:"What the pipeline deploys, in this order. Each has its settings in stages.‹stage›, credentials_secret among them. Needed."`
	PipelineAccount     string          `key:"pipeline_account" form:"account" doc:"The pipeline's account. Default: that of the CDK CLI's credentials; without any, the first stage's."`
	PipelineRegion      string          `key:"pipeline_region" form:"region" doc:"The pipeline's region. Default: as for pipeline_account."`
	PipelineNotifyEmail string          `key:"pipeline_notify_email" form:"email" doc:"Who is told by mail that the pipeline failed, or waits for an approval."`
	PipelineKMS         string          `key:"pipeline_kms" form:"key" doc:"A KMS key of yours, in the pipeline's region, that encrypts its artifacts; its policy must let the stages' accounts decrypt. Default: a key of the pipeline's own."`
	SmokeQuestion       string          `key:"smoke_question" valid:"..1000" only:"query" doc:"A question that the pipeline asks each newly deployed stage, which must answer it."`
	SmokeExpect         string          `key:"smoke_expect" valid:"..1000" only:"query" doc:"A value that one of the answer's cells must have, as JSON writes it and without quotes (42, 12.50, Ada). Default: any answer with a row. Goes with smoke_question."`
}

// PipelineSource is where the pipeline gets the checkout from: one of
//
//	connection_arn, repository  GitHub, GitLab or Bitbucket, through CodeConnections
//	repository                  CodeCommit, in the pipeline's account
//	bucket, key                 a zip in S3
type PipelineSource struct {
	ConnectionARN string `key:"connection_arn" form:"connection" doc:"A CodeConnections connection to where the repository is. Goes with repository."`
	// https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
	Repository string `key:"repository" form:"repository" doc:"The repository; without connection_arn, one in CodeCommit."`
	Branch     string `key:"branch" default:"main" form:"branch" doc:"The repository's branch."`
	Bucket     string `key:"bucket" form:"bucket" doc:"An S3 bucket with the checkout as a zip, instead of a repository. It needs versioning, and EventBridge notifications to start the pipeline."`
	Key        string `key:"key" valid:"..1024" doc:"The zip's key. Goes with bucket."`
}

// PipelineStage is one step of the pipeline: a stage, in one region or in
// several at once.
type PipelineStage struct {
	Stage   string   `key:"stage" form:"stage" doc:"The stage. Needed."`
	Account string   `key:"account" form:"account" doc:"Its account. Default: the pipeline's."`
	Regions []string `key:"regions" alias:"region" form:"region" doc:"Its region, or several to be deployed at once. Default: the pipeline's."`
	Approve bool     `key:"approve" default:"false" doc:"Whether somebody must approve before it is deployed."`
}

// CustomDomain is a domain name for the API.
type CustomDomain struct {
	DomainName     string            `key:"domain_name" form:"domain" doc:"The domain's name. Needed."`
	CertificateARN string            `key:"certificate_arn" form:"certificate" doc:"Its certificate in ACM, in the stack's region. Needed."`
	TLSVersion     string            `key:"tls_version" default:"TLS_1_2" valid:"TLS_1_2" doc:"The least version of TLS; HTTP APIs take no older one."`
	URLPrefix      string            `key:"url_prefix" form:"urlPrefix" doc:"The path below the domain at which the API is. Default: its root."`
	HostedZoneID   string            `key:"hosted_zone_id" form:"zone" doc:"The Route 53 zone that gets the domain's records. Goes with hosted_zone_name. Default: no records."`
	HostedZoneName string            `key:"hosted_zone_name" form:"domain" doc:"The zone's name."`
	Tags           map[string]string `key:"tags" doc:"Tags for the domain."`
}

// CustomFunction reports whether a function of the user's own is deployed, and not
// the query function.
func (s Settings) CustomFunction() bool {
	return s.DistZip != "" || s.DistKey != "" || s.SourceBucket != ""
}

// TriggeredBy reports whether a trigger starts the user's own function.
func (s Settings) TriggeredBy(trigger string) bool { return slices.Contains(s.Triggers, trigger) }

// HasDependencies reports whether the user's own function has any.
func (s Settings) HasDependencies() bool { return s.Dependencies != "" || s.DependenciesKey != "" }

// StackName is the stack's name and id.
func (s Settings) StackName() string { return s.AppName + "-" + s.Stage }

// Retain says whether the logs outlive the stack.
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
