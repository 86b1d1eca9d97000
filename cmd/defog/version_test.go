package main

import (
	"encoding/json"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"defog-cdk/internal/release"
)

func TestVersionNamesReleaseAndPlatform(t *testing.T) {
	code, stdout, stderr := defog(t, "version")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "defog "+release.Version+"\ncommit ") ||
		!strings.HasSuffix(stdout, runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH+"\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	var got map[string]any
	code, stdout, _ = defog(t, "version", "--json")
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || got["version"] != release.Version || got["go"] != runtime.Version() {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
}

func TestVersionNamesCommit(t *testing.T) {
	for name, test := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"go run":   {nil, "commit unknown\n"},
		"go build": {[]debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-29T00:00:00Z"}, {Key: "vcs.modified", Value: "false"}}, "commit abc of 2026-11-29T00:00:00Z\n"},
		"changed":  {[]debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "now"}, {Key: "vcs.modified", Value: "true"}}, "commit abc of now, with changes\n"},
	} {
		var out strings.Builder
		if err := newProvenance(&debug.BuildInfo{Settings: test.settings}).print(&out, false); err != nil || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %v: %s", name, err, out.String())
		}
	}
}

func TestWindowsRefersToWSL(t *testing.T) {
	for system, want := range map[string]string{
		"windows": "diff: is not supported on Windows itself; want defog in WSL 2, where the CDK app runs",
		"darwin":  "ran",
	} {
		root := newRoot()
		for _, command := range root.Commands() {
			command.RunE = func(*cobra.Command, []string) error { return errors.New("ran") }
		}
		requirePOSIX(root, system)
		root.SetArgs([]string{"diff"})
		if err := root.Execute(); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", system, err, want)
		}
		root.SetArgs([]string{"settings"})
		if err := root.Execute(); err == nil || err.Error() != "ran" {
			t.Errorf("%s: %v", system, err)
		}
	}
}
