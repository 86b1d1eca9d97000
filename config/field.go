package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field describes one setting. It is made from the tags of a struct field.
type field struct {
	key     string
	names   []string // the key, then its aliases
	group   string   // the subject
	initial string   // the default, "" for none
	custom  string   // the custom function's default, "" for the same
	only    string   // the function that the setting is for, "" for both
	doc     string
	valid   limits
	form    string
	kind    reflect.Type
	index   int     // in the struct
	members []field // of a setting that is an object, or a list of them
}

// limits are the valid values of a word, or the range of a number, of a text's
// length, or of a list's.
type limits struct {
	words       []string
	least, most int
	above       bool // least itself is invalid
}

// settingFields are the fields of Settings, in its order.
var settingFields = fieldsOf(reflect.TypeFor[Settings]())

func fieldsOf(structure reflect.Type) []field {
	var fields []field
	group := ""
	for i := range structure.NumField() {
		tag, kind := structure.Field(i).Tag, structure.Field(i).Type
		if start := tag.Get("group"); start != "" {
			group = start
		}
		f := field{
			key:     tag.Get("key"),
			names:   append([]string{tag.Get("key")}, strings.Fields(tag.Get("alias"))...),
			group:   group,
			initial: tag.Get("default"),
			custom:  tag.Get("custom"),
			only:    tag.Get("only"),
			doc:     tag.Get("doc"),
			valid:   parseLimits(tag.Get("valid")),
			form:    tag.Get("form"),
			kind:    kind,
			index:   i,
		}
		if f.isObject() || f.isObjects() {
			f.members = fieldsOf(kind.Elem())
		}
		fields = append(fields, f)
	}
	return fields
}

func (f field) isObject() bool {
	return f.kind.Kind() == reflect.Pointer && f.kind.Elem().Kind() == reflect.Struct
}

// isObjects reports whether the setting is a list of objects.
func (f field) isObjects() bool {
	return f.kind.Kind() == reflect.Slice && f.kind.Elem().Kind() == reflect.Struct
}

// isTexts reports whether the setting is a map of texts, which merges entry by
// entry.
func (f field) isTexts() bool { return f.kind == reflect.TypeFor[map[string]string]() }

// parseLimits parses a valid tag. A range without an end is open there.
func parseLimits(valid string) limits {
	low, high, ranged := strings.Cut(valid, "..")
	bound, above := strings.CutPrefix(valid, ">")
	switch {
	case above:
		return limits{least: number(bound, 0), most: math.MaxInt, above: true}
	case ranged:
		return limits{least: number(low, 0), most: number(high, math.MaxInt)}
	case valid != "":
		return limits{words: strings.Split(valid, "|"), most: math.MaxInt}
	}
	return limits{least: math.MinInt, most: math.MaxInt}
}

func number(text string, absent int) int {
	if text == "" {
		return absent
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("config: " + err.Error()) // a tag is a constant
	}
	return n
}

func (l limits) contains(n int) bool { return l.least <= n && n <= l.most }

// accepts reports whether text is one of the words. Without words, all texts are.
func (l limits) accepts(text string) bool {
	return l.words == nil || slices.Contains(l.words, text)
}

// describe returns the valid values for an error message and the documentation.
func (f field) describe() string {
	if f.valid.words != nil {
		return strings.Join(f.valid.words, ", ")
	}
	switch f.kind.Kind() {
	case reflect.Bool:
		return "true, false"
	case reflect.Int:
		return f.valid.describe()
	case reflect.Float64:
		if f.valid.above {
			return fmt.Sprintf("a number above %d", f.valid.least)
		}
		return fmt.Sprintf("a number from %d", f.valid.least)
	case reflect.Pointer:
		if f.isObject() {
			return "an object with the keys " + strings.Join(keysOf(f.members), ", ")
		}
		return f.valid.describe()
	case reflect.Map:
		if f.isTexts() {
			return `a map {"name": "value", …}, or entries ` + f.key + `.name=value`
		}
		return "an object"
	case reflect.Slice:
		if f.isObjects() {
			return "a list of objects with the keys " + strings.Join(keysOf(f.members), ", ")
		}
		list := "a list"
		if f.valid.most < math.MaxInt {
			list += fmt.Sprintf(" of up to %d", f.valid.most)
			if f.form != "" {
				return list + ": " + f.describeText()
			}
		}
		if f.form != "" {
			list += " of " + f.describeText()
		}
		return list
	}
	return f.describeText()
}

func (f field) describeText() string {
	switch {
	case f.form != "":
		return forms[f.form].description
	case f.kind.Kind() == reflect.String && f.valid.most < math.MaxInt:
		return fmt.Sprintf("text of up to %d characters", f.valid.most)
	}
	return "text"
}

func (l limits) describe() string {
	if l.most == math.MaxInt {
		return fmt.Sprintf("a whole number from %d", l.least)
	}
	return fmt.Sprintf("%d to %d", l.least, l.most)
}

// Keys returns the names and aliases of all settings, in the struct's order.
func Keys() []string { return keysOf(settingFields) }

// Name returns a setting's key for its key or an alias. The second result reports
// whether there is such a setting.
func Name(key string) (string, bool) {
	for _, f := range settingFields {
		if slices.Contains(f.names, key) {
			return f.key, true
		}
	}
	return "", false
}

// keysOf returns the fields' keys and aliases.
func keysOf(fields []field) []string {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.names...)
	}
	return keys
}
