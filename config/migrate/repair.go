package migrate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/config"
)

// fileName is the name of the settings in problems.
const fileName = "settings"

// required maps a missing setting to the one that requires it.
var required = map[string]string{
	"function_budget_email":    "function_budget_amount",
	"function_source_dist_key": "function_source_bucket",
}

// repair validates the result for every stage as the app does, and removes each
// invalid setting with a note.
func (t *translator) repair() {
	for {
		found := t.validate()
		if len(found) == 0 {
			return
		}
		progress := false
		for _, problem := range found {
			progress = t.remove(problem) || progress
		}
		if !progress {
			t.problems = append(t.problems, fmt.Errorf("the settings are invalid: %w", errors.Join(found...)))
			return
		}
	}
}

// validate returns the problems of all stages.
func (t *translator) validate() []error {
	stages := t.result.stages()
	if !slices.Contains(stages, defaultStage) {
		stages = append(stages, defaultStage)
	}
	var found []error
	for _, stage := range stages {
		for _, problem := range config.CheckFile(fileName, t.result.Settings, stage) {
			if !slices.ContainsFunc(found, func(other error) bool { return other.Error() == problem.Error() }) {
				found = append(found, problem)
			}
		}
	}
	return found
}

// remove removes the setting that a problem is about, and reports whether there was
// one.
func (t *translator) remove(err error) bool {
	problem, ok := errors.AsType[*config.Problem](err)
	if !ok {
		return false
	}
	key := problem.Key
	if other := required[key]; other != "" {
		key = other
	}
	_, stage, inStage := strings.Cut(problem.Source, ", stage ")
	levels := []string{"", stage}
	if inStage {
		levels = []string{stage}
	} else if problem.Source != fileName { // a default
		levels = append([]string{""}, t.result.stages()...)
	}
	for _, stage := range levels {
		if removed := removeKey(t.result.Level(stage), key); removed != "" {
			if stage != "" {
				removed = "stages." + stage + "." + removed
			}
			cause := problem.Err.Error()
			if key != problem.Key {
				cause = problem.Key + " is " + cause
			}
			t.notef(removed, "left out: %s", cause)
			return true
		}
	}
	return false
}

// removeKey removes a setting, or the entry or member of one, and returns the
// removed key. For a missing member it removes the whole setting.
func removeKey(level map[string]any, key string) (removed string) {
	if _, ok := level[key]; ok {
		delete(level, key)
		return key
	}
	parent, name, ok := strings.Cut(key, ".")
	value, given := level[parent]
	if !ok || !given {
		return ""
	}
	if entries, isMap := value.(map[string]any); isMap {
		if _, ok := entries[name]; ok {
			delete(entries, name)
			if len(entries) == 0 {
				delete(level, parent)
			}
			return key
		}
	}
	delete(level, parent)
	return parent
}
