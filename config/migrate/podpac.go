package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"defog-cdk/config"
)

// attributes maps PODPAC's settings to attributes of its Lambda node.
var attributes = map[string]string{
	"FUNCTION_NAME":             "function_name",
	"FUNCTION_ROLE_NAME":        "function_role_name",
	"FUNCTION_DEPENDENCIES_KEY": "function_s3_dependencies_key",
	"FUNCTION_S3_INPUT":         "function_s3_input",
	"FUNCTION_S3_OUTPUT":        "function_s3_output",
	"S3_BUCKET_NAME":            "function_s3_bucket",
	"AWS_TAGS":                  "function_tags",
	"AWS_BUDGET_AMOUNT":         "function_budget_amount",
	"AWS_BUDGET_EMAIL":          "function_budget_email",
}

// libraryKeys are settings of the podpac library, by which its settings.json is
// recognized.
// https://podpac.org/settings.html
var libraryKeys = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION_NAME", "PODPAC_VERSION", "ROOT_PATH", "AUTOSAVE_SETTINGS", "DEFAULT_CRS", "DEFAULT_CACHE",
	"MULTITHREADING", "N_THREADS", "CHUNK_SIZE", "ENABLE_UNITS", "UNSAFE_EVAL_HASH", "RAM_CACHE_ENABLED", "DISK_CACHE_ENABLED", "S3_CACHE_ENABLED",
	"RAM_CACHE_MAX_BYTES", "DISK_CACHE_MAX_BYTES", "S3_CACHE_MAX_BYTES", "DISK_CACHE_DIR", "S3_CACHE_DIR", "S3_JSON_FOLDER", "S3_OUTPUT_FOLDER",
}

// isPodpac reports whether a key is one of PODPAC's.
func isPodpac(key string) bool {
	_, known := config.Name(key)
	_, refused := config.Refused(key)
	return attributes[key] != "" || slices.Contains(libraryKeys, key) || strings.HasPrefix(key, "function_") && (known || refused)
}

// distZip is the name of the zip that PODPAC builds.
const distZip = "podpac_dist.zip"

// podpac converts PODPAC's settings.json, and attributes of its Lambda node.
func (t *translator) podpac(old map[string]any) {
	t.custom = true
	settings := t.result.Settings
	for _, key := range slices.Sorted(maps.Keys(old)) {
		value := old[key]
		attribute, known := attributes[key]
		switch {
		case value == nil:
		case known:
			t.notef(key, "is the attribute %s", attribute)
			t.keep(settings, "", attribute, value)
		case key == "AWS_ACCESS_KEY_ID" || key == "AWS_SECRET_ACCESS_KEY":
			t.notef(key, "left out: the CDK CLI reads credentials from the environment or an AWS profile")
		case key == "AWS_REGION_NAME":
			t.notef(key, "left out: the CDK CLI reads the region from AWS_REGION or an AWS profile")
		case key == "function_env_variables":
			t.notef(key, "is now called environment_variables")
			t.variables(settings, "", "", value)
		case key == strings.ToUpper(key):
			t.notef(key, "left out: it is for the podpac library, not for its deployment")
		default:
			t.keep(settings, "", key, value)
		}
	}
	t.dropUnused(settings)
	if settings["function_source_dist_zip"] == nil && settings["function_source_dist_key"] == nil {
		delete(settings, "function_source_bucket")
		settings["function_source_dist_zip"] = distZip
		t.notef("function_source_dist_zip", "is missing, and now %s. Put the zip of the code there, or change the path. For a zip in a bucket, use function_source_bucket and function_source_dist_key", distZip)
	}
}

// triggerPrefixes are the prefixes of keys for one trigger. PODPAC has these keys
// for every function.
var triggerPrefixes = map[string]string{"function_s3_": "S3", "function_api_": "APIGateway", "api_gateway_": "APIGateway"}

// dropUnused removes the settings of triggers that the function does not have.
func (t *translator) dropUnused(settings map[string]any) {
	triggers := fmt.Sprint(settings["function_triggers"])
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		for prefix, trigger := range triggerPrefixes {
			if strings.HasPrefix(key, prefix) && !strings.Contains(triggers, trigger) {
				delete(settings, key)
				t.notef(key, "left out: not used without the trigger %s in function_triggers", trigger)
			}
		}
	}
}
