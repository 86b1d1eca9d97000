package migrate

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// defaultStage is Chalice's default stage, and ours.
const defaultStage = "dev"

// routesFunction is the function that Chalice makes of an app's routes.
const routesFunction = "api_handler"

var (
	// functionKeys are the keys that Chalice reads for one function. Those of a
	// function in a stage override the stage's, which override those of the function
	// at the top level, which override the top level's. Maps are merged, but not from
	// the function at the top level.
	// https://github.com/aws/chalice/blob/master/chalice/config.py
	functionKeys = []string{
		"autogen_policy", "environment_variables", "iam_policy_file", "iam_role_arn", "lambda_memory_size", "lambda_timeout", "layers",
		"log_retention_in_days", "manage_iam_role", "reserved_concurrency", "security_group_ids", "subnet_ids", "tags", "xray",
	}

	// chaliceKeys are the other keys, except those that other tools have too.
	chaliceKeys = []string{
		"app_name", "stages", "lambda_functions", "api_gateway_stage", "api_gateway_endpoint_type", "api_gateway_endpoint_vpce", "api_gateway_policy_file",
		"api_gateway_custom_domain", "websocket_api_custom_domain", "minimum_compression_size", "automatic_layer",
	}

	// topKeys are the keys that Chalice reads at the top level only.
	topKeys = []string{"app_name", "version"}

	// roleKeys define the function's role.
	roleKeys = []string{"manage_iam_role", "iam_role_arn", "autogen_policy", "iam_policy_file"}

	mergedKeys = []string{"environment_variables", "tags"}
)

// isChalice reports whether a key is one of Chalice's.
func isChalice(key string) bool {
	return key != "tags" && (slices.Contains(functionKeys, key) || slices.Contains(chaliceKeys, key))
}

// chalice converts .chalice/config.json.
// https://aws.github.io/chalice/topics/configfile.html
func (t *translator) chalice(old map[string]any) {
	t.level(t.result.Settings, old, "", "")
	stages, _ := old["stages"].(map[string]any)
	levels := map[string]map[string]any{}
	names := t.stageNames(stages)
	for _, stage := range slices.Sorted(maps.Keys(stages)) {
		level, ok := stages[stage].(map[string]any)
		if !ok {
			t.notef("stages."+stage, "left out: not a map")
			continue
		}
		levels[stage] = level
		t.level(t.result.Level(names[stage]), level, "stages."+stage+".", names[stage])
	}
	t.roles(old, levels, names)
	t.notef("api_auth", "the old API was open to all callers; the new one requires a signature, unless api_auth is jwt or none")
	t.notef("api_gateway_stage", "the old default was /api at the end of the URL; the new default is none")
	t.notef("lambda_timeout", "the old default was 60 s; the new default is 29 s, because the HTTP API's timeout is 30 s")
}

// level converts the top level or a stage, and its function.
func (t *translator) level(settings, old map[string]any, prefix, stage string) {
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if key != "stages" && key != "lambda_functions" && !slices.Contains(roleKeys, key) {
			t.chaliceKey(settings, prefix, stage, key, old[key])
		}
	}
	functions, _ := old["lambda_functions"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		key := prefix + "lambda_functions." + name
		function, ok := functions[name].(map[string]any)
		if name != routesFunction || !ok {
			t.notef(key, "left out: there is one function, Chalice's %s", routesFunction)
			continue
		}
		t.notef(key, "is lifted one level up: there is one function")
		for _, member := range slices.Sorted(maps.Keys(function)) {
			switch {
			case !slices.Contains(functionKeys, member), stage == "" && slices.Contains(mergedKeys, member):
				t.notef(key+"."+member, "left out: Chalice ignores it here")
			case !slices.Contains(roleKeys, member):
				t.chaliceKey(settings, key+".", stage, member, function[member])
			}
		}
	}
}

func (t *translator) chaliceKey(settings map[string]any, prefix, stage, key string, value any) {
	switch {
	case value == nil:
	case key == "version":
		t.notef(prefix+key, "left out: the version of Chalice's format")
	case prefix != "" && slices.Contains(topKeys, key):
		t.notef(prefix+key, "left out: Chalice reads it at the top level only")
	case key == "environment_variables":
		t.variables(settings, prefix, stage, value)
	case key == "tags":
		t.tags(settings, prefix, value)
	case key == "api_gateway_custom_domain":
		settings[key] = t.domain(prefix+key, value)
	default:
		t.keep(settings, prefix, key, value)
	}
}

// tags merges tags into the settings.
func (t *translator) tags(settings map[string]any, prefix string, value any) {
	tags, ok := value.(map[string]any)
	if !ok {
		t.notef(prefix+"tags", "left out: not a map")
		return
	}
	merged := map[string]any{}
	if before, ok := settings["tags"].(map[string]any); ok {
		maps.Copy(merged, before)
	}
	maps.Copy(merged, tags)
	maps.DeleteFunc(merged, func(_ string, value any) bool { return value == nil })
	if len(merged) > 0 {
		settings["tags"] = merged
	}
}

// roles converts the role of each stage. It stands at the top level if all stages
// have the same one, else in each stage.
func (t *translator) roles(old map[string]any, levels map[string]map[string]any, names map[string]string) {
	top := t.role(old, nil, "")
	roles := map[string]map[string]any{}
	for stage, level := range levels {
		roles[names[stage]] = t.role(old, level, stage)
	}
	if roles[defaultStage] == nil {
		roles[defaultStage] = t.role(old, nil, defaultStage)
	}
	same := true
	for _, role := range roles {
		same = same && reflect.DeepEqual(role, top)
	}
	if same {
		roles = map[string]map[string]any{"": top}
	}
	for _, stage := range slices.Sorted(maps.Keys(roles)) {
		role := roles[stage]
		if len(role) == 0 {
			continue
		}
		maps.Copy(t.result.Level(stage), role)
		file, ok := role["iam_policy_file"].(string)
		if !ok {
			continue
		}
		key := "iam_policy_file"
		if stage != "" {
			key = "stages." + stage + "." + key
		}
		if _, err := os.Stat(file); err != nil {
			t.notef(key, "%s, which Chalice reads, does not exist", file)
		} else {
			t.notef(key, "is %s, the file that Chalice reads; the path is relative to cdk.json's folder", file)
		}
	}
	t.noteUnusedRoles(old, levels, roles)
}

// role returns the settings of a stage's role, as Chalice's deployment builds it.
// The level is nil for a stage without an entry.
// https://github.com/aws/chalice/blob/master/chalice/deploy/appgraph.py
func (t *translator) role(old, level map[string]any, stage string) map[string]any {
	look := func(key string) any {
		for _, values := range []map[string]any{routes(level), level, routes(old), old} {
			if values[key] != nil {
				return values[key]
			}
		}
		return nil
	}
	switch {
	case look("manage_iam_role") == false:
		role := map[string]any{"manage_iam_role": false}
		if arn := look("iam_role_arn"); arn != nil {
			role["iam_role_arn"] = arn
		}
		return role
	case look("autogen_policy") == false:
		file, ok := look("iam_policy_file").(string)
		if !ok {
			file = "policy-" + stage + ".json"
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(t.folder, file)
		}
		return map[string]any{"autogen_policy": false, "iam_policy_file": file}
	}
	return map[string]any{}
}

// noteUnusedRoles notes the role keys that Chalice ignores in every stage.
func (t *translator) noteUnusedRoles(old map[string]any, levels, roles map[string]map[string]any) {
	reasons := map[string]string{
		"iam_policy_file": "Chalice ignores it unless autogen_policy is false",
		"iam_role_arn":    "Chalice ignores it unless manage_iam_role is false",
	}
	for _, key := range slices.Sorted(maps.Keys(reasons)) {
		used := false
		for _, role := range roles {
			used = used || role[key] != nil
		}
		if used {
			continue
		}
		for _, prefix := range slices.Sorted(maps.Keys(prefixed(old, levels))) {
			if prefixed(old, levels)[prefix][key] != nil {
				t.notef(prefix+key, "left out: %s", reasons[key])
			}
		}
	}
}

// prefixed returns all levels by the prefix of their keys.
func prefixed(old map[string]any, levels map[string]map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{"": old, "lambda_functions." + routesFunction + ".": routes(old)}
	for stage, level := range levels {
		all["stages."+stage+"."] = level
		all["stages."+stage+".lambda_functions."+routesFunction+"."] = routes(level)
	}
	return all
}

// routes returns the level's settings of the function for routes.
func routes(level map[string]any) map[string]any {
	functions, _ := level["lambda_functions"].(map[string]any)
	function, _ := functions[routesFunction].(map[string]any)
	return function
}

func (t *translator) domain(key string, value any) any {
	domain, ok := value.(map[string]any)
	if !ok {
		return value
	}
	domain = maps.Clone(domain)
	if domain["tls_version"] == "TLS_1_0" || domain["tls_version"] == "TLS_1_1" {
		t.notef(key+".tls_version", "left out: HTTP APIs accept nothing older than TLS_1_2")
		delete(domain, "tls_version")
	}
	if path, ok := domain["url_prefix"].(string); ok {
		domain["url_prefix"] = strings.Trim(path, "/")
	}
	t.notef(key, "the certificate must be in the stack's region, and the domain's DNS record must point to the new API")
	return domain
}
