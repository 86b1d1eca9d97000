package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"defog-cdk/internal/suggest"
)

// set stores a value in target, whose type is the field's or what that points
// to or is a list of. The command line gives every value as text.
func (f field) set(target reflect.Value, value any) error {
	switch target.Kind() {
	case reflect.String:
		text, err := f.text(value)
		target.SetString(text)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(fmt.Sprint(value))
		if err != nil || !f.valid.contains(n) || !f.valid.accepts(strconv.Itoa(n)) {
			return f.invalid(value)
		}
		target.SetInt(int64(n))
	case reflect.Float64:
		n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
		if err != nil || !(n >= float64(f.valid.least)) || math.IsInf(n, 0) { // NaN is no answer to >=
			return f.invalid(value)
		}
		target.SetFloat(n)
	case reflect.Bool:
		text := fmt.Sprint(value)
		if text != "true" && text != "false" {
			return f.invalid(value)
		}
		target.SetBool(text == "true")
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return f.set(target.Elem(), value)
	case reflect.Slice:
		return f.setList(target, value)
	case reflect.Map:
		document, ok := object(value)
		if !ok {
			return f.invalid(value)
		}
		target.Set(reflect.ValueOf(plain(document)))
	}
	return nil
}

// text checks one text. An empty one takes a setting back that has no default.
func (f field) text(value any) (string, error) {
	text, ok := value.(string)
	switch {
	case !ok:
		return "", f.invalid(value)
	case text == "" && f.initial == "" && f.kind.Kind() == reflect.String:
		return "", nil
	case retired[f.key][text] != "":
		return "", fmt.Errorf("%s was deprecated by Lambda on %s; valid: %s", show(text), retired[f.key][text], f.describe())
	case !f.valid.accepts(text):
		return "", fmt.Errorf("%s is unknown%s; valid: %s", show(text), suggest.Hint(text, f.valid.words), f.describe())
	case f.form != "" && !forms[f.form].pattern.MatchString(text):
		return "", f.invalid(text)
	case f.kind.Kind() == reflect.String && utf8.RuneCountInString(text) > f.valid.most:
		return "", fmt.Errorf("%s has %d characters; valid: %s", show(text), utf8.RuneCountInString(text), f.describe())
	}
	return text, nil
}

// setList stores a list of texts, which may come as JSON or with commas.
func (f field) setList(target reflect.Value, value any) error {
	items, ok := value.([]any)
	if text, isText := value.(string); isText {
		ok = true
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			ok = unmarshal([]byte(text), &items) == nil
		} else if text != "" {
			for item := range strings.SplitSeq(text, ",") {
				items = append(items, strings.TrimSpace(item))
			}
		}
	}
	if !ok {
		return f.invalid(value)
	}
	if len(items) > f.valid.most {
		return fmt.Errorf("has %d entries; valid: %s", len(items), f.describe())
	}
	var texts []string // nil when there are none
	var problems []error
	for _, item := range items {
		text, err := f.text(item)
		if err == nil && (text == "" || slices.Contains(texts, text)) {
			err = fmt.Errorf("%s is empty or there twice; valid: %s", show(text), f.describe())
		}
		texts, problems = append(texts, text), append(problems, err)
	}
	target.Set(reflect.ValueOf(texts))
	return errors.Join(problems...)
}

func (f field) invalid(value any) error {
	return fmt.Errorf("%s is not valid; valid: %s", show(value), f.describe())
}

// object returns a JSON object, given as such or as text.
func object(value any) (map[string]any, bool) {
	switch v := value.(type) {
	case map[string]any:
		return v, true
	case string:
		var entries map[string]any
		err := unmarshal([]byte(v), &entries)
		return entries, err == nil && entries != nil
	}
	return nil, false
}

// list returns a JSON list, given as such or as text.
func list(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case string:
		var items []any
		err := unmarshal([]byte(v), &items)
		return items, err == nil && items != nil
	}
	return nil, false
}

// scalar returns the text of a text, number or boolean.
func scalar(value any) (string, bool) {
	switch value.(type) {
	case string, bool, json.Number, int, float64:
		return fmt.Sprint(value), true
	}
	return "", false
}

// longest is how many characters of a wrong value an error shows.
const longest = 60

// show quotes a value for an error: text in quotes, anything else as JSON.
// What looks like a secret is not shown.
func show(value any) string {
	text, isText := value.(string)
	if !isText {
		data, err := json.Marshal(value)
		if err != nil {
			return "the value"
		}
		text = string(data)
	}
	if looksSecret(text) {
		return "the value, which looks like a secret,"
	}
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	if isText {
		return strconv.Quote(text)
	}
	return text
}
