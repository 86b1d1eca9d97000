package main

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/assembly"
)

// answerDrift makes a fake AWS answer CloudFormation's drift detection with the
// status of one function and of the detection.
func answerDrift(fake *fakeAWS, status, more, detection string) {
	answers := map[string]string{
		"GetCallerIdentity":                 "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/me</Arn>",
		"ListStackResources":                "<StackResourceSummaries><member><LogicalResourceId>Query</LogicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType></member></StackResourceSummaries>",
		"DetectStackDrift":                  "<StackDriftDetectionId>1</StackDriftDetectionId>",
		"DescribeStackDriftDetectionStatus": "<DetectionStatus>" + detection + "</DetectionStatus>",
		"DescribeStackResourceDrifts": "<StackResourceDrifts><member><LogicalResourceId>Query</LogicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType>" +
			"<StackResourceDriftStatus>" + status + "</StackResourceDriftStatus>" + more + "</member></StackResourceDrifts>",
		"GetTemplate": "<TemplateBody>{}</TemplateBody>",
	}
	fake.next = func(*http.Request) (int, string) {
		_, action, _ := strings.Cut(fake.body, "Action=")
		action, _, _ = strings.Cut(action, "&")
		if answers[action] == "" || strings.Contains(fake.body, "StackName=absent") {
			return http.StatusBadRequest, "<ErrorResponse><Error><Code>ValidationError</Code><Message>" + action + ": Stack with id absent does not exist</Message></Error></ErrorResponse>"
		}
		return http.StatusOK, fmt.Sprintf("<%sResponse><%[1]sResult>%s</%[1]sResult></%[1]sResponse>", action, answers[action])
	}
}

func TestDriftExitCodes(t *testing.T) {
	modified := func(property, expected, actual string) string {
		document := func(value string) string { return html.EscapeString(fmt.Sprintf(`{%q: %s}`, property, value)) }
		return "<ExpectedProperties>" + document(expected) + "</ExpectedProperties><ActualProperties>" + document(actual) + "</ActualProperties>" +
			"<PropertyDifferences><member><PropertyPath>/" + property + "</PropertyPath></member></PropertyDifferences>"
	}
	tests := []struct {
		name                    string
		status, more, detection string
		args                    []string
		code                    int
		stdout, stderr          string
	}{
		{"no drift", "IN_SYNC", "", "DETECTION_COMPLETE", []string{"drift"}, 0, "### Stack `defog-lambda-dev`: no drift\n", "defog-lambda-dev: drift detection of 1 resources started\n"},
		{"drift", "MODIFIED", modified("Timeout", "30", "60"), "DETECTION_COMPLETE", []string{"review", "--drift", "-c", "statement_timeout=14", "-c", "lambda_timeout=28"}, 2,
			"| changed | `AWS::Lambda::Function Query Timeout` | `30` | `60` | `lambda_timeout=28` (-c) |", ""},
		{"drift of security", "MODIFIED", modified("VpcConfig", `{"SubnetIds": ["a"]}`, "{}"), "DETECTION_COMPLETE", []string{"drift"}, 3, "**Security**", ""},
		{"a deleted resource", "DELETED", "", "DETECTION_COMPLETE", []string{"drift"}, 2, "| removed | `AWS::Lambda::Function Query` |", ""},
		{"an incomplete detection", "UNKNOWN", "<DriftStatusReason>no right</DriftStatusReason>", "DETECTION_FAILED", []string{"drift"}, 1, "- `AWS::Lambda::Function Query`: `no right`",
			"defog: defog-lambda-dev: the drift detection is incomplete; the report names the resources and the reasons. It needs the right to read each resource\n"},
		{"another stack", "IN_SYNC", "", "DETECTION_COMPLETE", []string{"drift", "--stack", "other"}, 1, "", "defog: --stack: other is unknown; want one of: defog-lambda-dev\n"},
		{"not deployed", "IN_SYNC", "", "DETECTION_COMPLETE", []string{"drift", "-c", "app_name=absent"}, 1, "",
			"defog: detect the drift of absent-dev: stack absent-dev is not deployed in region eu-central-1; select another by -c app_name=… -c stage=…, --stack or --region\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fake := newAWS(t)
			answerDrift(fake, test.status, test.more, test.detection)
			code, stdout, stderr := defog(t, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.HasSuffix(stderr, test.stderr) || test.stdout == "" && stdout != "" {
				t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
		})
	}
}

func TestDriftWritesAFile(t *testing.T) {
	fake := newAWS(t)
	answerDrift(fake, "IN_SYNC", "", "DETECTION_COMPLETE")
	code, stdout, _ := defog(t, "drift", "--output", "drift.md")
	text, err := os.ReadFile("drift.md")
	if code != 0 || stdout != "" || err != nil || string(text) != "### Stack `defog-lambda-dev`: no drift\n" {
		t.Errorf("exit code %d, %q, %q, %v", code, stdout, text, err)
	}
}

// TestDriftOfAPipelineCoversItsStages lists the pipeline's stack, and the stage's in
// each of its regions.
func TestDriftOfAPipelineCoversItsStages(t *testing.T) {
	newAWS(t)
	writeFile(t, "cdk.json", `{"app": "x", "context": {"@aws-cdk/core:bootstrapQualifier": "ours", "app_name": "shop", "pipeline": true,
		"pipeline_region": "eu-west-1", "db_type": "postgres", "credentials_secret": "shop", "pipeline_source": {"repository": "shop"},
		"pipeline_stages": [{"stage": "test"}, {"stage": "prod", "account": "210987654321", "regions": ["us-east-1", "us-west-2"]}],
		"stages": {"prod": {"max_rows": 7}}}}`)
	r := reviewCommand{deployment: &deployment{}}
	stacks, settings, err := r.deployedStacks()
	if err != nil {
		t.Fatal(err)
	}
	roles := []string{"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-ours-lookup-role-${AWS::AccountId}-${AWS::Region}"}
	want := []assembly.Stack{
		{Name: "shop-pipeline", Region: "eu-west-1", Roles: roles},
		{Name: "shop-test", Region: "eu-west-1", Roles: roles},
		{Name: "shop-prod", Account: "210987654321", Region: "us-east-1", Roles: roles},
		{Name: "shop-prod", Account: "210987654321", Region: "us-west-2", Roles: roles},
	}
	if diff := cmp.Diff(want, stacks); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	found := map[string]string{}
	for name, values := range settings {
		for _, value := range values {
			if value.Key == "max_rows" {
				found[name] = value.String()
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"shop-pipeline": "10000", "shop-test": "10000", "shop-prod": "7"}, found); diff != "" {
		t.Errorf("max_rows: -want +got:\n%s", diff)
	}
	if !severalRegions(stacks, "shop-prod") || severalRegions(stacks, "shop-test") {
		t.Error("shop-prod is in two regions, and shop-test in one")
	}
}
