// Package migrate translates the configuration of the old systems, Chalice and
// PODPAC, into settings.
package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"defog-cdk/config"
	"defog-cdk/config/connection"
)

// Result is what became of an old configuration.
type Result struct {
	// Settings is for the map "defog" in cdk.json's context. It holds nothing
	// that looks like a secret.
	Settings map[string]any
	// Notes say of each key that moved, changed its meaning or has no
	// equivalent what became of it.
	Notes []string
	// Connections are the connections that the old function's environment
	// held, by stage; "" is the top level.
	Connections map[string]connection.Connection
}

// Read translates the content of the file at path: Chalice's .chalice/config.json
// or PODPAC's settings.json.
func Read(path string, data []byte) (Result, error) {
	var old map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&old); err != nil {
		return Result{}, fmt.Errorf("read %s: %w", path, err)
	}
	t := translator{folder: filepath.Dir(path), result: Result{Connections: map[string]connection.Connection{}}}
	switch {
	case slices.ContainsFunc(slices.Collect(maps.Keys(old)), isPodpac):
		t.result.Settings = t.podpac(old)
	case len(old) > 0:
		t.result.Settings = t.chalice(old)
	default:
		return Result{}, fmt.Errorf("read %s: it is empty; valid: Chalice's .chalice/config.json or PODPAC's settings.json", path)
	}
	return t.result, errors.Join(t.problems...)
}

// Level returns the settings of a stage; "" is the top level.
func (r Result) Level(stage string) map[string]any {
	if stage == "" {
		return r.Settings
	}
	return r.Settings["stages"].(map[string]any)[stage].(map[string]any)
}

type translator struct {
	folder   string // of the old file
	own      bool   // whether it is for a function of the user's own: PODPAC's
	result   Result
	problems []error
}

func (t *translator) notef(where, format string, args ...any) {
	t.result.Notes = append(t.result.Notes, where+": "+fmt.Sprintf(format, args...))
}

// keep translates one key that means the same in both worlds, or notes why
// there is none.
func (t *translator) keep(settings map[string]any, prefix, key string, value any) {
	name, known := config.Name(key)
	why, refused := config.Refused(key)
	switch {
	case value == nil:
	case refused:
		t.notef(prefix+key, "left out: %s", why)
	case !known:
		t.notef(prefix+key, "left out: there is no such setting")
	case name == "lambda_timeout" && !t.own:
		t.keepTimeout(settings, prefix, key, value)
	default:
		if name != key {
			t.notef(prefix+key, "is now called %s", name)
		}
		settings[name] = value
	}
}

// keepTimeout keeps a timeout that the HTTP API has the patience for, and
// shares it out between generator and database.
func (t *translator) keepTimeout(settings map[string]any, prefix, key string, value any) {
	seconds, err := json.Number(fmt.Sprint(value)).Int64()
	switch {
	case err != nil || seconds < 3:
		t.notef(prefix+key, "left out: %v is too short for a generator and a database; the default is 29 s", value)
	case seconds > 30:
		t.notef(prefix+key, "left out: %d s is longer than the HTTP API waits, which is 30 s; the default is 29 s", seconds)
	default:
		settings["lambda_timeout"] = seconds
		if seconds < 29 {
			settings["generator_timeout"], settings["statement_timeout"] = (seconds-1)/2, seconds-1-(seconds-1)/2
			t.notef(prefix+key, "is shared by generator_timeout and statement_timeout, with 1 s for the answer")
		}
	}
}

// variables keeps the environment without the credentials in it.
func (t *translator) variables(settings map[string]any, prefix, stage string, value any) {
	old, ok := value.(map[string]any)
	if !ok {
		t.notef(prefix+"environment_variables", "left out: it is not a map")
		return
	}
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		key, text := prefix+"environment_variables."+name, fmt.Sprint(old[name])
		switch {
		case name == "DEFOG_CREDS_64":
			conn, err := connection.Decode(text)
			if err != nil {
				t.problems = append(t.problems, fmt.Errorf("%s: %w", key, err))
			}
			t.result.Connections[stage] = conn
			t.notef(key, "left out: it is now the content of the connection file")
		case strings.HasPrefix(name, "DEFOG_"):
			t.notef(key, "left out: the stack sets such variables itself")
		case config.HoldsSecret(name, text):
			t.notef(key, "left out, for it looks like a secret: keep it in Secrets Manager, and give the function its ARN")
		default:
			kept[name] = old[name]
		}
	}
	if len(kept) > 0 {
		settings["environment_variables"] = kept
	}
}
