package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Value is one setting's effective value.
type Value struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`  // null for an unset setting without a default
	Origin string `json:"origin"` // "-c", "cdk.json, stage prod", "default", …
}

// String returns the value as text; lists and objects as JSON.
func (v Value) String() string {
	switch value := v.Value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	text, err := json.Marshal(v.Value)
	if err != nil {
		panic(err) // the value came from JSON
	}
	return string(text)
}

// masked replaces a value that looks like a secret.
const masked = "••••"

// Effective returns every setting in the struct's order; entries of maps and
// members of objects one by one. It masks values that look like secrets. The
// error is that of [Parse]; the values are complete all the same.
func Effective(context map[string]any) ([]Value, error) {
	c := read(context)
	settings := target{value: reflect.ValueOf(c.Settings), fields: settingFields, origins: c.origins}
	return settings.values(), errors.Join(append(c.problems, stageProblems(c.stages)...)...)
}

func (t target) values() []Value {
	var values []Value
	for _, f := range t.fields {
		key, at := t.prefix+f.key, t.value.Field(f.index)
		switch {
		case f.isObject() && !at.IsNil():
			values = append(values, target{at.Elem(), f.members, key + ".", t.origins}.values()...)
			continue
		case f.isObjects() && at.Len() > 0:
			for i := range at.Len() {
				values = append(values, target{at.Index(i), f.members, fmt.Sprintf("%s.%d.", key, i+1), t.origins}.values()...)
			}
			continue
		case f.isTexts() && at.Len() > 0:
			entries := at.Interface().(map[string]string)
			for _, name := range slices.Sorted(maps.Keys(entries)) {
				values = append(values, t.entry(key+"."+name, name, entries[name]))
			}
			continue
		}
		values = append(values, Value{key, effective(f, at), origin(t.origins, key)})
	}
	return values
}

func (t target) entry(key, name, text string) Value {
	if HoldsSecret(name, text) {
		text = masked
	}
	return Value{key, text, origin(t.origins, key)}
}

// effective returns a setting's value as in JSON.
func effective(f field, at reflect.Value) any {
	switch {
	case at.IsZero() && f.initial == "":
		return nil
	case at.Kind() == reflect.String && looksSecret(at.String()):
		return masked
	}
	return reflect.Indirect(at).Interface()
}
