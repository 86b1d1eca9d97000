package artifact

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
)

func TestPolicyHasSpellingOfIAM(t *testing.T) {
	const want = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"],
		"Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}`
	for _, text := range []string{
		want,
		`{"version": "2012-10-17", "statement": {"effect": "Allow", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/*",
			"condition": {"Bool": {"aws:SecureTransport": "true"}}}}`,
	} {
		got, err := parsePolicy([]byte(text), false)
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(want), &document); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(document, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
}

func TestInvalidPolicyIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		`{`:  "is not an IAM policy",
		`[]`: "is not an IAM policy",
		`{"Version": "2008-10-17", "Statement": []}`: `its Version is "2008-10-17"; want "2012-10-17"`,
		`{"Version": "2012-10-17"}`:                  "has no Statement",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}}`:                              `statement 1: its Effect is "Maybe"`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*"}}`:                                                "none of Action and NotAction",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*"}}`:                                               "none of Resource and NotResource",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}`:            "Principal",
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "*"], "Resource": ["arn:aws:s3:::a", "*"]}]}`: "every action on every resource",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}`:                          "every action on every resource",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*:*", "NotResource": "arn:aws:s3:::a"}}`:               "every action on every resource",
	} {
		if _, err := parsePolicy([]byte(text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestPolicyOfEverythingIsAnErrorInEachSpelling(t *testing.T) {
	statement := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": %q, "Resource": %q}}`
	for _, action := range []string{"*", "*:*", "**", "?*", "?*:*"} {
		for _, resource := range []string{"*", "**", "arn:*", "arn:aws:*", "arn:aws*", "a*", "arn:*:*", "arn:aws:*:*", "arn:aws:**:*", "arn:*:*:*:*:*", "arn:aws:*:eu-west-1:*:*"} {
			if _, err := parsePolicy(fmt.Appendf(nil, statement, action, resource), false); err == nil || !strings.Contains(err.Error(), "every action on every resource") {
				t.Errorf("%s on %s: got %v", action, resource, err)
			}
		}
	}
	for action, resource := range map[string]string{"*": "arn:aws:s3:::b/*", "s3:*": "*", "*:*": "arn:aws*:dynamodb:*:*:table/t", "s3:Get*": "arn:*"} {
		if _, err := parsePolicy(fmt.Appendf(nil, statement, action, resource), false); err != nil {
			t.Errorf("%s on %s: %v", action, resource, err)
		}
	}
}

func TestAllowAllRequiresOverride(t *testing.T) {
	if _, err := parsePolicy([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`), true); err != nil {
		t.Error(err)
	}
	if _, err := parsePolicy([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`), false); err != nil {
		t.Errorf("to deny everything: %v", err)
	}
}

func TestErrorNamesSettingOfEachPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte("no JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readPolicies(config.Config{Settings: config.Settings{IAMPolicyFile: file, RolePolicy: map[string]any{"Version": 1}}})
	if err == nil || !strings.Contains(err.Error(), "iam_policy_file: ") || !strings.Contains(err.Error(), "function_role_policy_document: ") {
		t.Errorf("got %v", err)
	}
}
