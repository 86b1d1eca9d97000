package config

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/settings.md and the JSON Schema")

func TestSettingsPageIsCurrent(t *testing.T) {
	golden(t, "../docs/settings.md", Docs())
}

// golden compares a generated file with its content, or writes it.
func golden(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale: run make golden\n-want +got:\n%s", path, diff)
	}
}

func TestSettingsPageGroupsCustomFunctionSettings(t *testing.T) {
	for _, group := range groupsOf(settingFields) {
		custom := strings.HasPrefix(group[0].group, "Custom function")
		for _, f := range group {
			if custom != (f.only == "custom") {
				t.Errorf("%s is in the group %s", f.key, f.group)
			}
		}
	}
}

func TestSettingDocsAreShortSentences(t *testing.T) {
	sentence := regexp.MustCompile(`[^.!?]+[.!?]`)
	var check func(fields []field)
	check = func(fields []field) {
		for _, f := range fields {
			if !strings.HasSuffix(f.doc, ".") {
				t.Errorf("%s: the doc is not a sentence: %q", f.key, f.doc)
			}
			for _, found := range sentence.FindAllString(f.doc, -1) {
				if n := len(strings.Fields(found)); n > 25 {
					t.Errorf("%s: a sentence of %d words: %s", f.key, n, found)
				}
			}
			check(f.members)
		}
	}
	check(settingFields)
}
