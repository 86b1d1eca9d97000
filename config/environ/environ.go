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

	// Generator names who writes the SQL: "defog" or "golden".
	Generator = "DEFOG_GENERATOR"

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

	// StatementTimeout is how long the database may work on one statement, in
	// whole seconds.
	StatementTimeout = "DEFOG_STATEMENT_TIMEOUT"

	// MaxRows is the most rows that an answer holds.
	MaxRows = "DEFOG_MAX_ROWS"

	// Retries is how often a failed statement goes back to the generator.
	Retries = "DEFOG_RETRIES"

	// LogQuestions set to "true" adds the question's text to the log.
	LogQuestions = "DEFOG_LOG_QUESTIONS"
)
