package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDiffReportsInvalidArguments(t *testing.T) {
	t.Chdir(t.TempDir()) // an empty folder
	tests := []struct {
		key  string
		args []string
		want string
	}{
		{"", []string{"-o", "out"}, "--output: "},
		{"short", nil, "DEFOG_FINGERPRINT_KEY: has 5 bytes; want at least 16"},
		{"", []string{"--template", "none.json"}, "--template: open none.json"},
		{"", nil, `cdk.json: has no "app"`},
		{"", []string{"--app", "true"}, "run npm ci"},
	}
	for _, test := range tests {
		t.Setenv("DEFOG_FINGERPRINT_KEY", test.key)
		t.Setenv("HOME", t.TempDir())
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"diff"}, test.args...), &stdout, &stderr)
		if code != 1 || !strings.Contains(stderr.String(), test.want) || stdout.Len() > 0 {
			t.Errorf("%v: exit code %d, %s", test.args, code, stderr.String())
		}
	}
}

// TestDiffHelpNeedsNoCheckout asks for help in an empty folder.
func TestDiffHelpNeedsNoCheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, flag := range []string{"--help", "-h"} {
		code, stdout, stderr := defog(t, "diff", flag)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "DEFOG_FINGERPRINT_KEY") || !strings.Contains(stdout, "npx cdk diff --help") {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q", flag, code, stderr, stdout)
		}
	}
}
