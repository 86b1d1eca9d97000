package test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// compact takes the white space out of JSON.
func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return out.String()
}

// asPostgres writes a value of an answer as PostgreSQL writes it, as far as
// these tests need it.
func asPostgres(t *testing.T, value json.RawMessage) string {
	t.Helper()
	var decoded any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatalf("%v in %s", err, value)
	}
	switch v := decoded.(type) {
	case nil:
		return "NULL"
	case bool:
		return map[bool]string{true: "t", false: "f"}[v]
	case json.Number:
		return v.String()
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = `"` + word.(string) + `"`
		}
		return "{" + strings.Join(words, ",") + "}"
	default:
		t.Fatalf("unexpected value %s", value)
		return ""
	}
}
