package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// attributes are the attributes of PODPAC's Lambda node that its settings.json
// held defaults of.
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

// isPodpac reports whether a key is PODPAC's rather than Chalice's.
func isPodpac(key string) bool {
	return key == strings.ToUpper(key) || strings.HasPrefix(key, "function_")
}

// podpac translates PODPAC's settings.json, and attributes of its Lambda node
// by their own names.
func (t *translator) podpac(old map[string]any) map[string]any {
	t.own = true
	settings := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		value := old[key]
		attribute, known := attributes[key]
		switch {
		case value == nil:
		case known:
			t.notef(key, "is the attribute %s", attribute)
			t.keep(settings, "", attribute, value)
		case key == "AWS_ACCESS_KEY_ID" || key == "AWS_SECRET_ACCESS_KEY":
			t.notef(key, "left out: the CDK CLI takes credentials from the environment or an AWS profile")
		case key == "AWS_REGION_NAME":
			t.notef(key, "left out: the CDK CLI takes the region from AWS_REGION or an AWS profile")
		case key == "function_env_variables":
			t.notef(key, "is now called environment_variables")
			t.variables(settings, "", "", value)
		case key == strings.ToUpper(key):
			t.notef(key, "left out: it is for the podpac library, not for its deployment")
		default:
			t.keep(settings, "", key, value)
		}
	}
	t.dropUntriggered(settings)
	if settings["function_source_dist_zip"] == nil && settings["function_source_dist_key"] == nil {
		t.notef("function_source_dist_zip", "is missing: name the dist zip with it, or with function_source_bucket and function_source_dist_key; the rest is for that function")
	}
	return settings
}

// untriggered are the starts of keys that only one trigger reads. PODPAC had
// them with every function.
var untriggered = map[string]string{"function_s3_": "S3", "function_api_": "APIGateway", "api_gateway_": "APIGateway"}

// dropUntriggered leaves out what no trigger of the function reads.
func (t *translator) dropUntriggered(settings map[string]any) {
	triggers := fmt.Sprint(settings["function_triggers"])
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		for start, trigger := range untriggered {
			if strings.HasPrefix(key, start) && !strings.Contains(triggers, trigger) {
				delete(settings, key)
				t.notef(key, "left out: it goes with the trigger %s, which function_triggers does not name", trigger)
			}
		}
	}
}
