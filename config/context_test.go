package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestContextReadsVariableAndOverflowFile(t *testing.T) {
	overflow := filepath.Join(t.TempDir(), "context.json")
	if err := os.WriteFile(overflow, []byte(`{"b": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"CDK_CONTEXT_JSON": `{"a": 1000000}`, "CONTEXT_OVERFLOW_LOCATION_ENV": overflow}
	context, err := Context(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(context); got != "map[a:1000000 b:2]" {
		t.Errorf("got %s", got)
	}
	if _, err := Context(func(string) string { return "{" }); err == nil {
		t.Error("broken context accepted")
	}
}
