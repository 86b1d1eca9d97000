// Package typeschema makes JSON Schemas of Go types, as encoding/json reads and writes
// them. Only tests and programs that generate files use it.
package typeschema

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Schema is a JSON Schema, draft 2020-12.
type Schema = map[string]any

// Options complete what types do not contain.
type Options struct {
	// Types are the schemas of named types, which replace those of their kind.
	Types map[reflect.Type]Schema

	// Describe returns the description of a member of an object, or "". Nil describes
	// none.
	Describe func(name string) string

	// Closed excludes members that the type lacks.
	Closed bool
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[[]byte]()
)

// Of returns the schema of a type. A member without `omitempty` is required.
func (o Options) Of(t reflect.Type) (Schema, error) {
	if known, ok := o.Types[t]; ok {
		return known, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return o.Of(t.Elem())
	case reflect.String:
		return Schema{"type": "string"}, nil
	case reflect.Bool:
		return Schema{"type": "boolean"}, nil
	case reflect.Int, reflect.Int64:
		return Schema{"type": "integer"}, nil
	case reflect.Float64:
		return Schema{"type": "number"}, nil
	case reflect.Interface:
		return Schema{}, nil
	case reflect.Slice:
		if t.ConvertibleTo(rawType) {
			return Schema{}, nil // json.RawMessage: any JSON
		}
		items, err := o.Of(t.Elem())
		return Schema{"type": "array", "items": items}, err
	case reflect.Map:
		values, err := o.Of(t.Elem())
		return Schema{"type": "object", "additionalProperties": values}, err
	case reflect.Struct:
		if t == timeType {
			return Schema{"type": "string", "format": "date-time"}, nil
		}
		return o.object(t)
	}
	return nil, fmt.Errorf("%s: no JSON Schema for a %s", t, t.Kind())
}

func (o Options) object(t reflect.Type) (Schema, error) {
	properties, required := Schema{}, []string{}
	for _, field := range reflect.VisibleFields(t) {
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if !tagged || name == "-" {
			continue // an embedded type, whose fields are visible too
		}
		member, err := o.Of(field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, field.Name, err)
		}
		if o.Describe != nil {
			if text := o.Describe(name); text != "" {
				member = with(member, "description", text)
			}
		}
		properties[name] = member
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	schema := Schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	if o.Closed {
		schema["additionalProperties"] = false
	}
	return schema, nil
}

// with returns a copy of the schema with one more keyword.
func with(schema Schema, key string, value any) Schema {
	changed := Schema{key: value}
	for name, old := range schema {
		if name != key {
			changed[name] = old
		}
	}
	return changed
}
