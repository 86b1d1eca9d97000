package config

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checkCustom checks the settings of a custom function.
func (c *checker) checkCustom() {
	c.checkSources()
	c.checkHandler()
	c.checkTriggers()
	c.checkSnapStart()
	c.checkBudget()
	c.checkCustomEnvironment()
	if c.hydrated() && len(c.Layers) == 5 {
		c.failf("layers", "5 layers, and function_hydrate adds one; want up to 4")
	}
}

// hydrated reports whether lambda/hydrate runs before the runtime.
func (c *checker) hydrated() bool { return c.Hydrate && c.HasDependencies() }

// customKey returns the setting that selects a custom function.
func (c *checker) customKey() string {
	for _, key := range []string{"function_source_dist_zip", "function_source_dist_key"} {
		if c.given(key) {
			return key
		}
	}
	return "function_source_bucket"
}

// checkSources checks the sources of code and dependencies: each is local or in the
// bucket.
func (c *checker) checkSources() {
	for _, source := range []struct{ zip, key, version string }{
		{"function_source_dist_zip", "function_source_dist_key", "function_source_dist_version"},
		{"function_source_dependencies_zip", "function_source_dependencies_key", "function_source_dependencies_version"},
	} {
		if c.given(source.zip) && c.given(source.key) {
			c.failf(source.key, "contradicts %s (%s); want one of them", source.zip, c.origin(source.zip))
		}
		if c.given(source.version) && !c.given(source.key) {
			c.failf(source.version, "not used without %s; want both or neither", source.key)
		}
		if c.given(source.key) && !c.given("function_source_bucket") {
			c.failf(source.key, "function_source_bucket is missing; want the bucket of this key")
		}
	}
	switch {
	case !c.given("function_source_dist_zip") && !c.given("function_source_dist_key"):
		c.failf("function_source_dist_key", "missing; want the key of the code's zip in function_source_bucket, or function_source_dist_zip")
	case c.given("function_source_bucket") && !c.given("function_source_dist_key") && !c.given("function_source_dependencies_key"):
		c.failf("function_source_bucket", "not used; want function_source_dist_key or function_source_dependencies_key with it")
	}
}

// pythonHandler matches a module, also in folders, and a function.
// https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
var pythonHandler = regexp.MustCompile(`^[A-Za-z_][\w-]*([./][A-Za-z_][\w-]*)*\.[A-Za-z_]\w*$`)

func (c *checker) checkHandler() {
	if strings.HasPrefix(c.Runtime, "python") && !pythonHandler.MatchString(c.Handler) {
		c.failf("function_handler", "%q is invalid; want ‹module›.‹function› such as handler.handler", c.Handler)
	}
}

// triggerKeys are the settings of single triggers.
var triggerKeys = map[string][]string{
	"S3": {"function_s3_input"},
	"APIGateway": {
		"function_api_endpoint", "function_api_name", "function_api_description", "function_api_version", "function_api_tags",
		"api_gateway_stage", "api_gateway_custom_domain", "api_auth", "cors_allow_origins", "cors_allow_credentials", "throttle_rate", "throttle_burst",
	},
}

func (c *checker) checkTriggers() {
	if len(c.Triggers) == 0 {
		c.failf("function_triggers", "empty; want one or more of eval, S3, APIGateway")
	}
	for _, trigger := range slices.Sorted(maps.Keys(triggerKeys)) {
		for _, key := range triggerKeys[trigger] {
			if c.given(key) && !c.TriggeredBy(trigger) {
				c.failf(key, "not used without the trigger %s; want it in function_triggers (%s)", trigger, c.origin("function_triggers"))
			}
		}
	}
	c.checkBucket()
}

// bucketKeys are the settings of the function's bucket.
var bucketKeys = []string{
	"function_s3_bucket", "function_s3_output", "function_s3_tags", "function_s3_expiration_in_days", "cache_prefix", "cache_expiration_in_days",
}

// RunsPrefix is the key prefix of the items of fan_out.
const RunsPrefix = "runs/"

// checkBucket checks the settings of the bucket. Objects of one prefix must not be
// below another: results would trigger the function, and a function could change
// its runs.
func (c *checker) checkBucket() {
	if !c.HasBucket() {
		for _, key := range bucketKeys {
			if c.given(key) {
				c.failf(key, "not used without the trigger S3; want it in function_triggers (%s), or fan_out=true", c.origin("function_triggers"))
			}
		}
		return
	}
	if c.FanOut {
		for _, prefix := range []struct{ key, value string }{{"function_s3_input", c.InputPrefix()}, {"function_s3_output", c.OutputPrefix()}} {
			if strings.HasPrefix(prefix.value, RunsPrefix) || strings.HasPrefix(RunsPrefix, prefix.value) {
				c.failf(prefix.key, "%q overlaps with %q, which fan_out uses; want another prefix", prefix.value, RunsPrefix)
			}
		}
	}
	if input, output := c.InputPrefix(), c.OutputPrefix(); strings.HasPrefix(input, output) || strings.HasPrefix(output, input) {
		c.failf("function_s3_output", "%q overlaps with function_s3_input, %q, so that results trigger the function again; want prefixes that do not overlap",
			output, input)
	}
	c.checkCache()
	if c.given("function_s3_bucket") {
		for _, key := range []string{"function_s3_tags", "function_s3_expiration_in_days", "cache_expiration_in_days"} {
			if c.given(key) {
				c.failf(key, "applies to a bucket of the stack, but function_s3_bucket names an existing one; want one of them")
			}
		}
	}
}

// checkCache checks the prefix of the cache, whose entries expire.
func (c *checker) checkCache() {
	if c.CachePrefix == "" {
		if c.given("cache_expiration_in_days") {
			c.failf("cache_expiration_in_days", "not used without cache_prefix")
		}
		return
	}
	others := []struct{ use, value string }{{"function_s3_input", c.InputPrefix()}, {"function_s3_output", c.OutputPrefix()}, {"fan_out", RunsPrefix}}
	for _, other := range others {
		if cache := c.CacheDirectory(); strings.HasPrefix(cache, other.value) || strings.HasPrefix(other.value, cache) {
			c.failf("cache_prefix", "%q overlaps with %q of %s; want another prefix", cache, other.value, other.use)
		}
	}
}

// CacheDirectory returns the key prefix of the cache's entries, "" without a cache. It
// ends in a slash.
func (s Settings) CacheDirectory() string {
	if s.CachePrefix == "" {
		return ""
	}
	return folder(s.CachePrefix)
}

// InputPrefix returns the key prefix of objects that trigger the function. It ends
// in a slash, as PODPAC's does.
func (s Settings) InputPrefix() string { return folder(s.Input) }

// OutputPrefix returns the key prefix of the function's results. It ends in a
// slash.
func (s Settings) OutputPrefix() string { return folder(s.Output) }

func folder(prefix string) string { return strings.TrimRight(prefix, "/") + "/" }

// https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
func (c *checker) checkSnapStart() {
	if !c.SnapStart {
		return
	}
	if !supportsSnapshots(c.Runtime) {
		c.failf("snap_start", "not supported by %s (%s); want Java from 11, Python from 3.12, or .NET", c.Runtime, c.origin("function_runtime"))
	}
	if c.EphemeralStorage > SnapshotStorage {
		c.failf("snap_start", "not supported with ephemeral_storage=%d (%s); want %d", c.EphemeralStorage, c.origin("ephemeral_storage"), SnapshotStorage)
	}
}

// SnapshotStorage is the maximum size of /tmp of a function with SnapStart, in MB.
// It is Lambda's default.
const SnapshotStorage = 512

func (c *checker) checkBudget() {
	budget := []string{"function_budget_currency", "function_budget_name", "function_budget_email", "budget_action"}
	if c.given("function_budget_amount") {
		if !c.given("function_budget_email") {
			c.failf("function_budget_email", "missing; want an email address, which function_budget_amount requires")
		}
		return
	}
	for _, key := range budget {
		if c.given(key) {
			c.failf(key, "not used without function_budget_amount; want both or neither")
		}
	}
}

// setByStack maps variables of PODPAC's handlers, which the stack sets, to settings.
var setByStack = map[string]string{
	"S3_BUCKET_NAME":            "function_s3_bucket",
	"FUNCTION_DEPENDENCIES_KEY": "function_source_dependencies_zip or function_source_dependencies_key",
	"FUNCTION_S3_INPUT":         "function_s3_input",
	"FUNCTION_S3_OUTPUT":        "function_s3_output",
	"PODPAC_RESTRICT_PIPELINES": "function_restrict_pipelines",
	"DATA_CREDENTIALS_SECRET":   "data_credentials_secret",
}

func (c *checker) checkCustomEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		if setting := setByStack[name]; setting != "" {
			c.failf("environment_variables."+name, "reserved for the stack; want the setting %s", setting)
		}
	}
	if c.Environment["PODPAC_UNSAFE_EVAL"] != "" && !c.AllowUnsafeEval {
		c.failf("environment_variables.PODPAC_UNSAFE_EVAL", "allows callers to run code; want function_allow_unsafe_eval=true with it")
	}
	text, ok := c.Environment["SETTINGS"]
	if !ok {
		return
	}
	var settings map[string]any
	if err := json.Unmarshal([]byte(text), &settings); err != nil || settings == nil {
		c.failf("environment_variables.SETTINGS", "not a JSON object; want podpac's settings such as {\"DEFAULT_CACHE\": [\"ram\"]}")
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if value, isText := settings[name].(string); isText && value != "" && HoldsSecret(name, value) {
			c.failf("environment_variables.SETTINGS", "%s looks like a secret; %s. Access to AWS comes from the function's role", name, noSecret)
		}
	}
}
