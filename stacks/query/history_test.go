package query_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// recording returns the settings of a stack in production with history.
func recording(more map[string]any) map[string]any {
	return settings.With(map[string]any{"stage": "prod", "history": true}, more)
}

func TestHistoryHasPrivateEncryptedBucket(t *testing.T) {
	stack := stacktest.Query(t, recording(map[string]any{"history_expiration_in_days": 30}))
	stack.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{
		"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
		"Properties": stacktest.Like(map[string]any{
			"BucketEncryption":               assertions.Match_AnyValue(),
			"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
			"OwnershipControls":              map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": "BucketOwnerEnforced"}}},
			"LifecycleConfiguration": map[string]any{"Rules": []any{map[string]any{
				"Id": "expire", "Status": "Enabled", "ExpirationInDays": 30, "AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 1},
			}}},
		}),
	})
	stack.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"), map[string]any{"PolicyDocument": stacktest.Like(map[string]any{
		"Statement": []any{stacktest.Like(map[string]any{"Effect": "Deny", "Action": "s3:*", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}})},
	})})
	if stacktest.Variables(t, stack)[environ.HistoryBucket] == nil {
		t.Errorf("the function has no %s", environ.HistoryBucket)
	}
	stack.HasOutput(jsii.String("HistoryBucket"), map[string]any{"Value": map[string]any{"Ref": assertions.Match_AnyValue()}})
}

func TestHistoryIsEmptiedWithAStackThatIsNotRetained(t *testing.T) {
	stack := stacktest.Query(t, settings.With(map[string]any{"history": true}))
	stack.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{"DeletionPolicy": "Delete"})
	stack.ResourceCountIs(jsii.String("Custom::S3AutoDeleteObjects"), jsii.Number(1))
}

func TestHistoryAddsRightsBelowItsPrefixesOnly(t *testing.T) {
	before := permissions(t, stacktest.Query(t, settings.With(map[string]any{"stage": "prod"})))
	var added []string
	for _, right := range permissions(t, stacktest.Query(t, recording(nil))) {
		if !slices.Contains(before, right) {
			added = append(added, right)
		}
	}
	slices.Sort(added)
	want := []string{
		"s3:GetObject ‹QueryHistoryBucket4D1A4ACE.Arn›/history/*",
		"s3:PutObject ‹QueryHistoryBucket4D1A4ACE.Arn›/feedback/*",
		"s3:PutObject ‹QueryHistoryBucket4D1A4ACE.Arn›/history/*",
	}
	if !slices.Equal(added, want) {
		t.Errorf("rights %v; want %v", added, want)
	}
}

func TestFeedbackHasAuthorizedRoute(t *testing.T) {
	stack := stacktest.Query(t, recording(nil))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"RouteKey": "POST /feedback", "AuthorizationType": "AWS_IAM"})
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(2))
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Integration"), jsii.Number(1))
}

func TestHistoryHasAlarmWithMail(t *testing.T) {
	stack := stacktest.Query(t, recording(map[string]any{"alarm_email": "ops@example.com"}))
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{"MetricName": "HistoryFailures", "Namespace": "Defog"})
}

func TestExistingRoleIsWarnedOfHistory(t *testing.T) {
	existing := map[string]any{"manage_iam_role": false, "iam_role_arn": settings.RoleARN}
	for name, changes := range map[string]map[string]any{"without": existing, "with": recording(existing)} {
		warnings := stacktest.Warnings(stacktest.MustStack(t, settings.Query(t, changes), stacktest.Setup{}))
		if got := slices.Contains(warnings, "defog:history"); got != (name == "with") {
			t.Errorf("%s: warnings %v", name, warnings)
		}
	}
}

func TestStackWithoutHistoryHasNothingOfIt(t *testing.T) {
	stack := stacktest.Query(t, settings.With(map[string]any{"stage": "prod", "alarm_email": "ops@example.com"}))
	stack.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(0))
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(1))
	stack.ResourcePropertiesCountIs(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{"MetricName": "HistoryFailures"}, jsii.Number(0))
	if stacktest.Variables(t, stack)[environ.HistoryBucket] != nil {
		t.Error("the function has the bucket's variable")
	}
}
