package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"defog-cdk/internal/suggest"
)

// source is one place that says settings.
type source struct {
	name   string // for errors: "-c", "cdk.json, stage prod"
	values map[string]any
	shared bool // the CDK keeps values of its own here too
}

// target is what settings are stored in: Settings, or a member of it.
type target struct {
	value   reflect.Value
	fields  []field
	prefix  string            // of the keys, for members
	origins map[string]string // where each value came from, by key
}

// reset stores the defaults.
func (t target) reset() {
	for _, f := range t.fields {
		if f.initial == "" {
			continue
		}
		if err := f.set(t.value.Field(f.index), f.initial); err != nil {
			panic("config: default of " + f.key + ": " + err.Error())
		}
	}
}

// resetOwn stores the defaults of a function of the user's own where nobody
// said anything else.
func (t target) resetOwn() {
	for _, f := range t.fields {
		if f.own == "" || t.origins[f.key] != "" {
			continue
		}
		if err := f.set(t.value.Field(f.index), f.own); err != nil {
			panic("config: own default of " + f.key + ": " + err.Error())
		}
	}
}

// apply stores what the source says over what is there, and returns every
// problem with it.
func (t target) apply(s source) []error {
	var problems []error
	read := map[string]bool{}
	for _, f := range t.fields {
		problems = append(problems, t.applyField(f, s, read)...)
	}
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		if err := t.unknown(key, s); err != nil && !read[key] {
			problems = append(problems, s.problem(t.prefix+key, err))
		}
	}
	return problems
}

// problem says of an error which key it is about and who gave the value.
func (s source) problem(key string, err error) error {
	return fmt.Errorf("%s (%s): %w", key, s.name, err)
}

func (t target) applyField(f field, s source, read map[string]bool) []error {
	value, key, err := s.pick(f, read)
	if err != nil {
		return []error{s.problem(t.prefix+key, err)}
	}
	entries := s.entries(f, read)
	at := t.value.Field(f.index)
	switch {
	case value == nil && len(entries) == 0:
		return nil
	case f.isTexts():
		return t.applyTexts(f, at, value, entries, s)
	case f.isObject():
		return t.applyObject(f, at, value, entries, s)
	case f.isObjects():
		return t.applyObjects(f, at, value, s)
	}
	t.origins[t.prefix+f.key] = s.name
	parsed := reflect.New(f.kind).Elem()
	if err := f.set(parsed, value); err != nil {
		var problems []error
		for _, problem := range flatten(err) {
			problems = append(problems, s.problem(t.prefix+key, problem))
		}
		return problems
	}
	at.Set(parsed)
	if kind := parsed.Kind(); f.initial == "" && (kind == reflect.String || kind == reflect.Slice) && parsed.Len() == 0 {
		delete(t.origins, t.prefix+f.key) // taken back
	}
	return nil
}

// pick finds a setting's value under its key or an alias, and marks what it
// looked at. The value is nil when nothing, or null, is said.
func (s source) pick(f field, read map[string]bool) (value any, key string, err error) {
	key = f.key
	for _, name := range f.names {
		read[name] = true
		switch other := s.values[name]; {
		case other == nil:
		case value == nil:
			value, key = other, name
		case fmt.Sprint(value) != fmt.Sprint(other):
			return nil, name, fmt.Errorf("%s is not what %s says, %s; give one of them", show(other), key, show(value))
		}
	}
	return value, key, nil
}

// entries returns what is given entry by entry ("tags.team"), and marks it.
func (s source) entries(f field, read map[string]bool) map[string]any {
	entries := map[string]any{}
	if !f.isTexts() && !f.isObject() {
		return entries
	}
	for key, value := range s.values {
		for _, name := range f.names {
			if rest, ok := strings.CutPrefix(key, name+"."); ok {
				read[key] = true
				entries[rest] = value
			}
		}
	}
	return entries
}

// applyTexts merges a map's entries into those that are there.
func (t target) applyTexts(f field, at reflect.Value, value any, entries map[string]any, s source) []error {
	if value != nil {
		whole, ok := object(value)
		if !ok {
			return []error{s.problem(t.prefix+f.key, f.invalid(value))}
		}
		whole = maps.Clone(whole)
		maps.Copy(whole, entries)
		entries = whole
	}
	texts := map[string]string{}
	for _, name := range at.MapKeys() {
		texts[name.String()] = at.MapIndex(name).String()
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		key := t.prefix + f.key + "." + name
		text, ok := scalar(entries[name])
		if !ok {
			problems = append(problems, s.problem(key, errors.New("is neither text, number nor boolean")))
			continue
		}
		texts[name], t.origins[key] = text, s.name
	}
	at.Set(reflect.ValueOf(texts))
	return problems
}

// applyObject replaces an object that is given whole, and changes single
// members of the one that is there.
func (t target) applyObject(f field, at reflect.Value, value any, entries map[string]any, s source) []error {
	fresh := reflect.New(f.kind.Elem())
	members := target{fresh.Elem(), f.members, t.prefix + f.key + ".", t.origins}
	whole, ok := object(value)
	switch {
	case value != nil && !ok:
		return []error{s.problem(t.prefix+f.key, f.invalid(value))}
	case value == nil && !at.IsNil():
		fresh.Elem().Set(at.Elem())
	default:
		maps.DeleteFunc(t.origins, func(key, _ string) bool { return strings.HasPrefix(key, members.prefix) })
		members.reset()
	}
	at.Set(fresh)
	problems := members.apply(source{name: s.name, values: whole})
	return append(problems, members.apply(source{name: s.name, values: entries})...)
}

// applyObjects replaces a list of objects. Its entries' keys are counted from 1:
// pipeline_stages.1.account.
func (t target) applyObjects(f field, at reflect.Value, value any, s source) []error {
	items, ok := list(value)
	if !ok {
		return []error{s.problem(t.prefix+f.key, f.invalid(value))}
	}
	maps.DeleteFunc(t.origins, func(key, _ string) bool { return strings.HasPrefix(key, t.prefix+f.key+".") })
	at.Set(reflect.MakeSlice(f.kind, len(items), len(items)))
	var problems []error
	for i, item := range items {
		key := fmt.Sprintf("%s%s.%d", t.prefix, f.key, i+1)
		members := target{at.Index(i), f.members, key + ".", t.origins}
		members.reset()
		whole, ok := object(item)
		if !ok {
			problems = append(problems, s.problem(key, fmt.Errorf("%s is not valid; valid: an object with %s", show(item), strings.Join(keysOf(f.members), ", "))))
			continue
		}
		t.origins[key] = s.name
		problems = append(problems, members.apply(source{name: s.name, values: whole})...)
	}
	return problems
}

// unknown says what is wrong with a key that no setting has. The value is not
// shown: it may be a password that was put into the wrong place.
func (t target) unknown(key string, s source) error {
	if t.prefix == "" {
		if refusal, ok := refused[key]; ok {
			return refusal.check(s.values[key])
		}
	}
	keys := keysOf(t.fields)
	switch {
	case s.values[key] == nil || s.shared && !looksLikeSetting(key, keys):
		return nil
	case t.prefix != "":
		return fmt.Errorf("unknown key%s; valid: %s", suggest.Hint(key, keys), strings.Join(keys, ", "))
	}
	return fmt.Errorf("unknown setting%s; README lists all", suggest.Hint(key, keys))
}

// looksLikeSetting tells settings from the CDK's own context keys, which have
// a colon, a slash, an at sign or hyphens in them
// ("@aws-cdk/core:…", "vpc-provider:…", "acknowledged-issue-numbers").
func looksLikeSetting(key string, keys []string) bool {
	if strings.ContainsAny(key, ":/@") {
		return false
	}
	return !strings.Contains(key, "-") || suggest.Name(strings.ReplaceAll(key, "-", "_"), keys) != ""
}
