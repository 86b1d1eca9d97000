package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"defog-cdk/internal/environ"
	"defog-cdk/lambda/awsenv"
	"defog-cdk/lambda/dependencies"
)

// settings holds the function's environment.
type settings struct {
	object    dependencies.Object
	directory string // for the extracted dependencies
	maxBytes  int64
	links     string   // folder for links to the dependencies; "" for none
	command   []string // to start if hydrate has no arguments
	aws       awsenv.Settings
}

// readSettings reads the environment. The error lists every problem with its
// variable.
func readSettings(get func(string) string) (settings, error) {
	s := settings{
		object: dependencies.Object{
			Bucket:    get(environ.DependenciesBucket),
			Key:       get(environ.DependenciesKey),
			VersionID: get(environ.DependenciesVersion),
			SHA256:    get(environ.DependenciesHash),
		},
		// Not the query function's folder, which that function reads without a lock.
		directory: cmp.Or(get(environ.DependenciesDirectory), filepath.Join(os.TempDir(), "hydrate")),
		links:     get(environ.DependenciesLinks),
		command:   []string{filepath.Join(get("LAMBDA_TASK_ROOT"), environ.OriginalBootstrap)},
		aws:       awsenv.Read(get),
	}
	var problems []error
	invalid := func(name, valid string) {
		problem := "missing"
		if value := get(name); value != "" {
			problem = fmt.Sprintf("%q is invalid", value)
		}
		problems = append(problems, fmt.Errorf("%s: %s; want %s", name, problem, valid))
	}
	if s.object.Bucket == "" {
		invalid(environ.DependenciesBucket, "the name of the bucket with the dependencies")
	}
	if s.object.Key == "" {
		invalid(environ.DependenciesKey, "the key of the dependencies' zip")
	}
	if sum, err := hex.DecodeString(s.object.SHA256); err != nil || len(sum) != 0 && len(sum) != 32 {
		invalid(environ.DependenciesHash, "64 lower-case hex digits, or no value")
	}
	megabytes, err := strconv.ParseInt(cmp.Or(get(environ.DependenciesMaxMB), "512"), 10, 32)
	if err != nil || megabytes < 1 {
		invalid(environ.DependenciesMaxMB, "an integer of at least 1")
	}
	s.maxBytes = megabytes << 20
	for _, name := range []string{environ.DependenciesDirectory, environ.DependenciesLinks} {
		if path := get(name); path != "" && !filepath.IsAbs(path) {
			invalid(name, "an absolute path, or no value")
		}
	}
	if text := get(environ.FunctionCommand); text != "" {
		if err := json.Unmarshal([]byte(text), &s.command); err != nil || len(s.command) == 0 || s.command[0] == "" {
			invalid(environ.FunctionCommand, `a JSON list of a program and its arguments, such as ["python3", "-m", "awslambdaric", "handler.handler"]`)
		}
	}
	if s.aws.Region == "" {
		invalid("AWS_REGION", "the function's region")
	}
	return s, errors.Join(problems...)
}

// commandFor returns the command to start: hydrate's arguments, if it is a
// wrapper, or else the configured command.
func (s settings) commandFor(arguments []string) []string {
	if len(arguments) > 0 {
		return arguments
	}
	return s.command
}
