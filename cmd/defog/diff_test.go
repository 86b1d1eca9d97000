package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseCDKFlags(t *testing.T) {
	tests := []struct {
		line string
		want cdkFlags
	}{
		{"", cdkFlags{}},
		{"-c app_name=shop --context stage=prod -ca=b -c=d=e --context=f=g", cdkFlags{context: []string{"app_name=shop", "stage=prod", "a=b", "d=e", "f=g"}}},
		{"stack --fail -a cdk.out --method template", cdkFlags{app: "cdk.out", rest: []string{"stack", "--fail", "--method", "template"}}},
		{"--app=x -o out --profile p --region=r --template t", cdkFlags{app: "x", output: "out", profile: "p", region: "r", template: "t",
			rest: []string{"-o", "out", "--profile", "p", "--region=r", "--template", "t"}}},
		{"-h", cdkFlags{help: true, rest: []string{"-h"}}},
		{"-vvv --ci -- -a x", cdkFlags{rest: []string{"-vvv", "--ci", "--", "-a", "x"}}},
	}
	for _, test := range tests {
		if test.want.rest == nil {
			test.want.rest = strings.Fields(test.line)
		}
		got, err := parseCDKFlags(strings.Fields(test.line))
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(cdkFlags{}), cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", test.line, err, diff)
		}
	}
	if _, err := parseCDKFlags([]string{"--fail", "-c"}); err == nil || err.Error() != "-c: has no value" {
		t.Errorf("got %v", err)
	}
}

func TestDiffRefuses(t *testing.T) {
	t.Chdir(t.TempDir()) // where nothing is
	tests := []struct {
		key  string
		args []string
		want string
	}{
		{"", []string{"-o", "out"}, "--output: "},
		{"short", nil, "DEFOG_FINGERPRINT_KEY: has 5 bytes; valid: at least 16"},
		{"", []string{"--template", "none.json"}, "--template: open none.json"},
		{"", nil, `cdk.json has no "app"`},
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
