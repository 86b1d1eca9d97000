// Package schemas holds the JSON Schemas of the files that users write, for editors.
// The schema of settings is config/settings.schema.json.
package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"defog-cdk/cmd/defog/evaluate"
	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/internal/typeschema"
)

var update = flag.Bool("update", false, "rewrite the schemas")

// file is a kind of file with its schema and its reader.
type file struct {
	schema func(*testing.T) typeschema.Schema
	read   func(data []byte) error
	good   []string // the reader and the schema accept them
	bad    []string // both reject them
	only   []string // the reader alone rejects them, since a schema cannot
}

var files = map[string]file{
	"connection.schema.json": {
		schema: connectionSchema,
		read:   func(data []byte) error { _, err := connection.Parse(data); return err },
		good: []string{
			`{"db_type": "postgres", "db_creds": {}}`,
			`{"$schema": "x.json", "api_key": "k", "db_type": "postgres", "db_creds": {"host": "db.example.com", "port": 5432, "database": "shop", "user": "u", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "/run/postgresql", "port": "5432", "database": "shop", "user": "u", "password": "p", "sslmode": null}}`,
			`{"db_type": "postgres", "db_creds": {"host": "::1", "port": 5432, "database": "shop", "user": "u", "auth": "iam"}}`,
			`{"db_type": "mysql", "db_creds": {"host": "10.0.0.1", "database": "shop", "user": "u", "password": "p", "sslmode": "verify-full"}}`,
			`{"db_type": "sqlite", "db_creds": {"database": "shop.db"}}`,
			`{"db_type": "snowflake", "db_creds": {"account": "o-a", "warehouse": "w", "user": "u", "private_key": "k", "role": "r"}}`,
			`{"db_type": "snowflake", "db_creds": {"account": "o-a", "warehouse": "w", "user": "u", "private_key": "k", "password": null}}`,
			`{"db_type": "bigquery", "db_creds": {"json_key_path": "", "project_id": "p", "client_email": "e", "private_key": "k"}}`,
			`{"db_type": "bigquery", "db_creds": {"json_key_path": "~/key.json", "dataset": "d", "max_bytes_billed": 1000000}}`,
			`{"db_type": "bigquery", "db_creds": {"project_id": "p", "client_email": "e", "private_key": "k"}}`,
			`{"db_type": "databricks", "db_creds": {"server_hostname": "https://x.cloud.databricks.com", "access_token": "t", "http_path": "/sql/1"}}`,
			`{"db_type": "sqlserver", "db_creds": {"server": "tcp:db.example.com,1433", "user": "u", "password": "p"}}`,
			`{"db_type": "redshift", "db_creds": {"host": "h", "port": 5439, "database": "d", "user": "u", "password": "p", "schema": "s"}, "base_url": "https://api.example.com/x"}`,
		},
		bad: []string{
			`[]`, `{}`, `{"db_type": "postgres"}`, `{"db_creds": {}}`, `{"db_type": "oracle", "db_creds": {}}`, `{"db_type": "postgres", "db_creds": []}`,
			`{"db_type": "postgres", "db_creds": {}, "api_kee": "k"}`, `{"db_type": "postgres", "db_creds": {}, "api_key": 1}`, `{"db_type": "postgres", "db_creds": {}, "$schema": 1}`,
			`{"db_type": "postgres", "db_creds": {}, "base_url": "api.example.com"}`,
			`{"db_type": "postgres", "db_creds": {"host": "h"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "password": ""}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "auth": "password"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "auth": "iam", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 0, "database": "d", "user": "u", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": "x", "database": "d", "user": "u", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "postgres://h/d", "port": 5432, "database": "d", "user": "u", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h:5432", "port": 5432, "database": "d", "user": "u", "password": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "password": "p", "sslmode": "prefer"}}`,
			`{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "passwort": "p"}}`,
			`{"db_type": "postgres", "db_creds": {"host": {"name": "h"}, "port": 5432, "database": "d", "user": "u", "password": "p"}}`,
			`{"db_type": "sqlite", "db_creds": {"database": "shop.db", "user": "u"}}`,
			`{"db_type": "snowflake", "db_creds": {"account": "o-a", "warehouse": "w", "user": "u"}}`,
			`{"db_type": "snowflake", "db_creds": {"account": "https://o-a.snowflakecomputing.com", "warehouse": "w", "user": "u", "password": "p"}}`,
			`{"db_type": "bigquery", "db_creds": {"json_key_path": "k", "max_bytes_billed": 0}}`,
			`{"db_type": "bigquery", "db_creds": {"json_key_path": "k", "endpoint": "http://bigquery.example.com"}}`,
		},
		only: []string{
			`{"api_key": "<your API key>", "db_type": "postgres", "db_creds": {}}`,
			`{"db_type": "postgres", "db_creds": {}, "base_url": "https://user:password@example.com"}`,
		},
	},
	"golden.schema.json": {
		schema: goldenSchema,
		read: func(data []byte) error {
			return knowledge.Check("bedrock", knowledge.GoldenFile, content(data))
		},
		good: []string{
			`[]`, `[{"question": "How many?", "sql": "SELECT 1"}]`, `[{"question": "How many?", "sql": "SELECT 1;", "callers": {"tenant": "a"}}]`,
		},
		bad: []string{
			`{}`, `["How many?"]`, `[{"question": "How many?"}]`, `[{"sql": "SELECT 1"}]`, `[{"question": " ", "sql": "SELECT 1"}]`, `[{"question": "How many?", "sql": ";"}]`,
			`[{"question": "How many?", "sql": "SELECT 1", "query": "x"}]`, `[{"question": 1, "sql": "SELECT 1"}]`,
			`[{"question": "How many?", "sql": "SELECT 1", "callers": {}}]`, `[{"question": "How many?", "sql": "SELECT 1", "callers": {"tenant": ""}}]`,
			`[{"question": "How many?", "sql": "SELECT 1", "callers": {"": "a"}}]`,
		},
		only: []string{`[{"question": "How many?", "sql": "SELECT 1"}, {"question": "how  MANY?", "sql": "SELECT 1"}]`},
	},
	"schema.schema.json": {
		schema: databaseSchema,
		read:   func(data []byte) error { _, err := schema.Parse(data); return err },
		good: []string{
			`{"$schema": "x.json", "db_type": "postgres", "read_at": "2026-11-28T15:34:44Z", "tables": [{"name": "cups", "columns": [{"name": "id"}]}]}`,
			`{"tables": [{"schema": "public", "name": "cups", "view": true, "comment": "c", "columns": [{"name": "id", "type": "bigint", "not_null": true, "samples": ["1"]}],
			  "primary_key": ["id"], "foreign_keys": [{"columns": ["id"], "references_table": "t"}], "callers": {"tenant": "a"}}]}`,
		},
		bad: []string{
			`[]`, `{}`, `{"tables": []}`, `{"read_at": "today", "tables": [{"name": "cups", "columns": [{"name": "id"}]}]}`, `{"tables": [{"name": "", "columns": [{"name": "id"}]}]}`, `{"tables": [{"columns": [{"name": "id"}]}]}`, `{"tables": [{"name": "cups"}]}`,
			`{"tables": [{"name": "cups", "columns": []}]}`, `{"tables": [{"name": "cups", "columns": [{"type": "int"}]}]}`, `{"tables": [{"name": "cups", "columns": ["id"]}]}`,
			`{"tables": [{"name": "cups", "columns": [{"name": "id"}], "callers": {}}]}`, `{"table": [], "tables": [{"name": "cups", "columns": [{"name": "id"}]}]}`,
			`{"tables": [{"name": "cups", "columns": [{"name": "id", "not_null": "yes"}]}]}`,
		},
		only: []string{`{"tables": [{"name": "a", "name": "cups", "columns": [{"name": "id"}]}]}`},
	},
	"questions.schema.json": {
		schema: questionsSchema,
		read: func(data []byte) error {
			folder, err := os.MkdirTemp("", "questions-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(folder)
			path := filepath.Join(folder, "questions.json")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				return err
			}
			_, err = evaluate.Read(path, "postgres")
			return err
		},
		good: []string{
			`[{"question": "How many?", "sql": "SELECT 1"}]`, `[{"id": "1", "category": "easy", "question": "How many?", "sql": ["SELECT 1", "SELECT 2"], "evidence": "e"}]`,
			`[{"question_id": 7, "question": "How many?", "gold_sql": "SELECT 1", "other": true}]`,
			`[{"question": "How many?", "sql": "SELECT 1", "results": [{"columns": ["n"], "rows": [[1]]}]}]`,
			`[{"instance_id": "sf1", "question": "How many?", "sql": "SELECT 1", "external_knowledge": null, "difficulty": null, "id": null}]`,
		},
		bad: []string{
			`{}`, `[]`, `["How many?"]`, `[{"question": "How many?"}]`, `[{"sql": "SELECT 1"}]`, `[{"question": " ", "sql": "SELECT 1"}]`, `[{"question": "How many?", "sql": [1]}]`,
			`[{"question": "How many?", "sql": []}]`, `[{"question": "How many?", "sql": "SELECT 1", "results": [1]}]`,
		},
		only: []string{`[{"id": "1", "question": "How many?", "sql": "SELECT 1"}, {"id": "1", "question": "Who?", "sql": "SELECT 1"}]`},
	},
}

func content(data []byte) knowledge.Open {
	return func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

func TestSchemasAreCurrent(t *testing.T) {
	for name, file := range files {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		made := file.schema(t)
		made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		if err := encoder.Encode(made); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text.String()); diff != "" {
			t.Errorf("%s: run make golden if this change is intended\n-want +got:\n%s", name, diff)
		}
	}
}

// A schema and the reader of its files agree, as far as a schema can.
func TestSchemasAndReadersAgree(t *testing.T) {
	for name, file := range files {
		compiled, err := jsonschema.NewCompiler().Compile(name) // validates the schema itself too
		if err != nil {
			t.Fatal(err)
		}
		check := func(texts []string, reads, validates bool) {
			for _, text := range texts {
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				if err := file.read([]byte(text)); (err == nil) != reads {
					t.Errorf("%s: reader: %s: %v", name, text, err)
				}
				if err := compiled.Validate(value); (err == nil) != validates {
					t.Errorf("%s: schema: %s: %v", name, text, err)
				}
			}
		}
		check(file.good, true, true)
		check(file.bad, false, false)
		check(file.only, false, true)
	}
}

// The files of the checkout pass their schema.
func TestFilesOfTheCheckoutAreValid(t *testing.T) {
	for schema, paths := range map[string][]string{
		"connection.schema.json": {"../.ci/connection.json"},
		"golden.schema.json":     {"../local/demo/shop/golden.json"},
		"schema.schema.json":     {"../.ci/dependencies/schema.json"},
		"questions.schema.json":  {"../local/demo/shop/golden.json"},
	} {
		compiled, err := jsonschema.NewCompiler().Compile(schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(text)
			if err := errors.Join(err, text.Close()); err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(value); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

const (
	notBlank = `\S`
	// notEmpty is SQL with more than semicolons.
	notEmpty = "[^; \t\r\n]"
)

var callers = typeschema.Schema{
	"type": "object", "minProperties": 1, "propertyNames": typeschema.Schema{"minLength": 1},
	"additionalProperties": typeschema.Schema{"type": "string", "minLength": 1},
	"description":          "The claims of the callers that the entry is for. Without them, it is for all.",
}

func goldenSchema(t *testing.T) typeschema.Schema {
	pair := ofType[knowledge.Pair](t, map[string]string{"question": "A question.", "sql": "The SQL that answers it."})
	change(pair, "question", "pattern", notBlank)
	change(pair, "sql", "pattern", notEmpty)
	return typeschema.Schema{"title": "golden.json: questions with their SQL", "type": "array", "items": pair}
}

func databaseSchema(t *testing.T) typeschema.Schema {
	whole := ofType[schema.Schema](t, map[string]string{
		"$schema": "The JSON Schema, for editors.", "db_type": "The database, as in connection.json.", "read_at": "When the database was read, as in RFC 3339.", "view": "Whether it is a view.",
		"comment": "What it means, for the language model.", "type": "The type in SQL.", "not_null": "Whether it is never null.",
		"samples": "Values, as text.", "primary_key": "The columns of the primary key.", "unreadable": "What could not be read from the database.",
	})
	whole["title"] = "schema.json: the structure of a database"
	whole["required"] = []string{"tables"}
	change(whole, "read_at", "pattern", `^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$`)
	change(whole, "tables", "minItems", 1)
	table := properties(whole)["tables"].(typeschema.Schema)["items"].(typeschema.Schema)
	change(table, "name", "minLength", 1)
	change(table, "columns", "minItems", 1)
	change(properties(table)["columns"].(typeschema.Schema)["items"].(typeschema.Schema), "name", "minLength", 1)
	return whole
}

// questionsSchema also allows the names of fields in public sets, and fields without
// an effect.
func questionsSchema(t *testing.T) typeschema.Schema {
	results, err := (typeschema.Options{}).Of(reflect.TypeFor[[]evaluate.Stored]())
	if err != nil {
		t.Fatal(err)
	}
	results["description"] = "The results of the statements, which --save-results writes."
	statement := typeschema.Schema{"type": "string", "pattern": notEmpty}
	statements := typeschema.Schema{"oneOf": []any{statement, typeschema.Schema{"type": "array", "minItems": 1, "items": statement}}, "description": "The SQL that answers it, or several acceptable statements."}
	members := typeschema.Schema{"results": results}
	all := evaluate.FieldNames()
	for field, names := range all {
		for _, name := range names {
			members[name] = map[string]typeschema.Schema{
				"id":       {"type": []string{"string", "number", "null"}, "description": "Unique in the set."},
				"category": {"type": []string{"string", "null"}, "description": "A group of the report."},
				"question": {"type": "string", "pattern": notBlank, "description": "A question."},
				"sql":      statements,
				"evidence": {"type": []string{"string", "null"}, "description": "Definitions for this question."},
			}[field]
		}
	}
	oneOf := func(field string) typeschema.Schema {
		var any []typeschema.Schema
		for _, name := range all[field] {
			any = append(any, typeschema.Schema{"required": []string{name}})
		}
		return typeschema.Schema{"anyOf": any}
	}
	return typeschema.Schema{
		"title": "Questions of defog evaluate, with the SQL that answers them", "type": "array", "minItems": 1,
		"items": typeschema.Schema{"type": "object", "properties": members, "allOf": []any{oneOf("question"), oneOf("sql")}},
	}
}

// connectionSchema makes one form for each database.
func connectionSchema(*testing.T) typeschema.Schema {
	var forms []any
	for _, dbType := range connection.DBTypes() {
		keys, _ := connection.KeysOf(dbType)
		choices := []any{typeschema.Schema{"maxProperties": 0}, credentials(keys, keys.Required, nil)}
		if keys.Instead != nil {
			choices = append(choices, credentials(keys, keys.Instead, nil))
		}
		if keys.IAM {
			required := slices.DeleteFunc(slices.Clone(keys.Required), func(key string) bool { return key == "password" })
			choices = append(choices, credentials(keys, append(required, "auth"), typeschema.Schema{"const": connection.IAM}))
		}
		forms = append(forms, typeschema.Schema{
			"if":   typeschema.Schema{"properties": typeschema.Schema{"db_type": typeschema.Schema{"const": dbType}}},
			"then": typeschema.Schema{"properties": typeschema.Schema{"db_creds": typeschema.Schema{"anyOf": choices}}},
		})
	}
	url := typeschema.Schema{"type": []string{"string", "null"}, "pattern": "^(https?://[^/]+.*)?$"}
	return typeschema.Schema{
		"title": "connection.json: the database, its credentials and the SQL generator's key", "type": "object",
		"required": []string{"db_type", "db_creds"}, "additionalProperties": false, "allOf": forms,
		"properties": typeschema.Schema{
			"$schema":            typeschema.Schema{"type": []string{"string", "null"}, "description": "The JSON Schema, for editors."},
			"api_key":            typeschema.Schema{"type": []string{"string", "null"}, "description": "The key of the SQL generator."},
			"db_type":            typeschema.Schema{"enum": connection.DBTypes(), "description": "The database."},
			"db_creds":           typeschema.Schema{"type": "object", "description": "The database's credentials, or {} to generate SQL without running it."},
			"base_url":           url,
			"generate_query_url": url,
		},
	}
}

// credentials returns the schema of db_creds with the required keys. auth is the schema
// of that key, nil for none.
func credentials(keys connection.Keys, required []string, auth typeschema.Schema) typeschema.Schema {
	members := typeschema.Schema{}
	for _, key := range slices.Concat(keys.Optional, keys.Required, keys.Instead) { // of both forms
		members[key] = optional(valueOf(key))
	}
	for _, key := range required {
		members[key] = valueOf(key)
	}
	if auth != nil {
		members["auth"] = auth
		members["password"] = typeschema.Schema{"enum": []any{"", nil}}
		members["sslmode"] = optional(typeschema.Schema{"enum": []any{"require", "verify-ca", "verify-full"}})
	} else if keys.IAM {
		members["auth"] = typeschema.Schema{"enum": []any{"", nil}}
	}
	return typeschema.Schema{"required": required, "properties": members, "additionalProperties": false}
}

func optional(value typeschema.Schema) typeschema.Schema {
	return typeschema.Schema{"anyOf": []any{typeschema.Schema{"enum": []any{"", nil}}, value}}
}

// hostName is a host name, an IP address, or the path of a Unix socket.
const hostName = `^(/.*|[^\s@/:,\[\]]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$`

// valueOf returns the schema of a key's value.
func valueOf(key string) typeschema.Schema {
	switch key {
	case "port":
		return typeschema.Schema{"anyOf": []any{
			typeschema.Schema{"type": "integer", "minimum": 1, "maximum": 65535},
			typeschema.Schema{"type": "string", "pattern": "^[1-9][0-9]{0,4}$"},
		}}
	case "sslmode":
		return typeschema.Schema{"enum": []any{"disable", "require", "verify-ca", "verify-full"}}
	case "host":
		return typeschema.Schema{"type": "string", "pattern": hostName}
	case "account":
		return typeschema.Schema{"type": "string", "pattern": `^[^/]+$`}
	case "endpoint", "token_uri":
		return typeschema.Schema{"type": "string", "pattern": `^(https://.+|http://(127\.|\[::1\]).*)$`}
	case "max_bytes_billed":
		return typeschema.Schema{"anyOf": []any{
			typeschema.Schema{"type": "integer", "minimum": 1},
			typeschema.Schema{"type": "string", "pattern": "^[1-9][0-9]*$"},
		}}
	}
	return typeschema.Schema{"type": []string{"string", "number", "boolean"}, "minLength": 1}
}

func ofType[T any](t *testing.T, descriptions map[string]string) typeschema.Schema {
	t.Helper()
	made, err := typeschema.Options{
		Closed:   true,
		Describe: func(name string) string { return descriptions[name] },
		Types:    map[reflect.Type]typeschema.Schema{reflect.TypeFor[schema.Callers](): callers},
	}.Of(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func properties(s typeschema.Schema) typeschema.Schema { return s["properties"].(typeschema.Schema) }

// change sets a keyword of a member.
func change(s typeschema.Schema, member, keyword string, value any) {
	changed := maps.Clone(properties(s)[member].(typeschema.Schema))
	changed[keyword] = value
	properties(s)[member] = changed
}
