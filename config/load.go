package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"defog-cdk/config/connection"
)

// Config is everything that the app needs to know.
type Config struct {
	Settings
	Connection connection.Connection // without credentials when they are in a secret; of the query function alone

	origins map[string]string // where each setting came from, by key

	// Stages are the pipeline's, in its order, and CommandLine is what -c said,
	// as "key=value". They are empty without a pipeline.
	Stages      []Stage
	CommandLine []string
}

// Given reports whether somebody said the setting.
func (c Config) Given(key string) bool { return origin(c.origins, key) != byDefault }

// Load reads the settings from the CDK context, as the CDK CLI hands it over,
// and the files that they name. The error holds every problem with all of them
// at once (see [errors.Join]), each naming its key, where it came from, and what
// is valid.
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
		return config, errors.Join(c.problems...)
	}
	var err error
	config.Connection, err = connection.Read(c.ConnectionFile)
	if err == nil && config.Connection.APIKey == "" && c.Generator == "defog" {
		err = fmt.Errorf("connection file %s: api_key: missing; generator defog needs it", c.ConnectionFile)
	}
	if err == nil {
		c.checkDatabaseUser(config.Connection)
	}
	return config, errors.Join(append(c.problems, err)...)
}

// checkDatabaseUser checks that the role may connect as the user of a database
// that knows it by IAM, and as nobody else.
func (c *checker) checkDatabaseUser(conn connection.Connection) {
	const key = "database_user_arn"
	user := conn.DBCreds.Text("user")
	switch iam := conn.DBCreds.Text("auth") == connection.IAM; {
	case iam && !c.given(key):
		c.failf(key, `missing; %s says "auth": "iam". Valid: %s`, c.ConnectionFile, forms["databaseUser"].says)
	case iam && !strings.HasSuffix(c.DatabaseUserARN, "/"+user):
		c.failf(key, "names another user than db_creds.user, which is %q", user)
	case !iam && c.given(key):
		c.failf(key, `nothing reads it; it goes with "auth": "iam" in db_creds`)
	}
}

// Parse reads the settings alone, without the files that they name but the
// settings file. The error holds every problem at once.
func Parse(context map[string]any) (Settings, error) {
	c := read(context)
	return c.Settings, errors.Join(append(c.problems, stageProblems(c.stages)...)...)
}

// read fills the settings and checks them.
func read(context map[string]any) *checker {
	chosen, others, problems := findSources(context)
	c := &checker{origins: map[string]string{}, problems: problems, command: chosen[len(chosen)-1].values}
	settings := target{value: reflect.ValueOf(&c.Settings).Elem(), fields: settingFields, origins: c.origins}
	settings.reset()
	for _, s := range chosen {
		c.problems = append(c.problems, settings.apply(s)...)
	}
	if c.CustomFunction() {
		settings.resetOwn()
	}
	for _, s := range others {
		unused := target{value: reflect.New(settings.value.Type()).Elem(), fields: settingFields, origins: map[string]string{}}
		c.problems = append(c.problems, unused.apply(s)...)
	}
	if c.Pipeline {
		c.checkPipeline()
		c.stages = c.readStages(context)
	} else {
		c.check()
	}
	return c
}

// checkFiles makes the paths absolute and looks whether the files are there.
func (c *checker) checkFiles() {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(c.ConnectionFile, "~/") {
		c.failf("connection_file", "find the home directory: %v", err)
	}
	c.ConnectionFile = expand(c.ConnectionFile, home)
	c.checkFile("function_source_dist_zip", &c.DistZip, home)
	c.checkFile("function_source_dependencies_zip", &c.Dependencies, home)
	c.checkFile("iam_policy_file", &c.IAMPolicyFile, home)
	if file, needed := knowledge[c.Generator]; needed && c.Dependencies == "" && !c.CustomFunction() {
		c.failf("function_source_dependencies_zip", "missing; generator %s reads %s from there", c.Generator, file)
	}
}

func (c *checker) checkFile(key string, path *string, home string) {
	if *path == "" {
		return
	}
	*path = expand(*path, home)
	if _, err := os.Stat(*path); err != nil {
		c.failf(key, "%v; valid: a path below this folder, or one from / or ~/", err)
	}
}

// ConnectionPath is where connection_file is, as an absolute path.
func (s Settings) ConnectionPath() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(s.ConnectionFile, "~/") {
		return "", fmt.Errorf("connection_file: find the home directory: %w", err)
	}
	return expand(s.ConnectionFile, home), nil
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
