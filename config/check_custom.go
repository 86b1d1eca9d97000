package config

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checkOwn checks the settings of a function of the user's own.
func (c *checker) checkOwn() {
	c.checkSources()
	c.checkHandler()
	c.checkTriggers()
	c.checkSnapStart()
	c.checkBudget()
	c.checkOwnEnvironment()
	if c.hydrated() && len(c.Layers) == 5 {
		c.failf("layers", "5, and function_hydrate takes one of the 5 that a function may have; valid: up to 4")
	}
}

// hydrated reports whether lambda/hydrate goes in front of the runtime.
func (c *checker) hydrated() bool { return c.Hydrate && c.HasDependencies() }

// askedBy is the setting that asks for a function of the user's own.
func (c *checker) askedBy() string {
	for _, key := range []string{"function_source_dist_zip", "function_source_dist_key"} {
		if c.given(key) {
			return key
		}
	}
	return "function_source_bucket"
}

// checkSources checks where code and dependencies come from: each from here or
// from the bucket.
func (c *checker) checkSources() {
	for _, source := range []struct{ zip, key, version string }{
		{"function_source_dist_zip", "function_source_dist_key", "function_source_dist_version"},
		{"function_source_dependencies_zip", "function_source_dependencies_key", "function_source_dependencies_version"},
	} {
		if c.given(source.zip) && c.given(source.key) {
			c.failf(source.key, "names the same thing as %s (%s); remove one of them", source.zip, c.origin(source.zip))
		}
		if c.given(source.version) && !c.given(source.key) {
			c.failf(source.version, "is the version of %s, which is missing", source.key)
		}
		if c.given(source.key) && !c.given("function_source_bucket") {
			c.failf(source.key, "is a key in function_source_bucket, which is missing")
		}
	}
	switch {
	case !c.given("function_source_dist_zip") && !c.given("function_source_dist_key"):
		c.failf("function_source_dist_key", "missing; valid: the key of the code's zip in function_source_bucket, or the code from here with function_source_dist_zip")
	case c.given("function_source_bucket") && !c.given("function_source_dist_key") && !c.given("function_source_dependencies_key"):
		c.failf("function_source_bucket", "nothing is taken from it; give function_source_dist_key or function_source_dependencies_key, or remove it")
	}
}

// pythonHandler is a module, in folders if need be, and a function.
// https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
var pythonHandler = regexp.MustCompile(`^[A-Za-z_][\w-]*([./][A-Za-z_][\w-]*)*\.[A-Za-z_]\w*$`)

func (c *checker) checkHandler() {
	if strings.HasPrefix(c.Runtime, "python") && !pythonHandler.MatchString(c.Handler) {
		c.failf("function_handler", "%q is not valid; valid: ‹module›.‹function›, as handler.handler", c.Handler)
	}
}

// keys that only one trigger reads.
var triggerKeys = map[string][]string{
	"S3": {"function_s3_bucket", "function_s3_input", "function_s3_output", "function_s3_tags", "function_s3_expiration_in_days"},
	"APIGateway": {
		"function_api_endpoint", "function_api_name", "function_api_description", "function_api_version", "function_api_tags",
		"api_gateway_stage", "api_gateway_custom_domain", "api_auth", "cors_allow_origins", "cors_allow_credentials", "throttle_rate", "throttle_burst",
	},
}

func (c *checker) checkTriggers() {
	if len(c.Triggers) == 0 {
		c.failf("function_triggers", "none; valid: one or more of eval, S3, APIGateway")
	}
	for _, trigger := range slices.Sorted(maps.Keys(triggerKeys)) {
		for _, key := range triggerKeys[trigger] {
			if c.given(key) && !c.TriggeredBy(trigger) {
				c.failf(key, "goes with the trigger %s; add that to function_triggers (%s), or remove this", trigger, c.origin("function_triggers"))
			}
		}
	}
	if !c.TriggeredBy("S3") {
		return
	}
	if input, output := c.InputPrefix(), c.OutputPrefix(); strings.HasPrefix(input, output) || strings.HasPrefix(output, input) {
		c.failf("function_s3_output", "%q overlaps with function_s3_input, %q: what the function writes would trigger it again, for ever; valid: prefixes of which none starts with the other",
			output, input)
	}
	if c.given("function_s3_bucket") {
		for _, key := range []string{"function_s3_tags", "function_s3_expiration_in_days"} {
			if c.given(key) {
				c.failf(key, "is for the bucket that the stack makes, and function_s3_bucket names one of yours, which the stack leaves as it is; remove one of them")
			}
		}
	}
}

// InputPrefix is what the keys of objects that trigger the function start with.
// It ends in a slash, as PODPAC's always did.
func (s Settings) InputPrefix() string { return folder(s.Input) }

// OutputPrefix is what the keys of the function's results start with, a slash at
// its end.
func (s Settings) OutputPrefix() string { return folder(s.Output) }

func folder(prefix string) string { return strings.TrimRight(prefix, "/") + "/" }

// https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
func (c *checker) checkSnapStart() {
	if !c.SnapStart {
		return
	}
	if !takesSnapshots(c.Runtime) {
		c.failf("snap_start", "Lambda takes no snapshots of %s (%s); valid with Java from 11, Python from 3.12 and .NET", c.Runtime, c.origin("function_runtime"))
	}
	if c.EphemeralStorage > SnapshotStorage {
		c.failf("snap_start", "Lambda takes no snapshots with more than %d MB of /tmp, and ephemeral_storage is %d (%s)", SnapshotStorage, c.EphemeralStorage, c.origin("ephemeral_storage"))
	}
}

// SnapshotStorage is how large the /tmp, in MB, of a function with SnapStart may
// be. It is what functions have without asking for more.
const SnapshotStorage = 512

func (c *checker) checkBudget() {
	budget := []string{"function_budget_currency", "function_budget_name", "function_budget_email", "budget_action"}
	if c.given("function_budget_amount") {
		if !c.given("function_budget_email") {
			c.failf("function_budget_email", "missing; function_budget_amount needs somebody to tell")
		}
		return
	}
	for _, key := range budget {
		if c.given(key) {
			c.failf(key, "goes with function_budget_amount, which is missing")
		}
	}
}

// setByStack are the variables that PODPAC's handlers read and the stack knows.
var setByStack = map[string]string{
	"S3_BUCKET_NAME":            "function_s3_bucket",
	"FUNCTION_DEPENDENCIES_KEY": "function_source_dependencies_zip or function_source_dependencies_key",
	"FUNCTION_S3_INPUT":         "function_s3_input",
	"FUNCTION_S3_OUTPUT":        "function_s3_output",
	"PODPAC_RESTRICT_PIPELINES": "function_restrict_pipelines",
}

func (c *checker) checkOwnEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		if setting := setByStack[name]; setting != "" {
			c.failf("environment_variables."+name, "is set by the stack; use the setting %s instead", setting)
		}
	}
	if c.Environment["PODPAC_UNSAFE_EVAL"] != "" && !c.AllowUnsafeEval {
		c.failf("environment_variables.PODPAC_UNSAFE_EVAL", "lets callers run code of theirs; say function_allow_unsafe_eval=true if that is meant, or remove it")
	}
	text, ok := c.Environment["SETTINGS"]
	if !ok {
		return
	}
	var settings map[string]any
	if err := json.Unmarshal([]byte(text), &settings); err != nil || settings == nil {
		c.failf("environment_variables.SETTINGS", "is no JSON object; valid: podpac's settings, as {\"DEFAULT_CACHE\": [\"ram\"]}")
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if value, isText := settings[name].(string); isText && value != "" && HoldsSecret(name, value) {
			c.failf("environment_variables.SETTINGS", "its %s looks like a secret; the function's role is what lets it into AWS. %s", name, isSecret)
		}
	}
}
