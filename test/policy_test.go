package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// policy is an IAM policy document.
type policy struct {
	Version   string
	Statement []map[string]any
}

// policy returns the only policy of the function's role, and its name.
func (f *deployedFunction) policy(t *testing.T) (name string, p policy) {
	t.Helper()
	client := iam.NewFromConfig(f.config(root()))
	inline, err := client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &f.role})
	if err != nil {
		t.Fatal(err)
	}
	attached, err := client.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &f.role})
	if err != nil {
		t.Fatal(err)
	}
	if len(inline.PolicyNames) != 1 || len(attached.AttachedPolicies) != 0 {
		t.Fatalf("the role has the policies %v and %v", inline.PolicyNames, attached.AttachedPolicies)
	}
	name = inline.PolicyNames[0]
	got, err := client.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &f.role, PolicyName: &name})
	if err != nil {
		t.Fatal(err)
	}
	document, err := url.QueryUnescape(aws.ToString(got.PolicyDocument))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(document), &p); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return name, p
}

func (f *deployedFunction) setPolicy(t *testing.T, name string, p policy) {
	t.Helper()
	document, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(f.config(root())).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &f.role, PolicyName: &name, PolicyDocument: aws.String(string(document)),
	}); err != nil {
		t.Fatal(err)
	}
}

// actions lists what the policy allows, sorted.
func (p policy) actions() []string {
	var all []string
	for _, statement := range p.Statement {
		all = append(all, actionsOf(statement)...)
	}
	slices.Sort(all)
	return all
}

// trimLogGroups removes the ":*" from the ARNs of log groups. AWS requires it, and
// the IAM of local AWS requires the ARN without it.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
func (p policy) trimLogGroups() {
	for _, statement := range p.Statement {
		if group, ok := statement["Resource"].(string); ok && strings.Contains(group, ":log-group:") {
			statement["Resource"] = strings.TrimSuffix(group, ":*")
		}
	}
}

// without returns the policy without an action.
func (p policy) without(action string) policy {
	rest := policy{Version: p.Version}
	for _, statement := range p.Statement {
		statement = maps.Clone(statement)
		actions := slices.DeleteFunc(actionsOf(statement), func(a string) bool { return a == action })
		if statement["Action"] = actions; len(actions) > 0 {
			rest.Statement = append(rest.Statement, statement)
		}
	}
	return rest
}

// actionsOf lists a statement's actions. A single one need not be in a list.
func actionsOf(statement map[string]any) []string {
	if action, ok := statement["Action"].(string); ok {
		return []string{action}
	}
	var actions []string
	for _, action := range statement["Action"].([]any) {
		actions = append(actions, action.(string))
	}
	return actions
}

// allow returns a policy with one statement.
func allow(action, resource string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": %q, "Resource": %q}]}`, action, resource)
}
