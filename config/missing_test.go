package config

import (
	"path/filepath"
	"testing"
)

// TestOnlyMissingFiles distinguishes missing files from invalid settings.
func TestOnlyMissingFiles(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent")
	for name, test := range map[string]struct {
		context map[string]any
		want    bool
	}{
		"connection file":     {map[string]any{"connection_file": absent}, true},
		"two files":           {map[string]any{"connection_file": absent, "function_source_dependencies_zip": absent}, true},
		"dist zip":            {map[string]any{"function_source_dist_zip": absent}, true},
		"an invalid setting":  {map[string]any{"connection_file": absent, "max_rows": "many"}, false},
		"an unknown setting":  {map[string]any{"connection_file": absent, "app_nam": "x"}, false},
		"a folder as a file":  {map[string]any{"connection_file": filepath.Dir(absent)}, false},
		"a missing golden":    {map[string]any{"connection_file": absent, "generator": "golden"}, false},
		"an invalid pipeline": {map[string]any{"pipeline": "true"}, false},
	} {
		_, err := Load(test.context)
		if got := OnlyMissingFiles(err); err == nil || got != test.want {
			t.Errorf("%s: got %t, want %t, of %v", name, got, test.want, err)
		}
	}
	if OnlyMissingFiles(nil) {
		t.Error("no error is a missing file")
	}
}
