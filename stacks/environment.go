package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// environmentLimit is how many bytes the variables may have as JSON, which is
// how Lambda measures them.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const environmentLimit = 4096

// locationAllowance is what the variables take that are known only when the
// stack is deployed: the names of the assets' bucket and key.
const locationAllowance = len(environ.DependenciesBucket) + 63 + len(environ.DependenciesKey) + 80 + 2*len(`"":"",`)

// environment returns the query function's variables as far as the settings
// decide them, and refuses more than Lambda takes.
func environment(conf config.Config, dependenciesHash string) (map[string]string, error) {
	variables := maps.Clone(conf.Environment)
	if variables == nil {
		variables = map[string]string{}
	}
	variables[environ.Generator] = conf.Generator
	variables[environ.GeneratorTimeout] = strconv.Itoa(conf.GeneratorTimeout)
	variables[environ.DependenciesHash] = dependenciesHash
	variables[environ.StatementTimeout] = strconv.Itoa(conf.StatementTimeout)
	variables[environ.MaxRows] = strconv.Itoa(conf.MaxRows)
	variables[environ.Retries] = strconv.Itoa(conf.Retries)
	for name, value := range map[string]string{
		environ.GeneratorModel:   conf.GeneratorModel,
		environ.GeneratorRegion:  conf.GeneratorRegion,
		environ.GeneratorBaseURL: conf.GeneratorBaseURL,
	} {
		if value != "" {
			variables[name] = value
		}
	}
	if conf.ResultsBucket != "" {
		variables[environ.ResultsBucket] = conf.ResultsBucket
		variables[environ.ResultsPrefix] = conf.StackName()
		variables[environ.ResultsLifetime] = strconv.Itoa(conf.ResultsLifetime)
	}
	if watched(conf) {
		variables[environ.Stack] = conf.StackName()
	}
	if conf.EphemeralStorage > leastStorage { // the function's own default
		variables[environ.DependenciesMaxMB] = strconv.Itoa(conf.EphemeralStorage)
	}
	if conf.LogQuestions {
		variables[environ.LogQuestions] = "true"
	}
	if conf.CredentialsSecret != "" {
		variables[environ.CredentialsSecret] = conf.CredentialsSecret
	} else {
		credentials, err := conf.Connection.Encode()
		if err != nil {
			return nil, err
		}
		variables[environ.Credentials] = credentials
	}

	return variables, checkEnvironment(conf, variables)
}

// checkEnvironment refuses more than Lambda takes.
func checkEnvironment(conf config.Config, variables map[string]string) error {
	text, err := json.Marshal(variables)
	if err != nil {
		return fmt.Errorf("measure the function's environment: %w", err)
	}
	size := locationAllowance + len(text)
	switch {
	case size <= environmentLimit:
		return nil
	case conf.CustomFunction():
		return fmt.Errorf("the function's environment has %d bytes, %d of them environment_variables and %d function_restrict_pipelines; Lambda takes %d: shorten them",
			size, length(conf.Environment), len(variables[podpacRestrict]), environmentLimit)
	}
	return fmt.Errorf("the function's environment has %d bytes, %d of them the credentials and %d environment_variables; Lambda takes %d: "+
		"move the credentials to Secrets Manager with credentials_secret, or shorten environment_variables",
		size, len(variables[environ.Credentials]), length(conf.Environment), environmentLimit)
}

func length(variables map[string]string) (size int) {
	for name, value := range variables {
		size += len(name) + len(value)
	}
	return size
}
