package query_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func daily() map[string]any {
	return settings.With(settings.OnCall(), map[string]any{"drift_check": "daily"})
}

func TestStackWithoutDriftCheckSchedulesNothing(t *testing.T) {
	stack := stacktest.Query(t, settings.OnCall())
	for _, kind := range []string{"AWS::Scheduler::Schedule", "AWS::Events::Rule", "AWS::SQS::Queue", "AWS::IAM::Policy"} {
		stack.ResourceCountIs(jsii.String(kind), jsii.Number(0))
	}
}

// TestDriftCheckAlarmsOnDriftAndFailure follows the check: the schedule, the rule on its
// result, the queue and its alarm.
func TestDriftCheckAlarmsOnDriftAndFailure(t *testing.T) {
	stack := stacktest.Query(t, daily())
	queue, topic, role := stacktest.OnlyID(t, stack, "AWS::SQS::Queue"), stacktest.OnlyID(t, stack, "AWS::SNS::Topic"), ""
	for id := range *stack.FindResources(jsii.String("AWS::IAM::Role"), nil) {
		if strings.HasPrefix(id, "DriftCheck") {
			role = id
		}
	}
	arn := func(id string) any { return map[string]any{"Fn::GetAtt": []any{id, "Arn"}} }
	stack.HasResourceProperties(jsii.String("AWS::Scheduler::Schedule"), map[string]any{
		"ScheduleExpression": "cron(0 3 * * ? *)",
		"Target": map[string]any{
			"Arn":              map[string]any{"Fn::Join": []any{"", []any{"arn:", stacktest.Ref("AWS::Partition"), ":scheduler:::aws-sdk:cloudformation:detectStackDrift"}}},
			"Input":            map[string]any{"Fn::Join": []any{"", []any{`{"StackName":"`, stacktest.Ref("AWS::StackId"), `"}`}}},
			"RoleArn":          arn(role),
			"DeadLetterConfig": map[string]any{"Arn": arn(queue)},
		},
	})
	stack.HasResourceProperties(jsii.String("AWS::Events::Rule"), map[string]any{
		"EventPattern": map[string]any{
			"source": []any{"aws.cloudformation"}, "detail-type": []any{"CloudFormation Drift Detection Status Change"},
			"detail": map[string]any{"$or": []any{
				map[string]any{"status-details": map[string]any{"stack-drift-status": []any{"DRIFTED"}}},
				map[string]any{"status-details": map[string]any{"detection-status": []any{"DETECTION_FAILED"}}},
			}},
		},
		"Targets": []any{map[string]any{"Arn": arn(queue)}},
	})
	rule := stacktest.OnlyID(t, stack, "AWS::Events::Rule")
	stack.HasResourceProperties(jsii.String("AWS::SQS::QueuePolicy"), map[string]any{
		"Queues": []any{stacktest.Ref(queue)},
		"PolicyDocument": map[string]any{"Statement": []any{
			map[string]any{"Effect": "Deny", "Action": "sqs:*", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}},
			map[string]any{
				"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Resource": arn(queue),
				"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": arn(rule)}},
			},
		}},
	})
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
		"Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent", "Statistic": "Sum", "Period": 86400,
		"Dimensions":        []any{map[string]any{"Name": "QueueName", "Value": map[string]any{"Fn::GetAtt": []any{queue, "QueueName"}}}},
		"EvaluationPeriods": 2, "DatapointsToAlarm": 1, "Threshold": 1, "TreatMissingData": "notBreaching",
		"AlarmActions": []any{stacktest.Ref(topic)}, "OKActions": []any{stacktest.Ref(topic)},
		"AlarmDescription": "The stack differs from its template, or the daily check failed. Run: npm run review -- --drift -c app_name=defog -c stage=dev",
	})
	stack.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{"AssumeRolePolicyDocument": map[string]any{"Statement": []any{map[string]any{
		"Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "scheduler.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{
			"aws:SourceAccount": stacktest.Ref("AWS::AccountId"),
			"aws:SourceArn": map[string]any{"Fn::Join": []any{"", []any{
				"arn:", stacktest.Ref("AWS::Partition"), ":scheduler:", stacktest.Ref("AWS::Region"), ":", stacktest.Ref("AWS::AccountId"), ":schedule-group/default",
			}}},
		}},
	}}}})
}

// anyResource are the actions for which AWS has no resource in a policy.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var anyResource = []string{
	"cloudformation:BatchDescribeTypeConfigurations", "ec2:DescribeSecurityGroups", "logs:DescribeIndexPolicies", "logs:DescribeLogGroups",
	"logs:DescribeQueryDefinitions", "logs:DescribeResourcePolicies", "route53:ListHostedZones", "sns:GetSubscriptionAttributes",
}

// TestDriftCheckRoleReadsTheStackAlone checks each right of the role: it reads, or is
// one of the check itself, and it names a resource of the stack.
func TestDriftCheckRoleReadsTheStackAlone(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"defaults":   daily(),
		"everything": settings.With(daily(), settings.JWT(), settings.Domain(nil), settings.InSubnets(), map[string]any{"async_questions": true, "kms_key_arn": settings.KeyARN}),
	} {
		stack := stacktest.Query(t, changes)
		count := 0
		for id, policy := range *stack.FindResources(jsii.String("AWS::IAM::Policy"), nil) {
			if !strings.HasPrefix(id, "DriftCheck") {
				continue
			}
			var properties struct {
				PolicyDocument struct {
					Statement []struct {
						Effect           string
						Action, Resource any
						Condition        any
					}
				}
			}
			stacktest.Decode(t, (*policy)["Properties"], &properties)
			for _, statement := range properties.PolicyDocument.Statement {
				for _, action := range each(statement.Action) {
					count++
					checkDriftRight(t, name, action.(string), each(statement.Resource))
				}
			}
		}
		if count < 30 {
			t.Errorf("%s: %d rights", name, count)
		}
	}
}

func each(value any) []any {
	if list, isList := value.([]any); isList {
		return list
	}
	return []any{value}
}

func checkDriftRight(t *testing.T, name, action string, resources []any) {
	t.Helper()
	_, verb, _ := strings.Cut(action, ":")
	reads := slices.ContainsFunc([]string{"Get", "List", "Describe", "View", "GET", "BatchDescribe", "Detect"}, func(prefix string) bool { return strings.HasPrefix(verb, prefix) })
	if !reads && action != "sqs:SendMessage" && action != "kms:Decrypt" {
		t.Errorf("%s: %s", name, action)
	}
	for _, resource := range resources {
		text, err := json.Marshal(resource)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case resource == "*":
			if !slices.Contains(anyResource, action) {
				t.Errorf("%s: %s on every resource", name, action)
			}
		case action == "kms:Decrypt":
			if resource != settings.KeyARN {
				t.Errorf("%s: %s on %s", name, action, text)
			}
		case strings.Contains(string(text), "/Z0123456789ABCDEFGHIJ"): // the hosted zone of the settings
		case !strings.Contains(string(text), `{"Ref":"`) && !strings.Contains(string(text), `{"Fn::GetAtt":["`):
			t.Errorf("%s: %s on %s, which is not of the stack", name, action, text)
		case strings.Count(string(text), `{"Ref":"AWS::`)+strings.Count(string(text), "billingview/primary") == strings.Count(string(text), `{"Ref":"`) &&
			!strings.Contains(string(text), "AWS::StackId") && !strings.Contains(string(text), "Fn::GetAtt"):
			t.Errorf("%s: %s on %s, which names no resource of the stack", name, action, text)
		}
	}
}
