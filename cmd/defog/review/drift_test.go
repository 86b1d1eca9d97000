package review

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/redact"
)

// decode decodes JSON as drift detection does.
func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var document map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	return document
}

// TestDriftReportsDifferences drifts one resource in each way. Each expected row is
// "kind|path|what|from|to".
func TestDriftReportsDifferences(t *testing.T) {
	const function, role = "AWS::Lambda::Function", "AWS::IAM::Role"
	const policies = `{"Policies": [{"PolicyName": "P", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": %s, "Resource": "arn:aws:s3:::b/*"}]}}]}`
	policy := func(actions string) string { return strings.Replace(policies, "%s", actions, 1) }
	tests := []struct {
		name             string
		id, kind         string
		expected, actual string
		paths            []string
		want             []string
	}{
		{"a value", "Query1", function, `{"Timeout": 30, "MemorySize": 256}`, `{"Timeout": 60, "MemorySize": 256}`, []string{"/Timeout"}, []string{"2|Timeout|changed|30|60"}},
		{"only CloudFormation's differences", "Query1", function, `{"Timeout": 30, "Layers": ["a", "b"]}`, `{"Timeout": 60, "Layers": ["b", "a"]}`, []string{"/Timeout"},
			[]string{"2|Timeout|changed|30|60"}},
		{"a right", "QueryRole1", role, policy(`["s3:GetObject"]`), policy(`["s3:GetObject", "s3:PutObject"]`), []string{"/Policies/0/PolicyDocument/Statement/0/Action/1"},
			[]string{"0|Policies|grants: s3:PutObject||on arn:aws:s3:::b/*"}},
		{"an open route", "Route", "AWS::ApiGatewayV2::Route", `{"AuthorizationType": "AWS_IAM"}`, `{"AuthorizationType": "NONE"}`, []string{"/AuthorizationType"},
			[]string{"0|AuthorizationType|the route becomes public|AWS_IAM|NONE"}},
		{"a removed value", "Logs", "AWS::Logs::LogGroup", `{"RetentionInDays": 90, "LogGroupName": "x"}`, `{"LogGroupName": "x"}`, []string{"/RetentionInDays"},
			[]string{"2|RetentionInDays|removed|90|"}},
		{"the app's variable", "Query1", function, `{"Environment": {"Variables": {"DEFOG_MAX_ROWS": "10"}}}`, `{"Environment": {"Variables": {"DEFOG_MAX_ROWS": "20"}}}`,
			[]string{"/Environment/Variables/DEFOG_MAX_ROWS"}, []string{"2|Environment.Variables.DEFOG_MAX_ROWS|changed|10|20"}},
		{"another variable", "Query1", function, `{"Environment": {"Variables": {"NOTE": "one"}}}`, `{"Environment": {"Variables": {"NOTE": "two", "MORE": "three"}}}`,
			[]string{"/Environment/Variables/NOTE", "/Environment/Variables/MORE"},
			[]string{"2|Environment.Variables.MORE|added||(secret)", "2|Environment.Variables.NOTE|changed|(secret)|(secret)"}},
		{"all variables", "Query1", function, `{"Timeout": 1, "Environment": {"Variables": {"NOTE": "one"}}}`, `{"Timeout": 1}`, []string{"/Environment"},
			[]string{`2|Environment|removed|{"Variables":{"NOTE":"(secret)"}}|`}},
		{"a build's variables", "Build", "AWS::CodeBuild::Project", `{"Environment": {"EnvironmentVariables": [{"Name": "A", "Value": "one"}]}}`,
			`{"Environment": {"EnvironmentVariables": [{"Name": "A", "Value": "one"}, {"Name": "B", "Value": "three"}]}}`, []string{"/Environment/EnvironmentVariables/1"},
			[]string{`2|Environment.EnvironmentVariables|changed|{"Name":"A","Value":"(secret)"}|{"Name":"A","Value":"(secret)"}, {"Name":"B","Value":"(secret)"}`}},
		{"a credential by its format", "Query1", function, `{"Description": "x"}`, `{"Description": "postgres://ada:hunter2@db/shop"}`, []string{"/Description"},
			[]string{"2|Description|changed|x|(secret, changed)"}},
		{"a key with a slash", "Query1", function, `{"Tags": {"a/b": "1", "c": "2"}}`, `{"Tags": {"a/b": "3", "c": "2"}}`, []string{"/Tags/a~1b"}, []string{"2|Tags.a/b|changed|1|3"}},
		{"differences that the properties lack", "Query1", function, `{"Timeout": 30}`, `{}`, []string{"/Other/0"}, []string{"2|Other.0|changed|expected|actual"}},
		{"variables that the properties lack", "Query1", function, `{}`, `{}`, []string{"/Environment/Variables/NOTE"}, []string{"2|Environment.Variables.NOTE|changed||"}},
		{"no differences", "Query1", function, `{}`, `{}`, nil, []string{"2||changed||"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resource := DriftedResource{ID: test.id, Type: test.kind, Expected: decode(t, test.expected), Actual: decode(t, test.actual)}
			for _, path := range test.paths {
				resource.Differences = append(resource.Differences, Difference{path, "expected", "actual"})
			}
			report := Drift([]DriftedStack{{Name: "shop-dev", Resources: []DriftedResource{resource}}}, redact.NewSecrets(""))[0]
			var got []string
			for _, change := range report.Changes {
				got = append(got, strings.Join([]string{string('0' + rune(change.Kind)), change.Path, change.What, change.From, change.To}, "|"))
				if change.Resource != test.id || change.Type != test.kind {
					t.Errorf("the change is one of %s %s", change.Type, change.Resource)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if text := report.Markdown(); strings.Contains(text, "hunter2") || strings.Contains(text, "three") {
				t.Errorf("a secret is in:\n%s", text)
			}
		})
	}
}

// TestDriftReportsDeletedResources deletes resources, whose properties only the
// template has.
func TestDriftReportsDeletedResources(t *testing.T) {
	stack := DriftedStack{
		Name: "shop-dev",
		Template: decode(t, `{"Resources": {
			"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
			"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
			"Version": {"Type": "AWS::Lambda::Version", "Properties": {}},
			"TLS": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": {"Statement": [{"Effect": "Deny", "Action": "sqs:*", "Principal": {"AWS": "*"}, "Resource": {"Ref": "Queue"}}]}}}
		}}`),
	}
	for _, id := range []string{"Logs", "Alarm", "Version", "TLS", "Gone"} {
		kind, _ := part(stack.Template, "Resources", id, "Type").(string)
		if kind == "" {
			kind = "AWS::SNS::Topic" // the template has no such resource
		}
		stack.Resources = append(stack.Resources, DriftedResource{ID: id, Type: kind, Deleted: true})
	}
	report := Drift([]DriftedStack{stack}, redact.NewSecrets(""))[0]
	got := map[string]string{}
	for _, change := range report.Changes {
		got[change.Resource] = strings.TrimPrefix(got[change.Resource]+", "+change.What, ", ")
	}
	want := map[string]string{
		"Logs": "removed, which loses its logs", "Alarm": "no longer monitors or protects", "Version": "removed",
		"TLS": "no longer denies: sqs:*, removed", "Gone": "removed",
	}
	if diff := cmp.Diff(want, got); diff != "" || report.Count(Security) != 2 || report.Count(Loss) != 1 {
		t.Errorf("-want +got:\n%s\n%+v", diff, report.Changes)
	}
}

func TestDriftMarkdownNamesItsLimits(t *testing.T) {
	secret := "postgres://ada:hunter2@db/shop"
	stack := DriftedStack{
		Name:       "shop-dev",
		Template:   decode(t, `{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {"URL": "`+secret+`"}}}}}}`),
		Unchecked:  map[string]int{"AWS::Lambda::Alias": 1, "AWS::ApiGatewayV2::Route": 2},
		Unknown:    []Unknown{{"Topic", "AWS::SNS::Topic", "not authorized | <b>\n to read " + secret}},
		Incomplete: "failed for [Topic]",
	}
	got := Drift([]DriftedStack{stack}, redact.NewSecrets(""))[0].Markdown()
	want := "### Stack `shop-dev`: no drift\n" +
		"\n**Could not be checked**\n\n- CloudFormation: `failed for [Topic]`\n- `AWS::SNS::Topic Topic`: `not authorized \\| <b>\\n to read (secret, changed)`\n" +
		"\nNot checked by CloudFormation: `AWS::ApiGatewayV2::Route` (2), `AWS::Lambda::Alias` (1)\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
