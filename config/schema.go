package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// Schema returns a JSON Schema for editors. It treats a document with a "context"
// as a cdk.json, any other as a settings file. It requires numbers and booleans
// where the loader accepts their text too.
func Schema() []byte {
	settings := properties(settingFields)
	stage := maps.Clone(settings)
	for _, key := range notOfStages {
		delete(stage, key)
	}

	file := objectOf(settings)
	file["properties"].(schema)["stages"] = schema{
		"description":          "Settings by stage. Those of the selected stage override others.",
		"type":                 "object",
		"additionalProperties": schema{"$ref": "#/$defs/stage"},
	}
	file["properties"].(schema)["$schema"] = schema{"type": "string"}
	context := objectOf(file["properties"].(schema))
	context["properties"].(schema)["defog"] = schema{"$ref": "#/$defs/file"}
	context["patternProperties"].(schema)["[:/@-]"] = schema{} // context keys of the CDK

	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Settings of defog-cdk",
		"type":    "object",
		"if":      schema{"required": []string{"context"}},
		"then":    schema{"properties": schema{"context": schema{"$ref": "#/$defs/context"}}},
		"else":    schema{"$ref": "#/$defs/file"},
		"$defs":   schema{"context": context, "file": file, "stage": objectOf(stage)},
	})
	if err != nil {
		panic(err) // a schema is made of maps and texts
	}
	return text.Bytes()
}

type schema = map[string]any

// properties describes settings by key and by alias.
func properties(fields []field) schema {
	described := schema{}
	for _, f := range fields {
		described[f.key] = f.schema(f.doc)
		for _, alias := range f.names[1:] {
			other := f
			if f.kind == reflect.TypeFor[[]string]() {
				other.kind = f.kind.Elem() // region is an element of regions
			}
			described[alias] = other.schema("Alias of " + f.key + ".")
		}
	}
	return described
}

// objectOf returns the schema of an object with these settings. Maps may also be
// given entry by entry.
func objectOf(settings schema) schema {
	return schema{
		"type":       "object",
		"properties": maps.Clone(settings),
		"patternProperties": schema{
			"^(" + strings.Join(textsKeys(), "|") + `)\..`:  scalarSchema,
			"^(" + strings.Join(objectKeys(), "|") + `)\..`: schema{},
		},
		"additionalProperties": false,
	}
}

var scalarSchema = schema{"type": []string{"string", "number", "boolean"}}

func textsKeys() []string {
	var keys []string
	for _, f := range settingFields {
		if f.isTexts() {
			keys = append(keys, f.names...)
		}
	}
	return keys
}

func objectKeys() []string {
	var keys []string
	for _, f := range settingFields {
		if f.isObject() {
			keys = append(keys, f.names...)
		}
	}
	return keys
}

func (f field) schema(doc string) schema {
	s := schema{"description": doc}
	if f.initial != "" {
		s["default"] = f.initialJSON()
	}
	kind := f.kind
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch kind.Kind() {
	case reflect.String:
		s["type"] = "string"
		f.textSchema(s)
		if f.valid.most < math.MaxInt {
			s["maxLength"] = f.valid.most
		}
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Int:
		s["type"] = "integer"
		if f.valid.words != nil {
			s["enum"] = numbers(f.valid.words)
			break
		}
		s["minimum"] = f.valid.least
		if f.valid.most < math.MaxInt {
			s["maximum"] = f.valid.most
		}
	case reflect.Float64:
		bound := "minimum"
		if f.valid.above {
			bound = "exclusiveMinimum"
		}
		s["type"], s[bound] = "number", f.valid.least
	case reflect.Slice:
		if f.isObjects() {
			s["type"] = "array"
			s["items"] = schema{"type": "object", "properties": properties(f.members), "additionalProperties": false}
			break
		}
		items := schema{"type": "string"}
		f.textSchema(items)
		s["type"], s["items"], s["uniqueItems"] = "array", items, true
		if f.valid.most < math.MaxInt {
			s["maxItems"] = f.valid.most
		}
	case reflect.Struct:
		s["type"], s["properties"], s["additionalProperties"] = "object", properties(f.members), false
	case reflect.Map:
		s["type"] = "object"
		if f.isTexts() {
			s["additionalProperties"] = scalarSchema
		}
	}
	return s
}

// textSchema adds the valid values to the schema of a text.
func (f field) textSchema(s schema) {
	if f.valid.words != nil {
		s["enum"] = slices.Clone(f.valid.words)
	}
	if f.form != "" {
		s["pattern"] = forms[f.form].pattern.String()
	}
}

func (f field) initialJSON() any {
	switch f.kind.Kind() {
	case reflect.Bool:
		return f.initial == "true"
	case reflect.Int:
		return numbers([]string{f.initial})[0]
	case reflect.Slice:
		return strings.Split(f.initial, ",")
	}
	return f.initial
}

func numbers(words []string) []int {
	list := make([]int, len(words))
	for i, word := range words {
		list[i] = number(word, 0)
	}
	return list
}
