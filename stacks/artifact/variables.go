package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// variablesLimit is how many bytes a function's variables may have as JSON,
// which is how Lambda measures them.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const variablesLimit = 4096

// locationAllowance is the size of the variables that the deployment adds: bucket
// and key of the dependencies.
const locationAllowance = len(environ.DependenciesBucket) + 63 + len(environ.DependenciesKey) + 80 + 2*len(`"":"",`)

// checkSize returns the bytes of a function's environment.
func checkSize(variables map[string]string) (int, error) {
	text, err := json.Marshal(variables)
	if err != nil {
		return 0, fmt.Errorf("measure the function's environment: %w", err)
	}
	return locationAllowance + len(text), nil
}

func length(variables map[string]string) (size int) {
	for name, value := range variables {
		size += len(name) + len(value)
	}
	return size
}

// Variables that PODPAC's handlers read, and Lambda's own for a wrapper.
const (
	PodpacBucket          = "S3_BUCKET_NAME"            // holds the dependencies and, for S3 events, the results
	PodpacDependenciesKey = "FUNCTION_DEPENDENCIES_KEY" // of their zip in that bucket
	PodpacInput           = "FUNCTION_S3_INPUT"
	PodpacOutput          = "FUNCTION_S3_OUTPUT"
	PodpacSettings        = "SETTINGS" // JSON object
	ExecWrapper           = "AWS_LAMBDA_EXEC_WRAPPER"

	podpacRestrict    = "PODPAC_RESTRICT_PIPELINES" // JSON list of nodes' hashes
	podpacUnsafe      = "PODPAC_UNSAFE_EVAL"        // enables code in pipelines whose settings have the same UNSAFE_EVAL_HASH
	podpacVersionName = "PODPAC_VERSION"
	podpacDataSecret  = "DATA_CREDENTIALS_SECRET" // name or ARN of the secret with credentials for data
)

// variables returns the custom function's variables as far as the settings
// determine them, and an error when they exceed Lambda's limit.
func (c *Custom) variables(conf config.Config) (map[string]string, error) {
	variables := maps.Clone(conf.Environment)
	if variables == nil {
		variables = map[string]string{}
	}
	if c.podpac != "" && variables[podpacVersionName] == "" {
		variables[podpacVersionName] = c.podpac
	}
	if len(conf.RestrictPipelines) > 0 {
		variables[podpacRestrict] = toJSON(conf.RestrictPipelines)
	}
	if conf.DataSecret != "" {
		variables[podpacDataSecret] = conf.DataSecret
	}
	if conf.HasBucket() {
		variables[PodpacInput], variables[PodpacOutput] = conf.InputPrefix(), conf.OutputPrefix()
	}
	settings, err := podpacSettingsOf(conf, variables)
	if err != nil {
		return nil, err
	}
	if len(settings) > 0 {
		variables[PodpacSettings] = toJSON(settings)
	}
	c.addHydrateVariables(conf, variables)
	size, err := checkSize(variables)
	if err != nil || size <= variablesLimit {
		return variables, err
	}
	return nil, fmt.Errorf("environment_variables: the function's environment has %d bytes, %d of them environment_variables and %d function_restrict_pipelines; want up to %d",
		size, length(conf.Environment), len(variables[podpacRestrict]), variablesLimit)
}

// podpacSettingsOf returns podpac's settings: the stack's below the operator's.
// With function_allow_unsafe_eval, callers run code if they send the operator's
// hash; without such a hash every caller can.
func podpacSettingsOf(conf config.Config, variables map[string]string) (map[string]any, error) {
	settings := map[string]any{}
	if conf.HasBucket() {
		settings[PodpacInput], settings[PodpacOutput] = conf.InputPrefix(), conf.OutputPrefix()
	}
	if cache := conf.CacheDirectory(); cache != "" {
		settings["S3_CACHE_DIR"], settings["DEFAULT_CACHE"] = strings.TrimSuffix(cache, "/"), []string{"ram", "s3"}
	}
	if conf.AllowUnsafeEval && variables[podpacUnsafe] == "" {
		hash := sha256.Sum256([]byte(conf.StackName()))
		variables[podpacUnsafe] = hex.EncodeToString(hash[:16])
		settings["UNSAFE_EVAL_HASH"] = variables[podpacUnsafe]
	}
	if text := variables[PodpacSettings]; text != "" {
		if err := json.Unmarshal([]byte(text), &settings); err != nil {
			return nil, fmt.Errorf("environment_variables.%s: is not a JSON object: %w", PodpacSettings, err)
		}
	}
	return settings, nil
}

// addHydrateVariables adds what hydrate reads; a handler may read it, too.
func (c *Custom) addHydrateVariables(conf config.Config, variables map[string]string) {
	if c.Dependencies != nil {
		variables[environ.DependenciesHash] = c.Dependencies.Hash
	}
	if conf.DependenciesVersion != "" {
		variables[environ.DependenciesVersion] = conf.DependenciesVersion
	}
	if c.Hydration == NotHydrated {
		return
	}
	variables[environ.DependenciesMaxMB] = strconv.Itoa(c.StorageMB)
	variables[environ.DependenciesLinks] = "/tmp" // PODPAC's handler imports from there
	switch c.Hydration {
	case WrappedRuntime:
		variables[ExecWrapper] = "/opt/" + wrapper
	case LayerBootstrap:
		variables[environ.FunctionCommand] = toJSON([]string{"/var/task/" + conf.Handler})
	}
}

// toJSON encodes a value of texts.
func toJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came from JSON, or is made of texts
	}
	return string(text)
}
