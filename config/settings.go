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
//	doc      one line for README
type Settings struct {
	AppName      string `group:"Application" key:"app_name" default:"defog-lambda" form:"stack" doc:"The application's name; the stack is ‹app_name›-‹stage›."`
	Stage        string `key:"stage" default:"dev" form:"stage" doc:"The stage's name. Its entry in stages has settings of its own."`
	SettingsFile string `key:"settings_file" doc:"A JSON file with more settings, for teams that keep several apps; it wins over cdk.json."`

	ConnectionFile    string `group:"Question and answer" key:"connection_file" default:"~/.defog/connection.json" doc:"Where the database, its credentials and the API key are."`
	CredentialsSecret string `key:"credentials_secret" form:"secret" doc:"Name or ARN of a Secrets Manager secret that holds the content of connection.json. The function reads it at start; no credential is in the template then, and connection_file is not read. Needs db_type."`
	DBType            string `key:"db_type" doc:"The secret's db_type, which decides the driver that is built in. Only with credentials_secret."`
	DatabaseUserARN   string `key:"database_user_arn" form:"databaseUser" doc:"The database user as which the function's role may connect, for db_creds with \"auth\": \"iam\" and no password: RDS's IAM database authentication."`
	Generator         string `key:"generator" default:"defog" valid:"defog|golden|bedrock|openai" doc:"Who writes the SQL: Defog's HTTP API, question/SQL pairs in golden.json among the dependencies, or a language model, on Bedrock or behind any API like OpenAI's, that is told of the database by schema.json there."`
	GeneratorModel    string `key:"generator_model" doc:"The model that writes the SQL, by the generator's name for it. Only with the generators bedrock and openai."`
	GeneratorRegion   string `key:"generator_region" form:"region" doc:"The region of Bedrock's model. Default: the function's. Only with the generator bedrock."`
	GeneratorBaseURL  string `key:"generator_base_url" form:"url" doc:"Where an OpenAI-compatible endpoint is. Default: connection.json's base_url. Only with the generator openai."`
	GeneratorTimeout  int    `key:"generator_timeout" default:"13" valid:"1..900" doc:"How long the generator may take to write SQL, in seconds."`
	StatementTimeout  int    `key:"statement_timeout" default:"15" valid:"1..900" doc:"How long the database may work on one statement, in seconds. With generator_timeout and a second for the answer it must fit into lambda_timeout."`
	MaxRows           int    `key:"max_rows" default:"10000" valid:"1..1000000" doc:"The most rows in an answer; a longer one is cut and says so."`
	ResultsBucket     string `key:"results_bucket" form:"bucket" doc:"A bucket of yours for answers over max_rows or the 6 MB of a response: all their rows are written there as CSV, below the stack's name, and the answer holds a URL. How long they are kept is up to the bucket's life cycle. Default: such answers are cut."`
	ResultsLifetime   int    `key:"results_lifetime" default:"3600" valid:"60..43200" doc:"How long the URL of a stored answer works, in seconds, unless the role's own session ends before. Only with results_bucket."`
	Retries           int    `key:"retries" default:"3" valid:"0..10" doc:"How often SQL that failed goes back to the generator."`
	LogQuestions      bool   `key:"log_questions" default:"false" doc:"Whether the log holds the questions' text."`
	Dependencies      string `key:"function_source_dependencies_zip" doc:"A zip, or a folder to be zipped, with what the function needs at run time (golden.json, a SQLite file, CA certificates). A folder is laid over the default one, which holds Amazon's CA certificates."`

	FunctionName string `group:"Function" key:"function_name" form:"function" doc:"The function's name. Default: CloudFormation's choice."`
	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	Description  string `key:"function_description" valid:"..256" doc:"The function's description. Default: what it does, and for which stack."`
	Architecture string `key:"architecture" default:"arm64" valid:"arm64|x86_64" doc:"The function's processor."`
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	MemorySize          int               `key:"lambda_memory_size" alias:"function_memory" default:"128" valid:"128..10240" doc:"The function's memory in MB."`
	Timeout             int               `key:"lambda_timeout" alias:"function_timeout" default:"29" valid:"1..900" doc:"How long the function may take for one question, in seconds. The HTTP API waits 30 s, so that is the most."`
	EphemeralStorage    int               `key:"ephemeral_storage" default:"512" valid:"512..10240" doc:"The function's /tmp in MB, where dependencies are extracted."`
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
	APIStage      string `key:"api_gateway_stage" alias:"function_api_stage" form:"apiStage" doc:"The API's stage, which its URL then ends in. Default: $default, which no URL shows."`
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
