package jsonfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"defog-cdk/internal/suggest"
)

// DecodeStrict is Decode for a value without secrets. It refuses unknown and
// repeated keys. The error joins every problem, each with its position and its key,
// such as tables[0].name. into points to structs, slices, strings and booleans.
func DecodeStrict(data []byte, into any) error {
	var whole json.RawMessage
	if err := Decode(data, &whole); err != nil {
		return err
	}
	data = bytes.TrimPrefix(data, utf8Mark)
	c := checker{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	if err := c.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return err
	}
	if len(c.problems) > 0 {
		return errors.Join(c.problems...)
	}
	return Decode(data, into)
}

// checker compares JSON text with a type.
type checker struct {
	data     []byte
	decoder  *json.Decoder
	problems []error
}

func (c *checker) failf(key, format string, values ...any) {
	if key != "" {
		key += ": "
	}
	// The offset is after the last token.
	at := max(0, int(c.decoder.InputOffset())-1)
	c.problems = append(c.problems, fmt.Errorf("%s: %s%s", position(c.data, at), key, fmt.Sprintf(format, values...)))
}

// value checks the next value, with the key.
func (c *checker) value(want reflect.Type, key string) error {
	token, err := c.decoder.Token()
	if err != nil {
		return err
	}
	kind, found := kindOf(want.Kind().String()), "null"
	switch token := token.(type) {
	case json.Delim:
		found = map[json.Delim]string{'{': "object", '[': "array"}[token]
	case string:
		found = "string"
	case bool:
		found, kind = "boolean", strings.Replace(kind, "bool", "boolean", 1)
	case float64:
		found = "number"
	}
	if found != kind && found != "null" { // null is the zero value
		c.failf(key, "a JSON %s; want a JSON %s", found, strings.Replace(kind, "bool", "boolean", 1))
		return c.skip(token)
	}
	switch found {
	case "object":
		return c.object(want, key)
	case "array":
		for i := 0; c.decoder.More(); i++ {
			if err := c.value(want.Elem(), fmt.Sprintf("%s[%d]", key, i)); err != nil {
				return err
			}
		}
		_, err = c.decoder.Token()
	}
	return err
}

// object checks the keys and values after an opening brace.
func (c *checker) object(want reflect.Type, parent string) error {
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		name := fmt.Sprint(token)
		key := strings.TrimPrefix(parent+"."+name, ".")
		field, known := fieldOf(want, name)
		switch {
		case !known:
			names := fieldNames(want)
			c.failf(key, "unknown key%s; want one of: %s", suggest.Hint(name, names), strings.Join(names, ", "))
		case seen[field.Name]:
			c.failf(key, "duplicate key; want it once")
		}
		seen[field.Name] = true
		if known {
			err = c.value(field.Type, key)
		} else if token, err = c.decoder.Token(); err == nil {
			err = c.skip(token)
		}
		if err != nil {
			return err
		}
	}
	_, err := c.decoder.Token()
	return err
}

// skip reads the rest of the value that starts with a token.
func (c *checker) skip(token json.Token) error {
	for depth := 0; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = c.decoder.Token(); err != nil {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
	}
}

// fieldOf returns the field of a key. Like encoding/json, it ignores case. A map has any
// key.
func fieldOf(structure reflect.Type, key string) (reflect.StructField, bool) {
	if structure.Kind() == reflect.Map {
		return reflect.StructField{Name: key, Type: structure.Elem()}, true
	}
	return structure.FieldByNameFunc(func(name string) bool {
		field, _ := structure.FieldByName(name)
		return field.IsExported() && strings.EqualFold(jsonName(field), key)
	})
}

func fieldNames(structure reflect.Type) (names []string) {
	for _, field := range reflect.VisibleFields(structure) {
		names = append(names, jsonName(field))
	}
	slices.Sort(names)
	return names
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}
