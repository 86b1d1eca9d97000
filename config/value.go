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

// set stores a value in target, whose type is the field's type or its element.
// Values from the command line are texts.
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
		least := float64(f.valid.least)
		if err != nil || !(n >= least) || f.valid.above && n == least || math.IsInf(n, 0) { // NaN compares as false
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

// text validates one text. An empty one resets a setting without a default.
func (f field) text(value any) (string, error) {
	text, ok := value.(string)
	switch {
	case !ok:
		return "", f.invalid(value)
	case text == "" && f.initial == "" && f.kind.Kind() == reflect.String:
		return "", nil
	case retired[f.key][text] != "":
		return "", fmt.Errorf("%s was deprecated by Lambda on %s; want %s", show(text), retired[f.key][text], f.describe())
	case !f.valid.accepts(text):
		return "", fmt.Errorf("%s is unknown%s; want %s", show(text), suggest.Hint(text, f.valid.words), f.describe())
	case f.form != "" && !forms[f.form].pattern.MatchString(text):
		return "", f.invalid(text)
	case f.kind.Kind() == reflect.String && utf8.RuneCountInString(text) > f.valid.most:
		return "", fmt.Errorf("%s has %d characters; want %s", show(text), utf8.RuneCountInString(text), f.describe())
	}
	return text, nil
}

// setList stores a list of texts, given as JSON or separated by commas.
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
		return fmt.Errorf("%d entries; want %s", len(items), f.describe())
	}
	var texts []string // nil when there are none
	var problems []error
	for _, item := range items {
		text, err := f.text(item)
		if err == nil && (text == "" || slices.Contains(texts, text)) {
			err = fmt.Errorf("%s is empty or duplicated; want %s", show(text), f.describe())
		}
		texts, problems = append(texts, text), append(problems, err)
	}
	target.Set(reflect.ValueOf(texts))
	return errors.Join(problems...)
}

func (f field) invalid(value any) error {
	return fmt.Errorf("%s is invalid; want %s", show(value), f.describe())
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

// maxShown is how many characters of an invalid value an error shows.
const maxShown = 60

// show formats a value for an error: text in quotes, other values as JSON. It
// hides credentials.
func show(value any) string {
	text, isText := value.(string)
	if !isText {
		data, err := json.Marshal(value)
		if err != nil {
			return "the value" // not JSON
		}
		text = string(data)
	}
	if looksSecret(text) {
		return "the value (hidden: it looks like a secret)"
	}
	if runes := []rune(text); len(runes) > maxShown {
		text = string(runes[:maxShown]) + "…"
	}
	if isText {
		return strconv.Quote(text)
	}
	return text
}
