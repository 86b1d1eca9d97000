package config

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite README's settings table and the JSON Schema")

func TestREADMEListsTheSettings(t *testing.T) {
	const path, begin, end = "../README.md", "<!-- settings: made by go test ./config -update -->\n", "<!-- end of settings -->"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the settings table", path)
	}
	golden(t, path, table, Table(), func(fresh string) string { return before + begin + fresh + end + after })
}

// golden compares what is generated with what stands in a file, or writes it
// there.
func golden(t *testing.T, path, old, fresh string, file func(fresh string) string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(file(fresh)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(fresh, old); diff != "" {
		t.Errorf("%s is stale; run go test ./config -update\n-want +got:\n%s", path, diff)
	}
}
