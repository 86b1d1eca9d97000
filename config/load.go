package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"defog-cdk/config/connection"
)

// Config is the configuration of the app.
type Config struct {
	Settings
	Connection connection.Connection // of the query function; without credentials if they are in a secret

	origins map[string]string // the source of each setting, by key

	// Stages are the pipeline's, in its order. CommandLine holds the settings from
	// -c as "key=value". Both are empty without a pipeline.
	Stages      []Stage
	CommandLine []string
}

// Given reports whether a source sets the setting.
func (c Config) Given(key string) bool { return origin(c.origins, key) != defaultOrigin }

// Load reads the settings from the CDK context and the files that they name. The
// error joins every problem (see [errors.Join]), each with its key, its source and
// the valid values.
func Load(context map[string]any) (Config, error) {
	c := read(context)
	if c.Pipeline {
		return c.loadPipeline()
	}
	c.checkFiles()
	config := Config{Settings: c.Settings, origins: c.origins}
	if c.CustomFunction() {
		return config, errors.Join(c.problems...)
	}
	if c.CredentialsSecret != "" {
		config.Connection.DBType = c.DBType
		c.checkRowSecurityOf(c.DBType)
		c.checkPlanCost(c.DBType)
		return config, errors.Join(c.problems...)
	}
	conn, err := connection.Read(c.ConnectionFile)
	if err == nil {
		err = c.checkConnectionFile(conn)
		c.checkRowSecurityOf(conn.DBType)
		c.checkPlanCost(conn.DBType)
	}
	config.Settings, config.Connection = c.Settings, conn
	return config, errors.Join(append(c.problems, err)...)
}

// checkConnectionFile checks the settings that depend on the connection's content.
func (c *checker) checkConnectionFile(conn connection.Connection) error {
	if !c.given("generator") {
		c.chooseGenerator(conn.DefaultGenerator())
		c.checkGenerator()
	}
	c.checkDatabaseUser(conn)
	if slices.Contains(generatorKeys["schema_ttl"], c.Generator) && len(conn.DBCreds) == 0 && c.Dependencies == "" {
		c.failf("function_source_dependencies_zip", "missing; want a folder or zip with schema.json, because db_creds is empty in %s", c.ConnectionFile)
	}
	if c.SchemaCheck == "daily" && len(conn.DBCreds) == 0 {
		c.failf("schema_check", "requires a database, and db_creds is empty in %s; want db_creds, or schema_check=off", c.ConnectionFile)
	}
	if conn.APIKey == "" && c.Generator == "defog" {
		return fmt.Errorf("%s: api_key: missing; want the API key, which generator defog requires, or generator=bedrock", c.ConnectionFile)
	}
	return nil
}

// checkDatabaseUser checks that the role may connect as the connection's user, if
// the database uses IAM authentication.
func (c *checker) checkDatabaseUser(conn connection.Connection) {
	const key = "database_user_arn"
	user := conn.DBCreds.Text("user")
	switch iam := conn.DBCreds.Text("auth") == connection.IAM; {
	case iam && !c.given(key):
		c.failf(key, `missing; want %s, which "auth": "iam" in %s requires`, forms["databaseUser"].description, c.ConnectionFile)
	case iam && !strings.HasSuffix(c.DatabaseUserARN, "/"+user):
		c.failf(key, "another user than db_creds.user; want an ARN that ends in /%s", user)
	case !iam && c.given(key):
		c.failf(key, `not used without IAM authentication; want "auth": "iam" in db_creds`)
	}
}

// Parse reads the settings, and of the files that they name the settings file
// only. The error joins every problem.
func Parse(context map[string]any) (Settings, error) {
	c := read(context)
	return c.Settings, errors.Join(append(c.problems, stageProblems(c.stages)...)...)
}

// read merges and checks the settings.
func read(context map[string]any) *checker {
	chosen, others, problems := findSources(context)
	c := merge(chosen, others, problems)
	if c.Pipeline {
		c.checkPipeline()
		c.stages = c.readStages(context)
	} else {
		c.check()
	}
	return c
}

// CheckFile checks the content of a settings file for one stage. Unlike [Parse] it
// reads no other source. The name stands in the problems' sources.
func CheckFile(name string, values map[string]any, stage string) []error {
	file := source{name: name, values: maps.Clone(values)}
	found, problems := file.takeStages()
	chosen, others := []source{file}, []source{}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if key == stage {
			chosen = append(chosen, found[key])
		} else {
			others = append(others, found[key])
		}
	}
	chosen = append(chosen, source{name: "-c", values: map[string]any{"stage": stage}})
	c := merge(chosen, others, problems)
	c.check()
	return flatten(errors.Join(c.problems...))
}

// merge stores the chosen sources' values in order of precedence. It checks the
// values of other sources one by one.
func merge(chosen, others []source, problems []error) *checker {
	c := &checker{origins: map[string]string{}, problems: problems, command: chosen[len(chosen)-1].values}
	settings := target{value: reflect.ValueOf(&c.Settings).Elem(), fields: settingFields, origins: c.origins}
	settings.reset()
	for _, s := range chosen {
		c.problems = append(c.problems, settings.apply(s)...)
	}
	if c.CustomFunction() {
		settings.resetCustom()
	} else if c.AsyncQuestions && !c.given("lambda_timeout") {
		c.Timeout = longestTimeout
	}
	for _, s := range others {
		unused := target{value: reflect.New(settings.value.Type()).Elem(), fields: settingFields, origins: map[string]string{}}
		c.problems = append(c.problems, unused.apply(s)...)
	}
	return c
}

// checkFiles makes paths absolute and checks that the files exist.
func (c *checker) checkFiles() {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(c.ConnectionFile, "~/") {
		c.failf("connection_file", "find the home directory: %v", err)
	}
	c.ConnectionFile = expand(c.ConnectionFile, home)
	c.checkFile("function_source_dist_zip", &c.DistZip, home)
	c.checkFile("function_source_dependencies_zip", &c.Dependencies, home)
	c.checkFile("iam_policy_file", &c.IAMPolicyFile, home)
	if file, required := generatorFiles[c.Generator]; required && c.Dependencies == "" && !c.CustomFunction() {
		c.failf("function_source_dependencies_zip", "missing; want a folder or zip with %s, which generator %s reads", file, c.Generator)
	}
}

func (c *checker) checkFile(key string, path *string, home string) {
	if *path == "" {
		return
	}
	*path = expand(*path, home)
	if _, err := os.Stat(*path); err != nil {
		c.failf(key, "%w; want an existing path, relative to this folder or from / or ~/", err)
	}
}

// ConnectionPath returns the absolute path of connection_file.
func (s Settings) ConnectionPath() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(s.ConnectionFile, "~/") {
		return "", fmt.Errorf("connection_file: find the home directory: %w", err)
	}
	return expand(s.ConnectionFile, home), nil
}

// expand makes a path absolute. A leading ~ is the home directory: no shell expands
// it after "-c key=".
func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = filepath.Join(home, rest)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

// Explain formats an error for the terminal: one line per problem.
func Explain(err error) string {
	problems := flatten(err)
	if len(problems) == 1 {
		return fmt.Sprintf("defog-cdk: %v\n", problems[0])
	}
	var text strings.Builder
	fmt.Fprintf(&text, "defog-cdk: %d problems:\n", len(problems))
	for _, problem := range problems {
		fmt.Fprintf(&text, "  - %v\n", problem)
	}
	return text.String()
}

// Problems returns the errors that are joined in an error.
func Problems(err error) []error { return flatten(err) }

// OnlyMissingFiles reports whether an error of [Load] has no other cause than files
// that do not exist. The settings are valid then, and name the app's stacks.
func OnlyMissingFiles(err error) bool {
	problems := flatten(err)
	return len(problems) > 0 && !slices.ContainsFunc(problems, func(problem error) bool { return !errors.Is(problem, fs.ErrNotExist) })
}

// flatten returns the errors that are joined in an error.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var problems []error
	for _, err := range joined.Unwrap() {
		problems = append(problems, flatten(err)...)
	}
	return problems
}
