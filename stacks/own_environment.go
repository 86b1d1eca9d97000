package stacks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// Variables that PODPAC's handlers read, and Lambda's own for a wrapper.
const (
	podpacBucket          = "S3_BUCKET_NAME"            // with the dependencies and, for events of S3, the results
	podpacDependenciesKey = "FUNCTION_DEPENDENCIES_KEY" // of their zip in that bucket
	podpacInput           = "FUNCTION_S3_INPUT"
	podpacOutput          = "FUNCTION_S3_OUTPUT"
	podpacRestrict        = "PODPAC_RESTRICT_PIPELINES" // JSON list of nodes' hashes
	podpacUnsafe          = "PODPAC_UNSAFE_EVAL"        // lets pipelines run code whose settings have the same UNSAFE_EVAL_HASH
	podpacVersionName     = "PODPAC_VERSION"
	podpacSettings        = "SETTINGS" // JSON object

	execWrapper = "AWS_LAMBDA_EXEC_WRAPPER"
)

// ownEnvironment returns the variables of a function of the user's own as far as
// the settings decide them, and refuses more than Lambda takes.
func ownEnvironment(inputs *Inputs) (map[string]string, error) {
	conf, own := inputs.Config, inputs.Own
	variables := maps.Clone(conf.Environment)
	if variables == nil {
		variables = map[string]string{}
	}
	if own.podpac != "" && variables[podpacVersionName] == "" {
		variables[podpacVersionName] = own.podpac
	}
	if len(conf.RestrictPipelines) > 0 {
		variables[podpacRestrict] = toJSON(conf.RestrictPipelines)
	}
	if conf.TriggeredBy("S3") {
		variables[podpacInput], variables[podpacOutput] = conf.InputPrefix(), conf.OutputPrefix()
	}
	settings, err := podpacSettingsOf(conf, variables)
	if err != nil {
		return nil, err
	}
	if len(settings) > 0 {
		variables[podpacSettings] = toJSON(settings)
	}
	hydrateVariables(inputs, variables)
	return variables, checkEnvironment(conf, variables)
}

// podpacSettingsOf are the settings of podpac that the stack knows, below the
// operator's. Callers may run code if they send the operator's hash, or, if
// there is none, all of them may.
func podpacSettingsOf(conf config.Config, variables map[string]string) (map[string]any, error) {
	settings := map[string]any{}
	if conf.TriggeredBy("S3") {
		settings[podpacInput], settings[podpacOutput] = conf.InputPrefix(), conf.OutputPrefix()
	}
	if conf.AllowUnsafeEval && variables[podpacUnsafe] == "" {
		hash := sha256.Sum256([]byte(conf.StackName()))
		variables[podpacUnsafe] = hex.EncodeToString(hash[:16])
		settings["UNSAFE_EVAL_HASH"] = variables[podpacUnsafe]
	}
	if text := variables[podpacSettings]; text != "" {
		if err := json.Unmarshal([]byte(text), &settings); err != nil {
			return nil, fmt.Errorf("environment_variables.%s: %w", podpacSettings, err)
		}
	}
	return settings, nil
}

// hydrateVariables adds what hydrate reads, which a handler may read too.
func hydrateVariables(inputs *Inputs, variables map[string]string) {
	conf, own := inputs.Config, inputs.Own
	if inputs.Dependencies != nil {
		variables[environ.DependenciesHash] = inputs.Dependencies.Hash
	}
	if conf.DependenciesVersion != "" {
		variables[environ.DependenciesVersion] = conf.DependenciesVersion
	}
	if own.front == noFront {
		return
	}
	variables[environ.DependenciesMaxMB] = strconv.Itoa(own.Storage)
	if !inputs.Local {
		variables[environ.DependenciesLinks] = "/tmp" // where PODPAC's handler looks
	}
	switch own.front {
	case beforeRuntime:
		variables[execWrapper] = "/opt/" + wrapper
	case beforeBucketBootstrap:
		variables[environ.FunctionCommand] = toJSON([]string{"/var/task/" + conf.Handler})
	case asBootstrap:
		if conf.Runtime != config.ProvidedRuntime { // on local AWS
			variables[environ.FunctionCommand] = toJSON([]string{"python3", "-m", "awslambdaric", conf.Handler})
		}
	}
}

// toJSON is a value of texts as JSON.
func toJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came from JSON, or is made of texts
	}
	return string(text)
}
