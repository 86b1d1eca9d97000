package cdk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseFlags(t *testing.T) {
	tests := []struct {
		line string
		want Flags
	}{
		{"", Flags{}},
		{"-c app_name=shop --context stage=prod -ca=b -c=d=e --context=f=g", Flags{Context: []string{"app_name=shop", "stage=prod", "a=b", "d=e", "f=g"}}},
		{"stack --fail -a cdk.out --method template", Flags{App: "cdk.out", Rest: []string{"stack", "--fail", "--method", "template"}}},
		{"--app=x -o out --profile p --region=r --template t", Flags{App: "x", Output: "out", Profile: "p", Region: "r", Template: "t",
			Rest: []string{"-o", "out", "--profile", "p", "--region=r", "--template", "t"}}},
		{"-h", Flags{Help: true, Rest: []string{"-h"}}},
		{"-vvv --ci -- -a x", Flags{Rest: []string{"-vvv", "--ci", "--", "-a", "x"}}},
	}
	for _, test := range tests {
		if test.want.Rest == nil {
			test.want.Rest = strings.Fields(test.line)
		}
		got, err := ParseFlags(strings.Fields(test.line))
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", test.line, err, diff)
		}
	}
	if _, err := ParseFlags([]string{"--fail", "-c"}); err == nil || err.Error() != "-c: has no value; want -c value" {
		t.Errorf("got %v", err)
	}
}
