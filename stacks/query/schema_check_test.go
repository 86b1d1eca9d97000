package query_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestSchemaCheckInvokesFunctionDaily(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{"schema_check": "daily"})
	var rule struct {
		ScheduleExpression, State string
		Targets                   []struct {
			Arn   map[string]any
			Input string
		}
	}
	stacktest.Properties(t, stack, "AWS::Events::Rule", &rule)
	alias := stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::Lambda::Alias"))
	if rule.ScheduleExpression != "rate(1 day)" || rule.State != "ENABLED" || len(rule.Targets) != 1 || cmp.Diff(alias, rule.Targets[0].Arn) != "" {
		t.Errorf("got %+v", rule)
	}
	var event any
	if err := json.Unmarshal([]byte(rule.Targets[0].Input), &event); err != nil || cmp.Diff(map[string]any{"schema_check": map[string]any{"stack": "defog-dev"}}, event) != "" {
		t.Errorf("%v: got the event %s", err, rule.Targets[0].Input)
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), stacktest.Like(map[string]any{
		"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "FunctionName": alias,
		"SourceArn": map[string]any{"Fn::GetAtt": []any{stacktest.OnlyID(t, stack, "AWS::Events::Rule"), "Arn"}},
	}))

	var a alarm
	stacktest.Properties(t, stack, "AWS::CloudWatch::Alarm", &a)
	if a.Namespace != "Defog" || a.MetricName != "SchemaFindings" || len(a.Dimensions) != 1 || a.Dimensions[0].Name != "Stack" || a.Statistic != "Maximum" || a.Threshold != 1 {
		t.Errorf("got the alarm %+v", a)
	}
	// A check of each day keeps the alarm, and one without findings ends it.
	if hours := a.EvaluationPeriods; a.Period != 3600 || a.DatapointsToAlarm != 1 || hours <= 24 || hours >= 48 || a.TreatMissingData != "notBreaching" {
		t.Errorf("got the alarm %+v", a)
	}
}

func TestSchemaCheckMailsAlarm(t *testing.T) {
	stack := stacktest.Query(t, settings.With(settings.OnCall(), map[string]any{"schema_check": "daily"}))
	topic := stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::SNS::Topic"))
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), stacktest.Like(map[string]any{
		"MetricName": "SchemaFindings", "AlarmActions": []any{topic}, "OKActions": []any{topic},
	}))
}

func TestSchemaCheckAddsNoRights(t *testing.T) {
	with, without := stacktest.Query(t, map[string]any{"schema_check": "daily"}), stacktest.Query(t, nil)
	if diff := cmp.Diff(stacktest.Statements(t, without), stacktest.Statements(t, with)); diff != "" {
		t.Errorf("the function's role: -without +with:\n%s", diff)
	}
	if diff := cmp.Diff(stacktest.Variables(t, without), stacktest.Variables(t, with)); diff != "" {
		t.Errorf("the function's environment: -without +with:\n%s", diff)
	}
	for id := range *without.FindResources(jsii.String("AWS::Events::Rule"), nil) {
		t.Errorf("without schema_check: %s", strings.TrimSpace(id))
	}
}
