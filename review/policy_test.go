package review

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// stack is a template in a region and an account, with its intrinsic functions
// resolved: those that the templates here contain.
type stack struct {
	parameters map[string]string
	conditions *yaml.Node
	resources  map[string]any
}

const account, region = "111111111111", "eu-central-1"

// newStack resolves the template in a file.
func newStack(t *testing.T, path string, parameters map[string]string) *stack {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	root := document.Content[0]
	s := &stack{
		parameters: map[string]string{"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::Region": region},
		conditions: member(root, "Conditions"), resources: map[string]any{},
	}
	declared := member(root, "Parameters")
	for i := 0; i < len(declared.Content); i += 2 {
		if preset := member(declared.Content[i+1], "Default"); preset != nil {
			s.parameters[declared.Content[i].Value] = preset.Value
		}
	}
	for name, value := range parameters {
		s.parameters[name] = value
	}
	declared = member(root, "Resources")
	for i := 0; i < len(declared.Content); i += 2 {
		resource := declared.Content[i+1]
		if condition := member(resource, "Condition"); condition == nil || s.holds(condition.Value) {
			s.resources[declared.Content[i].Value] = s.resolve(resource)
		}
	}
	return s
}

func member(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func (s *stack) holds(condition string) bool {
	return s.resolve(member(s.conditions, condition)) == true
}

func (s *stack) resolve(node *yaml.Node) any {
	parts := node.Content
	switch node.Tag {
	case "!Ref":
		return s.reference(node.Value)
	case "!GetAtt":
		return "attribute:" + node.Value
	case "!Condition":
		return s.holds(node.Value)
	case "!Equals":
		return s.resolve(parts[0]) == s.resolve(parts[1])
	case "!Not":
		return s.resolve(parts[0]) != true
	case "!And":
		return !slices.ContainsFunc(parts, func(part *yaml.Node) bool { return s.resolve(part) != true })
	case "!If":
		if s.holds(parts[0].Value) {
			return s.resolve(parts[1])
		}
		return s.resolve(parts[2])
	case "!Sub":
		return s.substitute(node)
	}
	switch node.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(parts))
		for i, part := range parts {
			list[i] = s.resolve(part)
		}
		return list
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i < len(parts); i += 2 {
			object[parts[i].Value] = s.resolve(parts[i+1])
		}
		return object
	}
	return node.Value
}

func (s *stack) reference(name string) string {
	if value, ok := s.parameters[name]; ok {
		return value
	}
	return "resource:" + name
}

func (s *stack) substitute(node *yaml.Node) string {
	text, local := node.Value, map[string]any{}
	if node.Kind == yaml.SequenceNode {
		text, local = node.Content[0].Value, s.resolve(node.Content[1]).(map[string]any)
	}
	return os.Expand(text, func(name string) string {
		if value, ok := local[name]; ok {
			return fmt.Sprint(value)
		}
		return s.reference(name)
	})
}

// document returns a policy of a resource.
func (s *stack) document(t *testing.T, resource, property string) any {
	t.Helper()
	object, ok := s.resources[resource].(map[string]any)
	if !ok {
		t.Fatalf("the template makes no %s", resource)
	}
	return object["Properties"].(map[string]any)[property]
}

// request is a request that IAM authorizes.
type request struct {
	action, resource string
	context          map[string]string
}

// allows reports whether a policy has a statement for a request. Its rules are IAM's for
// statements that allow, with StringEquals alone. A star matches any text.
func allows(t *testing.T, document any, r request) bool {
	t.Helper()
	for _, statement := range document.(map[string]any)["Statement"].([]any) {
		statement := statement.(map[string]any)
		for key := range statement {
			if !slices.Contains([]string{"Effect", "Action", "Resource", "Principal", "Condition"}, key) {
				t.Fatalf("the test does not evaluate %s", key)
			}
		}
		if statement["Effect"] != "Allow" {
			t.Fatalf("the test does not evaluate the effect %v", statement["Effect"])
		}
		if matchesAny(statement["Action"], r.action) && (statement["Resource"] == nil || matchesAny(statement["Resource"], r.resource)) && met(t, statement["Condition"], r.context) {
			return true
		}
	}
	return false
}

func met(t *testing.T, condition any, context map[string]string) bool {
	t.Helper()
	if condition == nil {
		return true
	}
	for operator, keys := range condition.(map[string]any) {
		if operator != "StringEquals" {
			t.Fatalf("the test does not evaluate %s", operator)
		}
		for key, values := range keys.(map[string]any) {
			value, known := context[key]
			if !known || !slices.Contains(list(values), any(value)) {
				return false
			}
		}
	}
	return true
}

func list(value any) []any {
	if values, ok := value.([]any); ok {
		return values
	}
	return []any{value}
}

// matchesAny matches a name with patterns whose only star is the last character.
func matchesAny(patterns any, name string) bool {
	return slices.ContainsFunc(list(patterns), func(pattern any) bool {
		text := pattern.(string)
		if prefix, open := strings.CutSuffix(text, "*"); open {
			return strings.HasPrefix(name, prefix)
		}
		return text == name
	})
}

const issuer = "token.actions.githubusercontent.com:"

// token returns the context of a workflow's token.
func token(subject, ref string) map[string]string {
	return map[string]string{issuer + "aud": "sts.amazonaws.com", issuer + "sub": subject, issuer + "ref": ref}
}

// TestDeployRoleTrustsOneBranchAndEnvironment presents the tokens of workflows. The
// subject of a job that names an environment is the same for a pull request.
func TestDeployRoleTrustsOneBranchAndEnvironment(t *testing.T) {
	trust := newStack(t, "deploy-role.yml", map[string]string{"Repository": "owner/shop"}).document(t, "Role", "AssumeRolePolicyDocument")
	another := token("repo:owner/shop:environment:prod", "refs/heads/main")
	another[issuer+"aud"] = "https://github.com/owner"
	without := token("repo:owner/shop:environment:prod", "")
	delete(without, issuer+"ref")
	tests := []struct {
		name  string
		token map[string]string
		want  bool
	}{
		{"the branch, in the environment", token("repo:owner/shop:environment:prod", "refs/heads/main"), true},
		{"the branch, without the environment", token("repo:owner/shop:ref:refs/heads/main", "refs/heads/main"), false},
		{"another environment", token("repo:owner/shop:environment:test", "refs/heads/main"), false},
		{"a pull request", token("repo:owner/shop:pull_request", "refs/pull/7/merge"), false},
		{"a pull request that names the environment", token("repo:owner/shop:environment:prod", "refs/pull/7/merge"), false},
		{"another branch that names the environment", token("repo:owner/shop:environment:prod", "refs/heads/feature"), false},
		{"a tag with the branch's name", token("repo:owner/shop:environment:prod", "refs/tags/main"), false},
		{"a fork", token("repo:other/shop:environment:prod", "refs/heads/main"), false},
		{"a repository with a longer name", token("repo:owner/shop2:environment:prod", "refs/heads/main"), false},
		{"another audience", another, false},
		{"no branch", without, false},
	}
	for _, test := range tests {
		if got := allows(t, trust, request{action: "sts:AssumeRoleWithWebIdentity", context: test.token}); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
	if allows(t, trust, request{action: "sts:AssumeRole", context: tests[0].token}) {
		t.Error("the role trusts callers without a token")
	}
	provider := "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
	for given, want := range map[string]string{"": "resource:Provider", provider: provider} {
		trust := newStack(t, "deploy-role.yml", map[string]string{"Repository": "owner/shop", "ProviderArn": given}).document(t, "Role", "AssumeRolePolicyDocument")
		principal := trust.(map[string]any)["Statement"].([]any)[0].(map[string]any)["Principal"]
		if diff := cmp.Diff(any(map[string]any{"Federated": want}), principal); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestDeployRoleTrustsOneCodeBuildProject(t *testing.T) {
	s := newStack(t, "deploy-role.yml", map[string]string{"CodeBuildProject": "deploys"})
	trust := s.document(t, "CodeBuildRole", "AssumeRolePolicyDocument")
	project := func(account, name string) map[string]string {
		return map[string]string{"aws:SourceAccount": account, "aws:SourceArn": "arn:aws:codebuild:" + region + ":" + account + ":project/" + name}
	}
	for name, test := range map[string]struct {
		context map[string]string
		want    bool
	}{
		"the project":         {project(account, "deploys"), true},
		"another project":     {project(account, "deploys2"), false},
		"another account":     {project("222222222222", "deploys"), false},
		"no project at all":   {nil, false},
		"only of the account": {map[string]string{"aws:SourceAccount": account}, false},
	} {
		if got := allows(t, trust, request{action: "sts:AssumeRole", context: test.context}); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if s.resources["Role"] != nil || s.resources["Provider"] != nil {
		t.Error("without a repository the template makes a role for GitHub")
	}
	principal := trust.(map[string]any)["Statement"].([]any)[0].(map[string]any)["Principal"]
	if diff := cmp.Diff(any(map[string]any{"Service": "codebuild.amazonaws.com"}), principal); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDeployRolesAssumeTheBootstrapRolesAlone checks both roles: their policies are the
// shared one, and for CodeBuild the project's log.
func TestDeployRolesAssumeTheBootstrapRolesAlone(t *testing.T) {
	s := newStack(t, "deploy-role.yml", map[string]string{"Repository": "owner/shop", "CodeBuildProject": "deploys", "Qualifier": "shop"})
	policy := s.document(t, "Policy", "PolicyDocument")
	bootstrap := func(account, qualifier, role, region string) string {
		return "arn:aws:iam::" + account + ":role/cdk-" + qualifier + "-" + role + "-" + account + "-" + region
	}
	log := func(project string) string {
		return "arn:aws:logs:" + region + ":" + account + ":log-group:/aws/codebuild/" + project + ":log-stream:x"
	}
	tests := []struct {
		action, resource string
		want             bool
	}{
		{"sts:AssumeRole", bootstrap(account, "shop", "deploy-role", region), true},
		{"sts:AssumeRole", bootstrap(account, "shop", "file-publishing-role", region), true},
		{"sts:AssumeRole", bootstrap(account, "shop", "lookup-role", region), true},
		{"sts:AssumeRole", bootstrap(account, "shop", "image-publishing-role", region), false},
		{"sts:AssumeRole", bootstrap(account, "shop", "cfn-exec-role", region), false},
		{"sts:AssumeRole", bootstrap(account, "hnb659fds", "deploy-role", region), false},
		{"sts:AssumeRole", bootstrap(account, "shop2", "deploy-role", region), false},
		{"sts:AssumeRole", bootstrap(account, "shop", "deploy-role", "us-east-1"), false},
		{"sts:AssumeRole", bootstrap("222222222222", "shop", "deploy-role", region), false},
		{"sts:AssumeRole", bootstrap(account, "shop", "deploy-role", region) + "-2", false},
		{"sts:AssumeRole", "arn:aws:iam::" + account + ":role/Admin", false},
		{"sts:TagSession", bootstrap(account, "shop", "deploy-role", region), false},
		{"iam:PassRole", bootstrap(account, "shop", "cfn-exec-role", region), false},
		{"cloudformation:UpdateStack", "arn:aws:cloudformation:" + region + ":" + account + ":stack/shop-prod/1", false},
		{"s3:GetObject", "arn:aws:s3:::cdk-shop-assets-" + account + "-" + region + "/x", false},
		{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:" + region + ":" + account + ":secret:prod/shop", false},
		{"logs:PutLogEvents", log("deploys"), false},
	}
	for _, test := range tests {
		if got := allows(t, policy, request{action: test.action, resource: test.resource}); got != test.want {
			t.Errorf("%s on %s: %t", test.action, test.resource, got)
		}
	}

	inline := s.document(t, "CodeBuildRole", "Policies").([]any)
	logs := inline[0].(map[string]any)["PolicyDocument"]
	for _, test := range tests[:len(tests)-1] {
		if allows(t, logs, request{action: test.action, resource: test.resource}) {
			t.Errorf("the policy of the log allows %s on %s", test.action, test.resource)
		}
	}
	for resource, want := range map[string]bool{log("deploys"): true, log("deploys2"): false, log("other"): false} {
		if got := allows(t, logs, request{action: "logs:PutLogEvents", resource: resource}); got != want {
			t.Errorf("write the log %s: %t", resource, got)
		}
	}
	for role, want := range map[string]int{"Role": 0, "CodeBuildRole": 1} {
		properties := s.resources[role].(map[string]any)["Properties"].(map[string]any)
		policies, _ := properties["Policies"].([]any)
		if diff := cmp.Diff(any([]any{"resource:Policy"}), properties["ManagedPolicyArns"]); diff != "" || len(policies) != want {
			t.Errorf("%s: %d inline policies; managed ones: -want +got:\n%s", role, len(policies), diff)
		}
	}
	elsewhere := newStack(t, "deploy-role.yml", map[string]string{"Region": "us-east-1"}).document(t, "Policy", "PolicyDocument")
	for in, want := range map[string]bool{"us-east-1": true, region: false} {
		if got := allows(t, elsewhere, request{action: "sts:AssumeRole", resource: bootstrap(account, "hnb659fds", "deploy-role", in)}); got != want {
			t.Errorf("with the parameter Region, the role in %s: %t", in, got)
		}
	}
}

// TestReviewRoleReadsOneTemplate checks the role of reviews and comparisons.
func TestReviewRoleReadsOneTemplate(t *testing.T) {
	s := newStack(t, "role.yml", map[string]string{"Stack": "shop-prod", "Repository": "owner/shop"})
	template := func(stack string) string {
		return "arn:aws:cloudformation:eu-central-1:" + account + ":stack/" + stack + "/1"
	}
	policy := s.document(t, "Policy", "PolicyDocument")
	for _, test := range []struct {
		action, resource string
		want             bool
	}{
		{"cloudformation:GetTemplate", strings.Replace(template("shop-prod"), region, "*", 1), true}, // of any region
		{"cloudformation:GetTemplate", template("shop-prod2"), false},
		{"cloudformation:DescribeStacks", template("shop-prod"), false},
		{"cloudformation:UpdateStack", template("shop-prod"), false},
		{"sts:AssumeRole", "arn:aws:iam::" + account + ":role/Admin", false},
	} {
		if got := allows(t, policy, request{action: test.action, resource: test.resource}); got != test.want {
			t.Errorf("%s on %s: %t", test.action, test.resource, got)
		}
	}
	trust := s.document(t, "Role", "AssumeRolePolicyDocument")
	for subject, want := range map[string]bool{
		"repo:owner/shop:pull_request":           true,
		"repo:owner/shop:ref:refs/heads/main":    true,
		"repo:owner/shop:ref:refs/heads/feature": false,
		"repo:owner/shop:environment:prod":       false,
		"repo:other/shop:pull_request":           false,
	} {
		if got := allows(t, trust, request{action: "sts:AssumeRoleWithWebIdentity", context: token(subject, "")}); got != want {
			t.Errorf("%s: %t", subject, got)
		}
	}
	if len(policy.(map[string]any)["Statement"].([]any)) != 1 || s.resources["Role"].(map[string]any)["Properties"].(map[string]any)["Policies"] != nil {
		t.Errorf("%+v", s.resources)
	}
}
