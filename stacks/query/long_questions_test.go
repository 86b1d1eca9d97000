package query_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// async returns the settings of a stack in production, whose bucket no other
// function empties.
func async(more map[string]any) map[string]any {
	return settings.With(map[string]any{"stage": "prod", "async_questions": true, "statement_timeout": 600}, more)
}

// permissions returns actions and resources that the role allows, except those on
// the dependencies.
func permissions(t *testing.T, template assertions.Template) (all []string) {
	t.Helper()
	for _, statement := range stacktest.Statements(t, template) {
		if data, err := json.Marshal(statement["Resource"]); err != nil || strings.Contains(string(data), "Fn::Sub") {
			continue
		}
		for _, action := range stacktest.List(statement["Action"]) {
			all = append(all, action+" "+stacktest.Flat(t, statement["Resource"]))
		}
	}
	return all
}

func TestLongQuestionsHaveTableQueueAndBucket(t *testing.T) {
	stack := stacktest.Query(t, async(map[string]any{"async_concurrency": 7, "async_point_in_time_recovery": true}))
	stack.HasResourceProperties(jsii.String("AWS::DynamoDB::Table"), map[string]any{
		"BillingMode":                      "PAY_PER_REQUEST",
		"TimeToLiveSpecification":          map[string]any{"AttributeName": environ.AnswersExpiry, "Enabled": true},
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
	})
	stack.HasResourceProperties(jsii.String("AWS::SQS::Queue"), map[string]any{
		"VisibilityTimeout": 900, "SqsManagedSseEnabled": true,
		"RedrivePolicy": map[string]any{"maxReceiveCount": 5, "deadLetterTargetArn": assertions.Match_AnyValue()},
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::EventSourceMapping"), map[string]any{
		"BatchSize": 1, "ScalingConfig": map[string]any{"MaximumConcurrency": 7},
		"FunctionName": map[string]any{"Fn::Join": []any{"", []any{assertions.Match_AnyValue(), ":live"}}},
	})
	stack.HasResourceProperties(jsii.String("AWS::S3::Bucket"), map[string]any{
		"BucketEncryption": assertions.Match_AnyValue(),
		"LifecycleConfiguration": map[string]any{"Rules": []any{map[string]any{
			"Id": "expire", "Status": "Enabled", "ExpirationInDays": 1, "AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 1},
		}}},
	})
	variables := stacktest.Variables(t, stack)
	for _, name := range []string{environ.AnswersTable, environ.AnswersQueue, environ.AnswersBucket} {
		if variables[name] == nil {
			t.Errorf("the function has no %s", name)
		}
	}
	if variables[environ.StatementTimeout] != "600" {
		t.Errorf("statement timeout %v", variables[environ.StatementTimeout])
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Timeout": 900, "Runtime": "provided.al2023"})
}

func TestLongQuestionsHaveAuthorizedRoutes(t *testing.T) {
	stack := stacktest.Query(t, async(map[string]any{"cors_allow_origins": "https://app.example.com"}))
	for _, key := range []string{"POST /", "GET /answers/{id}", "DELETE /answers/{id}"} {
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"RouteKey": key, "AuthorizationType": "AWS_IAM"})
	}
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(3))
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Integration"), jsii.Number(1))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"CorsConfiguration": stacktest.Like(map[string]any{"AllowMethods": []any{"POST", "GET", "DELETE"}}),
	})
}

func TestLongQuestionsNeedFewPermissions(t *testing.T) {
	var more []string
	before := permissions(t, stacktest.Query(t, map[string]any{"stage": "prod"}))
	for _, permission := range permissions(t, stacktest.Query(t, async(nil))) {
		if !slices.Contains(before, permission) {
			more = append(more, permission)
		}
	}
	want := []string{
		"dynamodb:GetItem ‹QueryLongQuestionsTable", "dynamodb:PutItem ‹QueryLongQuestionsTable", "dynamodb:UpdateItem ‹QueryLongQuestionsTable",
		"s3:GetObject ‹QueryLongQuestionsBucket", "s3:PutObject ‹QueryLongQuestionsBucket",
		"sqs:DeleteMessage ‹QueryLongQuestionsQueue", "sqs:GetQueueAttributes ‹QueryLongQuestionsQueue",
		"sqs:ReceiveMessage ‹QueryLongQuestionsQueue", "sqs:SendMessage ‹QueryLongQuestionsQueue",
	}
	slices.Sort(more)
	if !slices.EqualFunc(more, want, strings.HasPrefix) {
		t.Errorf("got %q, want prefixes %q", more, want)
	}
	for _, permission := range more {
		if strings.HasPrefix(permission, "s3:") && !strings.HasSuffix(permission, "/answers/*") {
			t.Errorf("%s is not below answers/", permission)
		}
	}
}

func TestLongQuestionsAlarm(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		alarms  float64
	}{
		"without email": {nil, 1},
		"with email":    {settings.OnCall(), 9},
	} {
		t.Run(name, func(t *testing.T) {
			stacktest.Query(t, async(test.changes)).ResourceCountIs(jsii.String("AWS::CloudWatch::Alarm"), jsii.Number(test.alarms))
		})
	}
}

func TestExistingRoleIsWarnedOfLongQuestions(t *testing.T) {
	existing := map[string]any{"manage_iam_role": false, "iam_role_arn": settings.RoleARN}
	for name, changes := range map[string]map[string]any{"without": existing, "with": async(existing)} {
		warnings := stacktest.Warnings(stacktest.MustStack(t, settings.Query(t, changes), stacktest.Setup{}))
		if got := slices.Contains(warnings, "defog:long-questions"); got != (name == "with") {
			t.Errorf("%s: warnings %v", name, warnings)
		}
	}
}

func TestBucketOfAnswersIsKeptInProduction(t *testing.T) {
	for stage, policy := range map[string]string{"prod": "Retain", "dev": "Delete"} {
		stack := stacktest.Query(t, async(map[string]any{"stage": stage}))
		stack.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{"DeletionPolicy": policy})
	}
}
