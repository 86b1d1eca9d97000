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
	"defog-cdk/lambda/dependencies"
)

// settings is the function's environment.
type settings struct {
	object    dependencies.Object
	directory string // where the dependencies are extracted
	maxBytes  int64
	links     string   // the folder that shows them; "" for none
	command   []string // what to start where there are no arguments
	aws       awsSettings
}

// readSettings reads the environment. The error holds every problem at once,
// each with its variable.
func readSettings(get func(string) string) (settings, error) {
	s := settings{
		object: dependencies.Object{
			Bucket:    get(environ.DependenciesBucket),
			Key:       get(environ.DependenciesKey),
			VersionID: get(environ.DependenciesVersion),
			SHA256:    get(environ.DependenciesHash),
		},
		// Not the query function's folder, which it reads without holding it.
		directory: cmp.Or(get(environ.DependenciesDirectory), filepath.Join(os.TempDir(), "hydrate")),
		links:     get(environ.DependenciesLinks),
		command:   []string{filepath.Join(get("LAMBDA_TASK_ROOT"), environ.OriginalBootstrap)},
		aws:       readAWSSettings(get),
	}
	var problems []error
	wrong := func(name, valid string) {
		problem := "is missing"
		if value := get(name); value != "" {
			problem = fmt.Sprintf("%q is wrong", value)
		}
		problems = append(problems, fmt.Errorf("%s: %s; valid: %s", name, problem, valid))
	}
	if s.object.Bucket == "" {
		wrong(environ.DependenciesBucket, "the name of the bucket with the dependencies")
	}
	if s.object.Key == "" {
		wrong(environ.DependenciesKey, "the key of the dependencies' zip")
	}
	if sum, err := hex.DecodeString(s.object.SHA256); err != nil || len(sum) != 0 && len(sum) != 32 {
		wrong(environ.DependenciesHash, "64 lower-case hex digits, or nothing")
	}
	megabytes, err := strconv.ParseInt(cmp.Or(get(environ.DependenciesMaxMB), "512"), 10, 32)
	if err != nil || megabytes < 1 {
		wrong(environ.DependenciesMaxMB, "a whole number from 1")
	}
	s.maxBytes = megabytes << 20
	for _, name := range []string{environ.DependenciesDirectory, environ.DependenciesLinks} {
		if path := get(name); path != "" && !filepath.IsAbs(path) {
			wrong(name, "an absolute path, or nothing")
		}
	}
	if text := get(environ.FunctionCommand); text != "" {
		if err := json.Unmarshal([]byte(text), &s.command); err != nil || len(s.command) == 0 || s.command[0] == "" {
			wrong(environ.FunctionCommand, `a JSON list of a program and its arguments, as ["python3", "-m", "awslambdaric", "handler.handler"]`)
		}
	}
	if s.aws.region == "" {
		wrong("AWS_REGION", "the function's region")
	}
	return s, errors.Join(problems...)
}

// commandFor returns what to start: the arguments where hydrate is a wrapper.
func (s settings) commandFor(arguments []string) []string {
	if len(arguments) > 0 {
		return arguments
	}
	return s.command
}
