package migrate

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// chalice translates .chalice/config.json.
// https://aws.github.io/chalice/topics/configfile.html
func (t *translator) chalice(old map[string]any) map[string]any {
	settings := t.chaliceLevel(old, "", "")
	if stages, ok := old["stages"].(map[string]any); ok {
		translated := map[string]any{}
		for _, stage := range slices.Sorted(maps.Keys(stages)) {
			level, ok := stages[stage].(map[string]any)
			if !ok {
				t.notef("stages."+stage, "left out: it is not a map")
				continue
			}
			translated[stage] = t.chaliceLevel(level, "stages."+stage+".", stage)
		}
		settings["stages"] = translated
	}
	t.notef("api_auth", "the old API was open to everybody; the new one asks for a signature, unless api_auth is jwt or none")
	t.notef("api_gateway_stage", "the old URL ended in /api where nothing else was said; the new one ends in no stage, unless api_gateway_stage is set")
	t.notef("lambda_timeout", "the default was 60 s and is now 29 s, for the HTTP API waits 30 s")
	return settings
}

// chaliceLevel translates the top level, or a stage.
func (t *translator) chaliceLevel(old map[string]any, prefix, stage string) map[string]any {
	settings := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		switch value := old[key]; key {
		case "stages":
		case "version":
			t.notef(prefix+key, "left out: it was the version of Chalice's format")
		case "environment_variables":
			t.variables(settings, prefix, stage, value)
		case "lambda_functions":
			t.functions(settings, prefix, stage, value)
		case "iam_policy_file":
			if file, ok := value.(string); ok {
				value = filepath.Join(t.folder, file)
			}
			t.notef(prefix+key, "was looked for in .chalice; the path is now from where cdk.json is, and the policy is added to what the function is known to need unless autogen_policy is false")
			settings[key] = value
		case "api_gateway_custom_domain":
			settings[key] = t.domain(prefix+key, value)
		default:
			t.keep(settings, prefix, key, value)
		}
	}
	if settings["autogen_policy"] == false && settings["iam_policy_file"] == nil && stage != "" {
		settings["iam_policy_file"] = filepath.Join(t.folder, "policy-"+stage+".json")
		t.notef(prefix+"iam_policy_file", "added: with autogen_policy false, Chalice read policy-%s.json", stage)
	}
	return settings
}

// functions lifts the settings of the one function that Chalice made of an
// app with routes alone, api_handler, into its stage.
func (t *translator) functions(settings map[string]any, prefix, stage string, value any) {
	functions, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		key := prefix + "lambda_functions." + name
		level, ok := functions[name].(map[string]any)
		if name != "api_handler" || !ok {
			t.notef(key, "left out: there is one function, Chalice's api_handler")
			continue
		}
		t.notef(key, "is lifted one level up: there is one function")
		maps.Copy(settings, t.chaliceLevel(level, key+".", stage))
	}
}

func (t *translator) domain(key string, value any) any {
	domain, ok := value.(map[string]any)
	if !ok {
		return value
	}
	domain = maps.Clone(domain)
	if domain["tls_version"] == "TLS_1_0" {
		delete(domain, "tls_version")
		t.notef(key+".tls_version", "left out: HTTP APIs take nothing older than TLS_1_2")
	}
	if path, ok := domain["url_prefix"].(string); ok {
		domain["url_prefix"] = strings.Trim(path, "/")
	}
	t.notef(key, "the certificate must be in the stack's region, and the domain's DNS record must point to the new API")
	return domain
}
