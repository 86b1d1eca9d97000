// Package config turns what the operator says (the CDK context and
// connection.json) into checked, typed values. It knows nothing of CDK, so that
// mistakes show before the CDK is even loaded.
package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"defog-cdk/config/connection"
)

// Settings holds every setting. This struct is the one truth about them: the
// loader, the checks and README's table are all made from its tags.
//
//	key      the setting's name in the CDK context
//	alias    another name for it, PODPAC's own
//	default  its value when nobody says anything
//	valid    one of the words "a|b|c", or a range "1..900"
//	doc      one line for README
type Settings struct {
	AppName string `key:"app_name" default:"defog-lambda" doc:"The application's name; the stack is ‹app_name›-‹stage›."`
	Stage   string `key:"stage" default:"dev" doc:"The stage's name."`

	ConnectionFile    string `key:"connection_file" default:"~/.defog/connection.json" doc:"Where the database, its credentials and the API key are."`
	CredentialsSecret string `key:"credentials_secret" doc:"Name or ARN of a Secrets Manager secret that holds the content of connection.json. The function reads it at start; no credential is in the template then, and connection_file is not read. Needs db_type."`
	DBType            string `key:"db_type" doc:"The secret's db_type, which decides the driver that is built in. Only with credentials_secret."`

	Generator    string `key:"generator" default:"defog" valid:"defog|golden" doc:"Who writes the SQL: Defog's HTTP API, or question/SQL pairs in golden.json among the dependencies."`
	Dependencies string `key:"function_source_dependencies_zip" doc:"A zip, or a folder to be zipped, with what the function needs at run time (golden.json, a SQLite file, CA certificates). A folder is laid over the default one, which holds Amazon's CA certificates."`

	Architecture string `key:"architecture" default:"arm64" valid:"arm64|x86_64" doc:"The function's processor."`
	MemorySize   int    `key:"lambda_memory_size" alias:"function_memory" default:"128" valid:"128..10240" doc:"The function's memory in MB."`
	// An HTTP API waits 30 s at the most:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	Timeout int `key:"lambda_timeout" alias:"function_timeout" default:"29" valid:"3..30" doc:"How long the function may take for one question, in seconds. The HTTP API waits 30 s."`

	StatementTimeout int  `key:"statement_timeout" default:"20" valid:"1..29" doc:"How long the database may work on one statement, in seconds; less than lambda_timeout."`
	MaxRows          int  `key:"max_rows" default:"10000" valid:"1..1000000" doc:"The most rows in an answer; a longer one is cut and says so."`
	Retries          int  `key:"retries" default:"3" valid:"0..10" doc:"How often SQL that failed goes back to the generator."`
	LogQuestions     bool `key:"log_questions" default:"false" doc:"Whether the log holds the questions' text."`

	APIAuth       string `key:"api_auth" default:"iam" valid:"iam|none" doc:"Who may call the API: callers with execute-api:Invoke, or anybody."`
	ThrottleRate  int    `key:"throttle_rate" default:"10" valid:"1..10000" doc:"Requests per second that the API lets through."`
	ThrottleBurst int    `key:"throttle_burst" default:"20" valid:"1..5000" doc:"Requests at once that the API lets through."`

	LogRetention  int    `key:"log_retention_in_days" default:"30" doc:"How long logs are kept, in days; 0 keeps them for ever."`
	RemovalPolicy string `key:"removal_policy" valid:"destroy|retain" doc:"What becomes of the logs when the stack is destroyed. Default: retain in the stages prod, production and live, else destroy."`

	Environment map[string]string `key:"environment_variables" doc:"More environment variables for the function."`
	Tags        map[string]string `key:"tags" doc:"Tags for the stack and its resources."`
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
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
	stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
	variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+$`)

	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
	secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	secretARN  = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)

	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	retentionDays = []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)

// check returns what is wrong with settings that are right one by one.
func (s Settings) check() []error {
	var problems []error
	failf := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}

	if !stackName.MatchString(s.AppName) {
		failf("app_name", "%q cannot begin a stack's name; valid: a letter, then letters, digits and hyphens", s.AppName)
	}
	if !stackName.MatchString("a"+s.Stage) || s.Stage == "" {
		failf("stage", "%q cannot end a stack's name; valid: letters, digits and hyphens", s.Stage)
	}
	if n := len(s.StackName()); n > 128 {
		failf("app_name", "the stack's name %s has %d characters; valid: 128 at the most, with the stage", s.StackName(), n)
	}
	if !slices.Contains(retentionDays, s.LogRetention) {
		failf("log_retention_in_days", "%d is not offered by CloudWatch Logs; valid: %s", s.LogRetention, join(retentionDays))
	}
	if s.StatementTimeout >= s.Timeout {
		failf("statement_timeout", "%d s leaves no time of lambda_timeout's %d s; valid: less than that", s.StatementTimeout, s.Timeout)
	}
	s.checkSecret(failf)
	s.checkEnvironment(failf)
	s.checkTags(failf)
	return problems
}

func (s Settings) checkSecret(failf func(key, format string, args ...any)) {
	secret := s.CredentialsSecret
	switch {
	case secret == "" && s.DBType != "":
		failf("db_type", "goes with credentials_secret only; without it, connection_file says the db_type")
	case secret != "" && !slices.Contains(connection.DBTypes(), s.DBType):
		failf("db_type", "%q is not the secret's db_type; valid: %s", s.DBType, strings.Join(connection.DBTypes(), ", "))
	}
	switch {
	case strings.HasPrefix(secret, "arn:") && !secretARN.MatchString(secret):
		failf("credentials_secret", "%q is not a secret's ARN; valid: arn:aws:secretsmanager:‹region›:‹account›:secret:‹name›-‹6 characters›", secret)
	case secret != "" && !strings.HasPrefix(secret, "arn:") && !secretName.MatchString(secret):
		failf("credentials_secret", "is not a secret's name; valid: letters, digits and /_+=.@-")
	}
}

func (s Settings) checkEnvironment(failf func(key, format string, args ...any)) {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		key := "environment_variables." + name
		switch {
		case !variableName.MatchString(name):
			failf(key, "is no variable's name; valid: a letter, then letters, digits and underscores")
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "LAMBDA_"), strings.HasPrefix(name, "_"):
			failf(key, "is reserved by Lambda; choose a name without that prefix")
		case strings.HasPrefix(name, "DEFOG_"):
			failf(key, "is set by the stack; use the setting instead")
		}
	}
}

func (s Settings) checkTags(failf func(key, format string, args ...any)) {
	if len(s.Tags) > 50 {
		failf("tags", "%d tags; valid: 50 at the most", len(s.Tags))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Tags)) {
		key, value := "tags."+name, s.Tags[name]
		switch {
		case name == "" || len([]rune(name)) > 128 || len([]rune(value)) > 256:
			failf(key, "is too long or has no name; valid: names of 1 to 128 characters, values of up to 256")
		case strings.HasPrefix(strings.ToLower(name), "aws:"):
			failf(key, "is reserved by AWS; valid: a name without the prefix aws:")
		case !tagText.MatchString(name) || !tagText.MatchString(value):
			failf(key, "has characters that tags cannot have; valid: letters, digits, spaces and _.:/=+-@")
		}
	}
}

// expand makes a path absolute; a leading ~ is the home directory, which no
// shell expands behind "-c key=".
func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = filepath.Join(home, rest)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

func join(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}
