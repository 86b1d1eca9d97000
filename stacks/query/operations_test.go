package query_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestStackWithoutAlarmEmailHasNoPaidOperations(t *testing.T) {
	stack := stacktest.Query(t, nil)
	for _, kind := range []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SNS::Topic", "AWS::KMS::Key"} {
		stack.ResourceCountIs(jsii.String(kind), jsii.Number(0))
	}
	if name, found := stacktest.Variables(t, stack)[environ.Stack]; found {
		t.Errorf("the function writes metrics for %s, which AWS charges for", name)
	}
	if name := stacktest.Variables(t, stacktest.Query(t, settings.OnCall()))[environ.Stack]; name != "defog-dev" {
		t.Errorf("the function writes metrics for %v, want defog-dev", name)
	}
}

// alarm decodes the properties of an alarm, without its texts.
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

func TestAlarmsFireAtThresholds(t *testing.T) {
	stack := stacktest.Query(t, settings.With(settings.OnCall(), map[string]any{"lambda_timeout": 25, "generator_timeout": 9}))
	got := map[string]alarm{}
	for id, resource := range *stack.FindResources(jsii.String("AWS::CloudWatch::Alarm"), nil) {
		var a alarm
		stacktest.Decode(t, (*resource)["Properties"], &a)
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

func TestSynthWarnsAboutMetricsThatAreNotLogged(t *testing.T) {
	for level, want := range map[string]int{"DEBUG": 0, "INFO": 0, "WARN": 1, "ERROR": 1} {
		stack, err := stacktest.Stack(t, settings.Query(t, settings.With(settings.OnCall(), map[string]any{"log_level": level})), stacktest.Setup{})
		if err != nil {
			t.Fatal(err)
		}
		about := assertions.Match_StringLikeRegexp(jsii.String("defog:metrics-not-logged"))
		if got := len(*assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), about)); got != want {
			t.Errorf("log_level %s: %d warnings", level, got)
		}
	}
}

func TestAlarmsAreMailed(t *testing.T) {
	stack := stacktest.Query(t, settings.OnCall())
	topics := *stack.FindResources(jsii.String("AWS::SNS::Topic"), nil)
	if len(topics) != 1 {
		t.Fatalf("%d topics", len(topics))
	}
	for id := range topics {
		topic := []any{stacktest.Ref(id)}
		stack.AllResourcesProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{"AlarmActions": topic, "OKActions": topic})
		stack.HasResourceProperties(jsii.String("AWS::SNS::Subscription"), map[string]any{
			"Protocol": "email", "Endpoint": "ops@example.com", "TopicArn": stacktest.Ref(id),
		})
	}
}

func TestTopicAcceptsOnlyEncryptedAlarms(t *testing.T) {
	stack := stacktest.Query(t, settings.OnCall())
	cloudWatch := map[string]any{"Service": "cloudwatch.amazonaws.com"}
	alarmsHere := []any{"", []any{"arn:", stacktest.Ref("AWS::Partition"), ":cloudwatch:", stacktest.Ref("AWS::Region"), ":", stacktest.Ref("AWS::AccountId"), ":alarm:*"}}
	owner := []any{"", []any{"arn:", stacktest.Ref("AWS::Partition"), ":iam::", stacktest.Ref("AWS::AccountId"), ":root"}}

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

func TestSavedQueriesNameTheirLogGroup(t *testing.T) {
	stack := stacktest.Query(t, nil)
	groups := *stack.FindResources(jsii.String("AWS::Logs::LogGroup"), nil)
	var names []string
	for id, resource := range *stack.FindResources(jsii.String("AWS::Logs::QueryDefinition"), nil) {
		var query struct {
			Name, QueryString string
			LogGroupNames     []struct{ Ref string }
		}
		stacktest.Decode(t, (*resource)["Properties"], &query)
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

func TestGoldenDashboard(t *testing.T) {
	for range 2 {
		var dashboard struct{ DashboardBody any }
		stacktest.Properties(t, stacktest.Query(t, settings.OnCall()), "AWS::CloudWatch::Dashboard", &dashboard)
		var got bytes.Buffer
		if err := json.Indent(&got, []byte(stacktest.Flat(t, dashboard.DashboardBody)), "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		stacktest.CompareGolden(t, "testdata/dashboard.json", got.String())
	}
}

// pricedModel returns the settings of a model with known prices.
func pricedModel() map[string]any {
	return map[string]any{"generator": "bedrock", "generator_price": map[string]any{"input": 3, "output": 15, "cache_read": 0.3}}
}

func TestCostIsWatchedWithPricesOnly(t *testing.T) {
	cost := map[string]any{"MetricName": "Cost", "Namespace": "Defog"}
	for name, test := range map[string]struct {
		settings map[string]any
		variable any
		shown    bool // on the dashboard
		alarms   int
	}{
		"no prices":       {settings.OnCall(), nil, false, 0},
		"no model":        {settings.With(settings.OnCall(), pricedModel(), map[string]any{"generator": "defog"}), nil, false, 0},
		"prices":          {settings.With(settings.OnCall(), pricedModel()), `{"input":3,"output":15,"cache_read":0.3,"cache_write":3}`, true, 0},
		"prices and mail": {settings.With(settings.OnCall(), pricedModel(), map[string]any{"daily_cost_alarm": 2.5}), `{"input":3,"output":15,"cache_read":0.3,"cache_write":3}`, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			stack := stacktest.Query(t, test.settings)
			if got := stacktest.Variables(t, stack)[environ.GeneratorPrice]; got != test.variable {
				t.Errorf("the function has the prices %v, want %v", got, test.variable)
			}
			stack.ResourcePropertiesCountIs(jsii.String("AWS::CloudWatch::Alarm"), cost, jsii.Number(test.alarms))
			if test.alarms > 0 {
				stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
					"MetricName": "Cost", "Statistic": "Sum", "Period": 86400, "EvaluationPeriods": 1, "Threshold": 2.5,
					"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
				})
			}
			text, err := json.Marshal(stack.ToJSON())
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"Model, USD", "CacheWriteTokens", "sum(cost_usd)"} {
				if bytes.Contains(text, []byte(part)) != test.shown {
					t.Errorf("the template has %s: %v, want %v", part, !test.shown, test.shown)
				}
			}
		})
	}
}

func TestSpendingLimitsNeedNoMoreRights(t *testing.T) {
	limits := settings.With(pricedModel(), map[string]any{"async_questions": true, "removal_policy": "retain", "max_cost_per_day": 20.5, "max_tokens_per_question": 30000, "max_plan_cost": 1e6})
	limited := stacktest.Query(t, limits)
	variables := stacktest.Variables(t, limited)
	if variables[environ.MaxCostPerDay] != "20.5" || variables[environ.MaxTokensPerQuestion] != "30000" || variables[environ.MaxPlanCost] != "1000000" {
		t.Errorf("the function has %v", variables)
	}
	free := stacktest.Query(t, settings.With(pricedModel(), map[string]any{"async_questions": true, "removal_policy": "retain"}))
	resources := func(stack assertions.Template) any {
		return []any{stack.FindResources(jsii.String("AWS::IAM::Role"), nil), stack.FindResources(jsii.String("AWS::DynamoDB::Table"), nil)}
	}
	if diff := cmp.Diff(resources(free), resources(limited)); diff != "" {
		t.Errorf("roles and tables (-without limits +with):\n%s", diff)
	}
	variables = stacktest.Variables(t, free)
	if variables[environ.MaxCostPerDay] != nil || variables[environ.MaxTokensPerQuestion] != nil || variables[environ.MaxPlanCost] != nil {
		t.Errorf("without limits, the function has %v", variables)
	}
}
