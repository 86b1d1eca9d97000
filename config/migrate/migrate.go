// Package migrate converts the configuration of the old systems, Chalice and
// PODPAC, to settings. The result always passes the validation of settings.
package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/jsonfile"
)

// Result is a converted configuration.
type Result struct {
	// Settings is the map "defog" of cdk.json's context. It holds no secrets.
	Settings map[string]any
	// Notes explain each key with another name, value or meaning, and each key
	// without an equivalent.
	Notes []string
	// Connections are the connections in the old function's environment, by stage;
	// "" is the top level.
	Connections map[string]connection.Connection
}

// Read converts the content of the file at path: Chalice's .chalice/config.json or
// PODPAC's settings.json.
func Read(path string, data []byte) (Result, error) {
	const want = "want Chalice's .chalice/config.json or PODPAC's settings.json"
	var old map[string]any
	if err := jsonfile.Decode(data, &old); err != nil {
		return Result{}, fmt.Errorf("%s: %w", path, err)
	}
	t := &translator{folder: filepath.Dir(path), result: Result{Settings: map[string]any{}, Connections: map[string]connection.Connection{}}}
	switch keys := slices.Collect(maps.Keys(old)); {
	case len(old) == 0:
		return Result{}, fmt.Errorf("%s: no settings; %s", path, want)
	case slices.ContainsFunc(keys, isPodpac):
		t.podpac(old)
	case slices.ContainsFunc(keys, isChalice):
		t.chalice(old)
	default:
		return Result{}, fmt.Errorf("%s: not a configuration of Chalice or PODPAC; %s", path, want)
	}
	t.fixNames()
	t.repair()
	return t.result, errors.Join(t.problems...)
}

// Level returns the settings of a stage; "" is the top level.
func (r Result) Level(stage string) map[string]any {
	if stage == "" {
		return r.Settings
	}
	stages, ok := r.Settings["stages"].(map[string]any)
	if !ok {
		stages = map[string]any{}
		r.Settings["stages"] = stages
	}
	level, ok := stages[stage].(map[string]any)
	if !ok {
		level = map[string]any{}
		stages[stage] = level
	}
	return level
}

// stages returns the names of the stages, sorted.
func (r Result) stages() []string {
	stages, _ := r.Settings["stages"].(map[string]any)
	return slices.Sorted(maps.Keys(stages))
}

type translator struct {
	folder   string // of the old file
	custom   bool   // for a custom function: PODPAC's
	result   Result
	problems []error
}

func (t *translator) notef(key, format string, args ...any) {
	note := key + ": " + fmt.Sprintf(format, args...)
	if !slices.Contains(t.result.Notes, note) {
		t.result.Notes = append(t.result.Notes, note)
	}
}

// keep converts a key with the same meaning in both systems, or notes why there is
// none.
func (t *translator) keep(settings map[string]any, prefix, key string, value any) {
	name, known := config.Name(key)
	why, refused := config.Refused(key)
	switch {
	case value == nil:
	case refused:
		t.notef(prefix+key, "left out: %s", why)
	case !known:
		t.notef(prefix+key, "left out: there is no such setting")
	case name == "lambda_timeout" && !t.custom:
		t.keepTimeout(settings, prefix, key, value)
	default:
		if name != key {
			t.notef(prefix+key, "is now called %s", name)
		}
		settings[name] = value
	}
}

// timeoutKeys are the settings that a timeout is split into.
var timeoutKeys = []string{"lambda_timeout", "generator_timeout", "statement_timeout"}

// keepTimeout keeps a timeout within the HTTP API's, and divides it between SQL
// generator and database.
func (t *translator) keepTimeout(settings map[string]any, prefix, key string, value any) {
	const least, initial = 3, 29
	for _, name := range timeoutKeys {
		delete(settings, name) // of a level with lower precedence
	}
	seconds, err := json.Number(fmt.Sprint(value)).Int64()
	switch {
	case err != nil || seconds < least:
		t.notef(prefix+key, "left out: %v is too short for a SQL generator and a database; the default is %d s", value, initial)
		seconds = initial
	case seconds > config.APIWaits:
		t.notef(prefix+key, "left out: %d s is longer than the HTTP API's timeout, %d s; the default is %d s", seconds, config.APIWaits, initial)
		seconds = initial
	default:
		settings["lambda_timeout"] = seconds
		if seconds < initial {
			generator := (seconds - 1) / 2
			settings["generator_timeout"], settings["statement_timeout"] = generator, seconds-1-generator
			t.notef(prefix+key, "is split into generator_timeout and statement_timeout, with 1 s for the answer")
		}
	}
	// A stage must not inherit the top level's shorter timeouts.
	if top := t.result.Settings; prefix != "" && top["generator_timeout"] != nil && settings["generator_timeout"] == nil {
		settings["lambda_timeout"], settings["generator_timeout"], settings["statement_timeout"] = seconds, 13, 15
	}
}

// variables merges environment variables into the settings, without credentials.
func (t *translator) variables(settings map[string]any, prefix, stage string, value any) {
	old, ok := value.(map[string]any)
	if !ok {
		t.notef(prefix+"environment_variables", "left out: not a map")
		return
	}
	kept, ok := settings["environment_variables"].(map[string]any)
	if !ok {
		kept = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		key, text := prefix+"environment_variables."+name, fmt.Sprint(old[name])
		switch {
		case old[name] == nil:
		case name == "DEFOG_CREDS_64":
			conn, err := connection.Decode(text)
			if err != nil {
				t.problems = append(t.problems, about(key, err)...)
			}
			t.result.Connections[stage] = conn
			t.notef(key, "left out: it is now the content of the connection file")
		case strings.HasPrefix(name, "DEFOG_"):
			t.notef(key, "left out: the stack sets such variables")
		case config.HoldsSecret(name, text):
			t.notef(key, "left out, because it looks like a secret: keep it in Secrets Manager, and give the function its ARN")
		default:
			kept[name] = old[name]
		}
	}
	if len(kept) > 0 {
		settings["environment_variables"] = kept
	}
}

// about puts a key before each of an error's problems.
func about(key string, err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{fmt.Errorf("%s: %w", key, err)}
	}
	var problems []error
	for _, problem := range joined.Unwrap() {
		problems = append(problems, about(key, problem)...)
	}
	return problems
}
