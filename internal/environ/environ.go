// Package environ names the environment variables that the stack sets and the
// function reads. Both sides use these names.
package environ

const (
	// Credentials holds the connection as base64 of JSON: see
	// connection.Connection.Encode.
	Credentials = "DEFOG_CREDS_64"

	// CredentialsSecret names the Secrets Manager secret, by name or ARN, that
	// holds the connection as JSON. It replaces Credentials.
	CredentialsSecret = "DEFOG_CREDS_SECRET"

	// Generator names the SQL generator: "defog", "golden", "bedrock" or "openai".
	Generator = "DEFOG_GENERATOR"

	// GeneratorModel is the model of bedrock (the id or ARN of a model or inference
	// profile) and of openai.
	GeneratorModel = "DEFOG_GENERATOR_MODEL"

	// GeneratorRegion is the region of bedrock. Default: the function's region.
	GeneratorRegion = "DEFOG_GENERATOR_REGION"

	// GeneratorBaseURL is the base URL of an OpenAI-compatible API. Default: the
	// connection's base_url.
	GeneratorBaseURL = "DEFOG_GENERATOR_BASE_URL"

	// GeneratorPrice holds the model's prices in USD for a million tokens, as JSON with
	// the keys of the setting generator_price. Default: tokens without a cost.
	GeneratorPrice = "DEFOG_GENERATOR_PRICE"

	// MaxTokensPerQuestion is the maximum number of the model's tokens for one question,
	// over all attempts. Default: no limit.
	MaxTokensPerQuestion = "DEFOG_MAX_TOKENS_PER_QUESTION"

	// MaxCostPerDay is the maximum cost of the model for all questions of a day in UTC,
	// in USD. Default: no limit.
	MaxCostPerDay = "DEFOG_MAX_COST_PER_DAY"

	// SchemaTTL is the time until the catalogue is read again, in whole seconds.
	// Default: 3600.
	SchemaTTL = "DEFOG_SCHEMA_TTL"

	// GoldenFirst is "true" if golden queries answer their questions without the model.
	GoldenFirst = "DEFOG_GOLDEN_FIRST"

	// Samples is the number of answers of the model to one question. Default: 1.
	Samples = "DEFOG_SAMPLES"

	// AllowClarification is "true" if the model may ask back.
	AllowClarification = "DEFOG_ALLOW_CLARIFICATION"

	// StateAssumptions is "true" if the model states the assumptions of its SQL.
	StateAssumptions = "DEFOG_STATE_ASSUMPTIONS"

	// GeneratorTimeout is the SQL generator's timeout per request, in whole seconds.
	// Default: the function's timeout.
	GeneratorTimeout = "DEFOG_GENERATOR_TIMEOUT"

	// DependenciesBucket names the bucket with the zip of the function's
	// dependencies. A function without dependencies does not have this variable.
	DependenciesBucket = "DEFOG_DEPENDENCIES_BUCKET"

	// DependenciesKey is the zip's key in the bucket.
	DependenciesKey = "DEFOG_DEPENDENCIES_KEY"

	// DependenciesHash is the SHA-256 of the zip's bytes in lower-case hex.
	DependenciesHash = "DEFOG_DEPENDENCIES_SHA256"

	// DependenciesDirectory is the folder for extracted dependencies. Default: a
	// folder below the system's temporary directory (/tmp on Lambda).
	DependenciesDirectory = "DEFOG_DEPENDENCIES_DIRECTORY"

	// DependenciesVersion is the object version of the zip. Default: the latest.
	DependenciesVersion = "DEFOG_DEPENDENCIES_VERSION"

	// DependenciesMaxMB is the maximum size of the extracted dependencies, in whole
	// MiB: the function's ephemeral_storage. Default: 512.
	DependenciesMaxMB = "DEFOG_DEPENDENCIES_MAX_MB"

	// DependenciesLinks is a folder in which hydrate creates a link to each top-level
	// name of the dependencies. PODPAC's handler searches packages in /tmp. Default:
	// no links.
	DependenciesLinks = "DEFOG_DEPENDENCIES_LINKS"

	// DependenciesFolder is the folder with the extracted dependencies. Hydrate sets
	// it for the program that it starts.
	DependenciesFolder = "DEFOG_DEPENDENCIES_FOLDER"

	// FunctionCommand is the program that hydrate starts as the function's bootstrap:
	// a JSON list such as ["python3", "-m", "awslambdaric", "handler.handler"].
	// Default: OriginalBootstrap. As AWS_LAMBDA_EXEC_WRAPPER, hydrate starts its
	// arguments.
	FunctionCommand = "DEFOG_FUNCTION_COMMAND"

	// StatementTimeout is the timeout of one statement, in whole seconds.
	StatementTimeout = "DEFOG_STATEMENT_TIMEOUT"

	// MaxRows is the maximum number of rows in an answer.
	MaxRows = "DEFOG_MAX_ROWS"

	// MaxSQLBytes is the maximum size of a statement, in bytes. Default: 65536.
	MaxSQLBytes = "DEFOG_MAX_SQL_BYTES"

	// MaxPlanCost is the maximum cost of a statement's plan, in the database's unit.
	// Default: no limit.
	MaxPlanCost = "DEFOG_MAX_PLAN_COST"

	// Retries is how often a failed statement returns to the SQL generator.
	Retries = "DEFOG_RETRIES"

	// AllowedFunctions are volatile functions of the user's that statements may
	// call, each as schema.name, with commas between them.
	AllowedFunctions = "DEFOG_ALLOWED_FUNCTIONS"

	// AllowPrivilegedLogin set to "true" accepts a database user with powers that
	// no read-only transaction limits, such as a superuser.
	AllowPrivilegedLogin = "DEFOG_ALLOW_PRIVILEGED_LOGIN"

	// LogQuestions set to "true" adds the question's text to the log.
	LogQuestions = "DEFOG_LOG_QUESTIONS"

	// LogCallers set to "true" logs the subjects of callers in place of their hashes.
	LogCallers = "DEFOG_LOG_CALLERS"

	// RowSecurity is the mode of row security: "claims" or "role". Default: none.
	RowSecurity = "DEFOG_ROW_SECURITY"

	// RowSecurityClaims are claims that each caller must have, with commas between
	// them.
	RowSecurityClaims = "DEFOG_ROW_SECURITY_CLAIMS"

	// RowSecurityRoleClaim is the claim with the caller's database role. Default: role.
	RowSecurityRoleClaim = "DEFOG_ROW_SECURITY_ROLE_CLAIM"

	// RowSecurityRoles are the database roles that a caller may have, with commas
	// between them.
	RowSecurityRoles = "DEFOG_ROW_SECURITY_ROLES"

	// ResultsBucket names the bucket for answers that are too large to return.
	// Default: such answers are truncated.
	ResultsBucket = "DEFOG_RESULTS_BUCKET"

	// ResultsPrefix is the prefix of their keys, before a slash.
	ResultsPrefix = "DEFOG_RESULTS_PREFIX"

	// ResultsLifetime is the lifetime of a URL of such an answer, in whole seconds.
	ResultsLifetime = "DEFOG_RESULTS_LIFETIME"

	// AnswersTable names the DynamoDB table of long questions. Without it, the
	// function answers each question at once.
	AnswersTable = "DEFOG_ANSWERS_TABLE"

	// AnswersQueue is the URL of the queue that starts long questions.
	AnswersQueue = "DEFOG_ANSWERS_QUEUE"

	// AnswersBucket names the bucket for answers that exceed an item of the table.
	AnswersBucket = "DEFOG_ANSWERS_BUCKET"

	// HistoryBucket names the bucket for history and feedback. Without it, the function
	// keeps neither.
	HistoryBucket = "DEFOG_HISTORY_BUCKET"

	// ExtensionID is the id of the function's extension. The function sets it before it
	// starts its program anew in the same process.
	ExtensionID = "DEFOG_EXTENSION_ID"

	// MCP set to "true" serves the Model Context Protocol.
	MCP = "DEFOG_MCP"

	// MCPSQL set to "true" lets agents run SQL of their own.
	MCPSQL = "DEFOG_MCP_SQL"

	// MCPMaxRows is the maximum number of rows in the result of an agent's tool.
	// Default: 100.
	MCPMaxRows = "DEFOG_MCP_MAX_ROWS"

	// MCPOrigins are the web origins whose pages may use the protocol, with commas
	// between them. Default: none.
	MCPOrigins = "DEFOG_MCP_ORIGINS"

	// MCPIssuer is the issuer of the tokens that the API accepts, for clients that
	// look for it. Default: they find none.
	MCPIssuer = "DEFOG_MCP_ISSUER"

	// Stack is the stack's name, a dimension of the function's metrics. Without it,
	// the function writes no metrics.
	Stack = "DEFOG_STACK"
)

// The keys of AnswersTable, its attribute with an item's time to live, and the prefix
// of keys in AnswersBucket.
const (
	AnswersKey     = "id"
	AnswersSortKey = "part"
	AnswersExpiry  = "expires" // seconds since 1970
	AnswersPrefix  = "answers/"
)

// OriginalBootstrap is the file below LAMBDA_TASK_ROOT with the function's original
// bootstrap, if hydrate replaced it.
const OriginalBootstrap = "bootstrap.original"
