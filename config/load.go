package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/config/connection"
	"defog-cdk/config/nearest"
)

// Config is everything that the app needs to know.
type Config struct {
	Settings
	Connection connection.Connection // without credentials when they are in a secret
}

// Load reads the settings from the CDK context and the connection file that
// they name. The error holds every problem of both at once (see
// [errors.Join]), each naming its key and what is valid.
func Load(context map[string]any) (Config, error) {
	settings, err := Parse(context)
	problems := []error{err}

	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(settings.ConnectionFile, "~/") {
		problems = append(problems, fmt.Errorf("connection_file: find the home directory: %w", err))
	}
	settings.ConnectionFile = expand(settings.ConnectionFile, home)
	if settings.Dependencies != "" {
		settings.Dependencies = expand(settings.Dependencies, home)
		if _, err := os.Stat(settings.Dependencies); err != nil {
			problems = append(problems, fmt.Errorf("function_source_dependencies_zip: %w; valid: a zip or a folder", err))
		}
	}
	if settings.Generator == "golden" && settings.Dependencies == "" {
		problems = append(problems, errors.New("function_source_dependencies_zip: missing; generator golden reads golden.json from there"))
	}

	config := Config{Settings: settings}
	if settings.CredentialsSecret != "" {
		config.Connection.DBType = settings.DBType
	} else {
		config.Connection, err = connection.Read(settings.ConnectionFile)
		if err == nil && config.Connection.APIKey == "" && settings.Generator == "defog" {
			err = fmt.Errorf("connection file %s: api_key: missing; generator defog needs it", settings.ConnectionFile)
		}
		problems = append(problems, err)
	}
	return config, errors.Join(problems...)
}

// Parse reads the settings alone. The error holds every problem at once.
func Parse(context map[string]any) (Settings, error) {
	settings, problems := decode(context)
	return settings, errors.Join(append(problems, settings.check()...)...)
}

// decode fills the settings from the context's values and the defaults.
func decode(context map[string]any) (Settings, []error) {
	var settings Settings
	var problems []error
	read := map[string]bool{} // the keys that some setting took its value from
	fields := reflect.ValueOf(&settings).Elem()
	for i := range fields.NumField() {
		tag := fields.Type().Field(i).Tag
		if text, ok := tag.Lookup("default"); ok {
			if err := set(fields.Field(i), text, tag.Get("valid")); err != nil {
				panic("config: default of " + tag.Get("key") + ": " + err.Error())
			}
		}
		value, key, err := pick(context, tag, read)
		if err == nil && value != nil {
			err = set(fields.Field(i), value, tag.Get("valid"))
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(context)) {
		if !read[key] && looksLikeSetting(key) {
			problems = append(problems, fmt.Errorf("%s: unknown setting%s; README lists all", key, nearest.Hint(key, Keys())))
		}
	}
	return settings, problems
}

// pick finds a setting's value under its key, its alias, or as single entries
// of a map ("tags.team"), and marks what it used.
func pick(context map[string]any, tag reflect.StructTag, read map[string]bool) (value any, key string, err error) {
	key = tag.Get("key")
	value, given := context[key]
	read[key] = true
	if alias := tag.Get("alias"); alias != "" {
		read[alias] = true
		if other, also := context[alias]; also {
			if given && fmt.Sprint(value) != fmt.Sprint(other) {
				return nil, key, fmt.Errorf("is %v, and its alias %s is %v; give one of them", value, alias, other)
			}
			value, key = other, alias
		}
	}
	for _, name := range slices.Sorted(maps.Keys(context)) {
		if rest, ok := strings.CutPrefix(name, tag.Get("key")+"."); ok {
			read[name] = true
			if value, err = merge(value, rest, context[name]); err != nil {
				return nil, key, err
			}
		}
	}
	return value, key, nil
}

// merge adds one entry to a map that may still be text.
func merge(value any, name string, entry any) (any, error) {
	entries, err := object(value)
	if err != nil {
		return nil, err
	}
	entries = maps.Clone(entries)
	entries[name] = entry
	return entries, nil
}

// object returns a map, given as such or as JSON text.
func object(value any) (map[string]any, error) {
	switch v := value.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	case string:
		var entries map[string]any
		if err := unmarshal([]byte(v), &entries); err == nil && entries != nil {
			return entries, nil
		}
	}
	return nil, errors.New(`is not a map; valid: {"name": "value", …}, or single entries as key.name=value`)
}

// set stores a value, which is text when it comes from the command line.
func set(field reflect.Value, value any, valid string) error {
	text := fmt.Sprint(value)
	switch field.Kind() {
	case reflect.String:
		if _, ok := value.(string); !ok {
			return fmt.Errorf("%v is not text; valid: %s", value, describe(valid, "text"))
		}
		if words := strings.Split(valid, "|"); valid != "" && !slices.Contains(words, text) {
			return fmt.Errorf("%q is unknown%s; valid: %s", text, nearest.Hint(text, words), strings.Join(words, ", "))
		}
		field.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil || !inRange(n, valid) {
			return fmt.Errorf("%q is not valid; valid: %s", text, describe(valid, "a whole number"))
		}
		field.SetInt(int64(n))
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is not valid; valid: true, false", text)
		}
		field.SetBool(text == "true")
	case reflect.Map:
		entries, err := object(value)
		if err != nil {
			return err
		}
		texts := make(map[string]string, len(entries))
		for name, entry := range entries {
			switch entry.(type) {
			case string, bool, json.Number:
				texts[name] = fmt.Sprint(entry)
			default:
				return fmt.Errorf("%s is neither text, number nor boolean", name)
			}
		}
		field.Set(reflect.ValueOf(texts))
	}
	return nil
}

func inRange(n int, valid string) bool {
	low, high, ok := strings.Cut(valid, "..")
	if !ok {
		return true
	}
	lowest, _ := strconv.Atoi(low)
	highest, _ := strconv.Atoi(high)
	return lowest <= n && n <= highest
}

func describe(valid, otherwise string) string {
	if valid == "" {
		return otherwise
	}
	return strings.NewReplacer("|", ", ", "..", " to ").Replace(valid)
}

// looksLikeSetting tells settings from the CDK's own context keys, which have
// a colon, a slash, an at sign or hyphens in them
// ("@aws-cdk/core:…", "vpc-provider:…", "acknowledged-issue-numbers").
func looksLikeSetting(key string) bool {
	if !strings.ContainsAny(key, ":/@") && nearest.Name(strings.ReplaceAll(key, "-", "_"), Keys()) != "" {
		return true
	}
	return !strings.ContainsAny(key, ":/@-")
}
