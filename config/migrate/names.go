package migrate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxStackName is the longest name of a stack.
const maxStackName = 128

// invalidRun matches characters that no name of a stack or stage has.
var invalidRun = regexp.MustCompile(`[^A-Za-z0-9]+`)

// validName replaces invalid characters by hyphens.
func validName(name string) string { return strings.Trim(invalidRun.ReplaceAllString(name, "-"), "-") }

// stageNames returns a valid and unique name for each stage.
func (t *translator) stageNames(stages map[string]any) map[string]string {
	names, taken := map[string]string{}, map[string]bool{}
	for _, stage := range slices.Sorted(maps.Keys(stages)) {
		if stageName.MatchString(stage) {
			names[stage], taken[stage] = stage, true
		}
	}
	for _, stage := range slices.Sorted(maps.Keys(stages)) {
		if names[stage] != "" {
			continue
		}
		base := validName(stage)
		if base == "" {
			base = "stage"
		}
		name := base
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		names[stage], taken[name] = name, true
		t.notef("stages."+stage, "is now called %s: a stage's name has letters, digits and hyphens only", name)
	}
	return names
}

var (
	stageName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
)

// invalidCharacters matches the characters that other names do not have.
var invalidCharacters = map[string]*regexp.Regexp{
	"function_name":      regexp.MustCompile(`[^A-Za-z0-9_-]+`),
	"function_role_name": regexp.MustCompile(`[^\w+=,.@-]+`),
	"api_gateway_stage":  regexp.MustCompile(`[^A-Za-z0-9_-]+`),
}

// fixNames replaces names that are invalid here by valid ones.
func (t *translator) fixNames() {
	settings := t.result.Settings
	if name, ok := settings["app_name"].(string); ok {
		settings["app_name"] = t.appName(name)
	}
	for _, key := range slices.Sorted(maps.Keys(invalidCharacters)) {
		invalid := invalidCharacters[key]
		for _, stage := range append([]string{""}, t.result.stages()...) {
			level := t.result.Level(stage)
			name, ok := level[key].(string)
			if fixed := strings.Trim(invalid.ReplaceAllString(name, "-"), "-"); ok && fixed != name && fixed != "" {
				level[key] = fixed
				t.notef(key, "%s is now called %s: it had invalid characters", name, fixed)
			}
		}
	}
	for _, key := range []string{"function_s3_input", "function_s3_output"} {
		if prefix, ok := settings[key].(string); ok && strings.HasPrefix(prefix, "/") && strings.Trim(prefix, "/") != "" {
			settings[key] = strings.TrimLeft(prefix, "/")
			t.notef(key, "%s is now %s: a key has no leading slash", prefix, settings[key])
		}
	}
}

// appName returns a valid application name, short enough for every stage.
func (t *translator) appName(name string) string {
	longest := 20 // other stages may follow
	for _, stage := range t.result.stages() {
		longest = max(longest, len(stage))
	}
	room := maxStackName - len("-") - longest
	if stackName.MatchString(name) && len(name) <= room {
		return name
	}
	fixed := validName(name)
	if !stackName.MatchString(fixed) {
		fixed = strings.TrimRight("app-"+fixed, "-")
	}
	if len(fixed) > room {
		fixed = strings.TrimRight(fixed[:max(room, 1)], "-")
	}
	t.notef("app_name", "%q is now %s: an application's name has letters, digits and hyphens only, and begins with a letter", name, fixed)
	return fixed
}
