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

// source is one source of settings.
type source struct {
	name   string // for errors: "-c", "cdk.json, stage prod"
	values map[string]any
	shared bool // holds context keys of the CDK too
}

// target is the struct that settings are stored in: Settings or a member of it.
type target struct {
	value   reflect.Value
	fields  []field
	prefix  string            // of the keys, for members
	origins map[string]string // the source of each value, by key
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

// resetCustom stores the custom function's defaults of unset settings.
func (t target) resetCustom() {
	for _, f := range t.fields {
		if f.custom == "" || t.origins[f.key] != "" {
			continue
		}
		if err := f.set(t.value.Field(f.index), f.custom); err != nil {
			panic("config: custom default of " + f.key + ": " + err.Error())
		}
	}
}

// apply stores the source's values over the present ones, and returns every
// problem.
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

// Problem is an invalid setting.
type Problem struct {
	Key    string
	Source string // "-c", "cdk.json, stage prod", "default", …
	Err    error  // what is invalid, and what is valid
}

// Error returns key, source and cause.
func (p *Problem) Error() string { return fmt.Sprintf("%s (%s): %v", p.Key, p.Source, p.Err) }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

func (s source) problem(key string, err error) error { return &Problem{key, s.name, err} }

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
		delete(t.origins, t.prefix+f.key) // reset
	}
	return nil
}

// pick returns a setting's value under its key or an alias, and marks both as
// read. The value is nil if the setting is absent or null.
func (s source) pick(f field, read map[string]bool) (value any, key string, err error) {
	key = f.key
	for _, name := range f.names {
		read[name] = true
		switch other := s.values[name]; {
		case other == nil:
		case value == nil:
			value, key = other, name
		case fmt.Sprint(value) != fmt.Sprint(other):
			return nil, name, fmt.Errorf("%s contradicts %s, which is %s; want one of them", show(other), key, show(value))
		}
	}
	return value, key, nil
}

// entries returns the single entries of a map ("tags.team"), and marks them as
// read.
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

// applyTexts merges a map's entries into the present ones.
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
			problems = append(problems, s.problem(key, errors.New("invalid value; want a text, number or boolean")))
			continue
		}
		texts[name], t.origins[key] = text, s.name
	}
	at.Set(reflect.ValueOf(texts))
	return problems
}

// applyObject replaces an object by a whole one, or changes members of the present
// one.
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

// applyObjects replaces a list of objects. Keys count from 1:
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
			problems = append(problems, s.problem(key, fmt.Errorf("%s is invalid; want an object with the keys %s", show(item), strings.Join(keysOf(f.members), ", "))))
			continue
		}
		t.origins[key] = s.name
		problems = append(problems, members.apply(source{name: s.name, values: whole})...)
	}
	return problems
}

// unknown returns the error for a key that is not a setting. It hides the value,
// which may be a misplaced password.
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
		return fmt.Errorf("unknown key%s; want %s", suggest.Hint(key, keys), strings.Join(keys, ", "))
	}
	return fmt.Errorf("unknown setting%s; want a key in docs/settings.md", suggest.Hint(key, keys))
}

// looksLikeSetting distinguishes settings from context keys of the CDK, which have
// a colon, a slash, an at sign or hyphens ("@aws-cdk/core:…", "vpc-provider:…",
// "acknowledged-issue-numbers").
func looksLikeSetting(key string, keys []string) bool {
	if strings.ContainsAny(key, ":/@") {
		return false
	}
	return !strings.Contains(key, "-") || suggest.Name(strings.ReplaceAll(key, "-", "_"), keys) != ""
}
