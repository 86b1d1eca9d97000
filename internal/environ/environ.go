// Package environ names the environment variables that the stack sets and the
// function reads, so that the two sides cannot drift apart.
package environ

const (
	// Credentials holds the connection as base64 of JSON: see
	// connection.Connection.Encode.
	Credentials = "DEFOG_CREDS_64"

	// CredentialsSecret names the Secrets Manager secret, by name or ARN, that
	// holds the connection as JSON. It takes the place of Credentials.
	CredentialsSecret = "DEFOG_CREDS_SECRET"

	// Generator names who writes the SQL: "defog", "golden", "bedrock" or
	// "openai".
	Generator = "DEFOG_GENERATOR"

	// GeneratorModel is the model that bedrock (a model's or an inference
	// profile's id or ARN) and openai use.
	GeneratorModel = "DEFOG_GENERATOR_MODEL"

	// GeneratorRegion is the region in which bedrock is asked; absent, the
	// function's own.
	GeneratorRegion = "DEFOG_GENERATOR_REGION"

	// GeneratorBaseURL is where an OpenAI-compatible API lives; absent, the
	// connection's base_url.
	GeneratorBaseURL = "DEFOG_GENERATOR_BASE_URL"

	// GeneratorTimeout is how long a generator may work on one question or
	// retry, in whole seconds; absent, as long as the function may.
	GeneratorTimeout = "DEFOG_GENERATOR_TIMEOUT"

	// DependenciesBucket names the bucket that holds the function's
	// dependencies, a zip. A function without dependencies has no such variable.
	DependenciesBucket = "DEFOG_DEPENDENCIES_BUCKET"

	// DependenciesKey is the zip's key in the bucket.
	DependenciesKey = "DEFOG_DEPENDENCIES_KEY"

	// DependenciesHash is the SHA-256 of the zip's bytes in lower-case hex.
	DependenciesHash = "DEFOG_DEPENDENCIES_SHA256"

	// DependenciesDirectory is where dependencies are extracted; absent, a
	// folder below the system's temporary directory (/tmp on Lambda).
	DependenciesDirectory = "DEFOG_DEPENDENCIES_DIRECTORY"

	// DependenciesVersion is the object version of the zip; absent, the latest.
	DependenciesVersion = "DEFOG_DEPENDENCIES_VERSION"

	// DependenciesMaxMB is the most that the extracted dependencies may hold, in
	// whole MiB: the function's ephemeral_storage. Default: 512.
	DependenciesMaxMB = "DEFOG_DEPENDENCIES_MAX_MB"

	// DependenciesLinks is a folder in which each top-level name of the
	// dependencies is to appear as a link, for handlers that look for their
	// packages there: PODPAC's own looks in /tmp. Absent, nowhere. Read by
	// hydrate.
	DependenciesLinks = "DEFOG_DEPENDENCIES_LINKS"

	// DependenciesFolder is the folder that holds the extracted dependencies.
	// Hydrate sets it for the program that it starts; the stack never does.
	DependenciesFolder = "DEFOG_DEPENDENCIES_FOLDER"

	// FunctionCommand is what hydrate starts where it is the function's
	// bootstrap: program and arguments as a JSON list of texts, such as
	// ["python3", "-m", "awslambdaric", "handler.handler"]. Absent, it is
	// OriginalBootstrap. As AWS_LAMBDA_EXEC_WRAPPER hydrate starts its arguments.
	FunctionCommand = "DEFOG_FUNCTION_COMMAND"

	// StatementTimeout is how long the database may work on one statement, in
	// whole seconds.
	StatementTimeout = "DEFOG_STATEMENT_TIMEOUT"

	// MaxRows is the most rows that an answer holds.
	MaxRows = "DEFOG_MAX_ROWS"

	// Retries is how often a failed statement goes back to the generator.
	Retries = "DEFOG_RETRIES"

	// LogQuestions set to "true" adds the question's text to the log.
	LogQuestions = "DEFOG_LOG_QUESTIONS"

	// ResultsBucket names the bucket that takes answers which are larger than
	// the function may return; absent, they are cut.
	ResultsBucket = "DEFOG_RESULTS_BUCKET"

	// ResultsPrefix is what their keys begin with, before a slash.
	ResultsPrefix = "DEFOG_RESULTS_PREFIX"

	// ResultsLifetime is how long a URL of such an answer works, in whole
	// seconds.
	ResultsLifetime = "DEFOG_RESULTS_LIFETIME"

	// Stack is the stack's name, which the function's metrics carry. A function
	// outside of a stack has no such variable, and writes no metrics.
	Stack = "DEFOG_STACK"
)

// OriginalBootstrap is the file below LAMBDA_TASK_ROOT that holds the function's
// own bootstrap where hydrate has taken its name.
const OriginalBootstrap = "bootstrap.original"
