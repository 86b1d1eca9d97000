package stacks

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
)

// onCall are the settings of a stack that somebody looks after.
func onCall() map[string]any { return map[string]any{"alarm_email": "ops@example.com"} }

func TestNobodyOnCallCostsNothing(t *testing.T) {
	stack := template(t, nil)
	for _, kind := range []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SNS::Topic", "AWS::KMS::Key"} {
		stack.ResourceCountIs(jsii.String(kind), jsii.Number(0))
	}
	if name, found := environmentOf(t, stack)[environ.Stack]; found {
		t.Errorf("the function writes metrics for %s, which cost", name)
	}
	if name := environmentOf(t, template(t, onCall()))[environ.Stack]; name != "defog-dev" {
		t.Errorf("the function writes metrics for %v, which nobody looks at", name)
	}
}

// alarm is what CloudFormation is told of an alarm, but for its texts.
type alarm struct {
	Namespace, MetricName        string
	Dimensions                   []struct{ Name string }
	Statistic, ExtendedStatistic string
	Metrics                      []struct {
		ID         string `json:"Id"`
		Expression string
		ReturnData bool
		MetricStat *struct {
			Metric struct{ Namespace, MetricName string }
			Period int
			Stat   string
		}
	}
	Period, EvaluationPeriods, DatapointsToAlarm int
	Threshold                                    float64
	ComparisonOperator, TreatMissingData         string
}

func TestAlarmsRingForWhatMatters(t *testing.T) {
	stack := template(t, with(onCall(), map[string]any{"lambda_timeout": 25, "generator_timeout": 9}))
	got := map[string]alarm{}
	for id, resource := range *stack.FindResources(jsii.String("AWS::CloudWatch::Alarm"), nil) {
		var a alarm
		decode(t, (*resource)["Properties"], &a)
		if a.ComparisonOperator != "GreaterThanOrEqualToThreshold" || a.TreatMissingData != "notBreaching" {
			t.Errorf("%s: %s, missing data %s", id, a.ComparisonOperator, a.TreatMissingData)
		}
		name := a.Namespace + " " + a.MetricName
		if a.Metrics != nil {
			name = a.Metrics[0].Expression
		}
		got[name] = a
	}
	twoOfThree := func(statistic, percentile string, threshold float64, a alarm) bool {
		return a.Statistic == statistic && a.ExtendedStatistic == percentile && a.Threshold == threshold &&
			a.Period == 300 && a.EvaluationPeriods == 3 && a.DatapointsToAlarm == 2
	}
	for name, right := range map[string]func(alarm) bool{
		"AWS/Lambda Errors": func(a alarm) bool {
			return a.Statistic == "Sum" && a.Threshold == 1 && a.Period == 60 && a.EvaluationPeriods == 1
		},
		"AWS/Lambda Throttles":    func(a alarm) bool { return twoOfThree("Sum", "", 1, a) },
		"AWS/Lambda Duration":     func(a alarm) bool { return twoOfThree("", "p95", 20_000, a) },
		"Defog Failures":          func(a alarm) bool { return twoOfThree("Average", "", 0.25, a) },
		"Defog GeneratorFailures": func(a alarm) bool { return twoOfThree("Sum", "", 1, a) },
		"Defog DatabaseFailures":  func(a alarm) bool { return twoOfThree("Sum", "", 1, a) },
		"100 * part / whole": func(a alarm) bool {
			part, whole := a.Metrics[1], a.Metrics[2]
			return a.Threshold == 5 && a.EvaluationPeriods == 3 && a.DatapointsToAlarm == 2 && a.Metrics[0].ReturnData &&
				part.ID == "part" && part.MetricStat.Metric.MetricName == "5xx" && part.MetricStat.Stat == "Sum" && part.MetricStat.Period == 300 &&
				whole.ID == "whole" && whole.MetricStat.Metric.MetricName == "Count" && whole.MetricStat.Stat == "Sum" && whole.MetricStat.Period == 300
		},
	} {
		a, found := got[name]
		if !found || !right(a) {
			t.Errorf("%s: %+v", name, a)
		}
		if dimensions := a.Dimensions; a.Namespace == "Defog" && (len(dimensions) != 1 || dimensions[0].Name != "Stack") {
			t.Errorf("%s: dimensions %v", name, dimensions)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("more alarms: %+v", got)
	}
}

func TestSynthWarnsWhenTheMetricsAreNotLogged(t *testing.T) {
	for level, want := range map[string]int{"DEBUG": 0, "INFO": 0, "WARN": 1, "ERROR": 1} {
		stack, err := newStack(t, newInputs(t, settings(t, with(onCall(), map[string]any{"log_level": level}))))
		if err != nil {
			t.Fatal(err)
		}
		about := assertions.Match_StringLikeRegexp(jsii.String("defog:metrics-not-logged"))
		if got := len(*assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), about)); got != want {
			t.Errorf("log_level %s: %d warnings", level, got)
		}
	}
}

// What local AWS lacks is left out, and nothing else; synth says what.
func TestLocalAWSGetsWhatItKnows(t *testing.T) {
	resources := func(local bool) (kinds map[string]int, notes []string) {
		inputs := newInputs(t, settings(t, onCall()))
		inputs.Local = local
		stack, err := newStack(t, inputs)
		if err != nil {
			t.Fatal(err)
		}
		kinds = map[string]int{}
		for _, resource := range (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any) {
			kinds[resource.(map[string]any)["Type"].(string)]++
		}
		for _, note := range *assertions.Annotations_FromStack(stack).FindInfo(jsii.String("*"), assertions.Match_AnyValue()) {
			notes = append(notes, note.Entry.Data.(string))
		}
		return kinds, notes
	}
	want, none := resources(false)
	got, notes := resources(true)
	delete(want, "AWS::Logs::QueryDefinition")
	want["AWS::CloudWatch::Alarm"]--
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(none) != 0 || len(notes) != 2 || !strings.Contains(notes[0]+notes[1], "AWS::Logs::QueryDefinition") {
		t.Errorf("notes %q locally, %q on AWS", notes, none)
	}
}

func TestAlarmsAreMailed(t *testing.T) {
	stack := template(t, onCall())
	topics := *stack.FindResources(jsii.String("AWS::SNS::Topic"), nil)
	if len(topics) != 1 {
		t.Fatalf("%d topics", len(topics))
	}
	for id := range topics {
		topic := []any{ref(id)}
		stack.AllResourcesProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{"AlarmActions": topic, "OKActions": topic})
		stack.HasResourceProperties(jsii.String("AWS::SNS::Subscription"), map[string]any{
			"Protocol": "email", "Endpoint": "ops@example.com", "TopicArn": ref(id),
		})
	}
}

func TestOnlyAlarmsReachTheTopicAndOnlyEncrypted(t *testing.T) {
	stack := template(t, onCall())
	cloudWatch := map[string]any{"Service": "cloudwatch.amazonaws.com"}
	alarmsHere := []any{"", []any{"arn:", ref("AWS::Partition"), ":cloudwatch:", ref("AWS::Region"), ":", ref("AWS::AccountId"), ":alarm:*"}}
	owner := []any{"", []any{"arn:", ref("AWS::Partition"), ":iam::", ref("AWS::AccountId"), ":root"}}

	stack.AllResourcesProperties(jsii.String("AWS::SNS::Topic"), map[string]any{"KmsMasterKeyId": map[string]any{"Fn::GetAtt": assertions.Match_AnyValue()}})
	stack.AllResourcesProperties(jsii.String("AWS::SNS::TopicPolicy"), map[string]any{"PolicyDocument": map[string]any{"Statement": []any{
		map[string]any{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}},
		map[string]any{"Effect": "Allow", "Principal": cloudWatch, "Action": "sns:Publish", "Condition": map[string]any{
			"ArnLike": map[string]any{"aws:SourceArn": map[string]any{"Fn::Join": alarmsHere}},
		}},
	}}})
	stack.AllResourcesProperties(jsii.String("AWS::KMS::Key"), map[string]any{"EnableKeyRotation": true, "KeyPolicy": map[string]any{"Statement": []any{
		map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": map[string]any{"Fn::Join": owner}}, "Action": "kms:*"},
		map[string]any{"Effect": "Allow", "Principal": cloudWatch, "Action": []any{"kms:Decrypt", "kms:GenerateDataKey*"}},
	}}})
}

func ref(name string) map[string]any { return map[string]any{"Ref": name} }

func TestQueriesAreSavedForTheLogsTheyRead(t *testing.T) {
	stack := template(t, nil)
	groups := *stack.FindResources(jsii.String("AWS::Logs::LogGroup"), nil)
	var names []string
	for id, resource := range *stack.FindResources(jsii.String("AWS::Logs::QueryDefinition"), nil) {
		var query struct {
			Name, QueryString string
			LogGroupNames     []struct{ Ref string }
		}
		decode(t, (*resource)["Properties"], &query)
		names = append(names, query.Name)
		if len(query.LogGroupNames) != 1 || groups[query.LogGroupNames[0].Ref] == nil {
			t.Errorf("%s reads the log groups %v", id, query.LogGroupNames)
			continue
		}
		if access := strings.Contains(query.LogGroupNames[0].Ref, "AccessLogs"); access != (query.Name == "defog-dev/Refused requests") {
			t.Errorf("%s reads %s", query.Name, query.LogGroupNames[0].Ref)
		}
	}
	slices.Sort(names)
	want := []string{
		"defog-dev/Cold starts and memory by hour", "defog-dev/Failed questions", "defog-dev/Outcomes by hour",
		"defog-dev/Refused requests", "defog-dev/Slowest questions", "defog-dev/Times by hour",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The dashboard is as in testdata, every time.
func TestGoldenDashboard(t *testing.T) {
	const path = "testdata/dashboard.json"
	for range 2 {
		var dashboard struct{ DashboardBody any }
		properties(t, template(t, onCall()), "AWS::CloudWatch::Dashboard", &dashboard)
		var got bytes.Buffer
		if err := json.Indent(&got, []byte(flat(t, dashboard.DashboardBody)), "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("run go test ./stacks -update when this is meant\n-want +got:\n%s", diff)
		}
	}
}

// decode turns a part of a template into a Go value.
func decode(t *testing.T, part, into any) {
	t.Helper()
	data, err := json.Marshal(part)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
