package custom_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// roleStatements lists the permissions of the function's role, each as "action
// resource".
func roleStatements(t *testing.T, stack assertions.Template) []string {
	t.Helper()
	return statementsOf(t, stack, "OwnRole")
}

// statementsOf lists the permissions of the role whose logical id has the prefix.
func statementsOf(t *testing.T, stack assertions.Template, role string) (allowed []string) {
	t.Helper()
	for name, resource := range *stack.FindResources(jsii.String("AWS::IAM::Role"), nil) {
		if !strings.HasPrefix(name, role) {
			continue
		}
		for _, statement := range stacktest.StatementsOf(t, (*resource)["Properties"]) {
			resources, isList := statement["Resource"].([]any)
			if !isList {
				resources = []any{statement["Resource"]}
			}
			for _, action := range stacktest.List(statement["Action"]) {
				for _, resource := range resources {
					allowed = append(allowed, action+" "+stacktest.Flat(t, resource))
				}
			}
		}
	}
	return allowed
}

func TestRoleAllowsOnlyWhatTriggersRequire(t *testing.T) {
	log := []string{"logs:CreateLogStream ‹OwnLogsA34A6ACC.Arn›", "logs:PutLogEvents ‹OwnLogsA34A6ACC.Arn›"}
	queue := "sqs:SendMessage ‹OwnDeadLettersC66D3C25.Arn›"
	for name, test := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"nothing": {map[string]any{"function_source_dependencies_zip": nil}, append(log, queue)},
		"API":     {map[string]any{"function_source_dependencies_zip": nil, "function_triggers": "APIGateway"}, append(log, queue)},
		"a version in a bucket": {
			settings.InBucket(map[string]any{"function_source_dependencies_version": "3"}),
			append(log, "s3:GetObjectVersion arn:‹AWS::Partition›:s3:::geo-code/v1/deps.zip", queue),
		},
		"an existing bucket": {
			map[string]any{"function_source_dependencies_zip": nil, "function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_output": "done"},
			append(log, queue, "s3:GetObject arn:‹AWS::Partition›:s3:::geo-data/input/*",
				"s3:GetObject arn:‹AWS::Partition›:s3:::geo-data/done/*", "s3:PutObject arn:‹AWS::Partition›:s3:::geo-data/done/*"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, roleStatements(t, stacktest.Custom(t, test.changes))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOnlyBucketOfAccountTriggers(t *testing.T) {
	for bucket, source := range map[string]any{"": assertions.Match_AnyValue(), "geo-data": map[string]any{"Fn::Join": []any{"", []any{"arn:", map[string]any{"Ref": "AWS::Partition"}, ":s3:::geo-data"}}}} {
		changes := map[string]any{"function_triggers": "S3"}
		if bucket != "" {
			changes["function_s3_bucket"] = bucket
		}
		stack := stacktest.Custom(t, changes)
		stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{
			"Principal": "s3.amazonaws.com", "SourceAccount": map[string]any{"Ref": "AWS::AccountId"}, "SourceArn": source,
		})
		// Managed is false where the bucket may have other notifications.
		stack.HasResourceProperties(jsii.String("Custom::S3BucketNotifications"), map[string]any{"Managed": bucket == ""})
		stack.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(map[bool]int{true: 1, false: 0}[bucket == ""]))
	}
}

func TestBucketIsPrivateAndRetainedInProduction(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"function_triggers": "S3", "stage": "prod", "function_s3_expiration_in_days": 30, "function_s3_tags.team": "geo"})
	stack.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{
		"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
		"Properties": stacktest.Like(map[string]any{
			"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
			"BucketEncryption":               assertions.Match_AnyValue(),
			"Tags":                           assertions.Match_ArrayWith(&[]any{map[string]any{"Key": "team", "Value": "geo"}}),
			"LifecycleConfiguration": map[string]any{"Rules": assertions.Match_ArrayWith(&[]any{
				stacktest.Like(map[string]any{"ExpirationInDays": 30, "Status": "Enabled"}),
			})},
		}),
	})
	tlsOnly := map[string]any{"PolicyDocument": stacktest.Like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
		stacktest.Like(map[string]any{"Effect": "Deny", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}),
	})})}
	stack.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"), tlsOnly)
	stack.HasResourceProperties(jsii.String("AWS::SQS::QueuePolicy"), tlsOnly)
	stack.HasResourceProperties(jsii.String("AWS::SQS::Queue"), map[string]any{"SqsManagedSseEnabled": true})
	stack.ResourceCountIs(jsii.String("Custom::S3AutoDeleteObjects"), jsii.Number(0))
}

func TestFailedEventsAreKeptAndFireAlarm(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"async_retries": 1, "async_max_age": 600, "alarm_email": "ops@example.com"})
	if function := functionOf(t, stack); stacktest.Flat(t, function.DeadLetterConfig["TargetArn"]) != "‹OwnDeadLettersC66D3C25.Arn›" {
		t.Errorf("failed events go to %v", function.DeadLetterConfig)
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::EventInvokeConfig"), map[string]any{"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 600})
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
		"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1, "AlarmActions": assertions.Match_AnyValue(),
	})
}

func TestAPIAcceptsAnyMethodWithRESTEvent(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"function_triggers": "APIGateway", "function_api_endpoint": "run", "api_auth": "jwt", "jwt_issuer": "https://issuer.example.com", "jwt_audience": "geo"})
	if diff := cmp.Diff([]string{"ANY /run JWT", "ANY /run/{proxy+} JWT"}, routesOf(stack)); diff != "" {
		t.Errorf("routes -want +got:\n%s", diff)
	}
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Integration"), map[string]any{"PayloadFormatVersion": "1.0"})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{
		"StageName": "prod", "DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20},
	})
	if url := stacktest.Output(t, stack, "EvalUrl"); !strings.HasSuffix(url, "/prod/run") {
		t.Errorf("the URL is %s", url)
	}
}

// routesOf returns the routes of a stack's API, each with its authorization.
func routesOf(stack assertions.Template) []string {
	var routes []string
	for _, resource := range *stack.FindResources(jsii.String("AWS::ApiGatewayV2::Route"), nil) {
		properties := (*resource)["Properties"].(map[string]any)
		routes = append(routes, fmt.Sprint(properties["RouteKey"], " ", properties["AuthorizationType"]))
	}
	slices.Sort(routes)
	return routes
}

func TestSnapshotsAreOfCalledVersion(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"snap_start": true, "function_runtime": "python3.13"})
	function := functionOf(t, stack)
	if function.SnapStart["ApplyOn"] != "PublishedVersions" || function.EphemeralStorage.Size != 512 {
		t.Errorf("got %+v", function)
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Alias"), map[string]any{"Name": "live"})
}

// A route of any method would receive the browser's unsigned OPTIONS requests.
func TestPagesMayCallSignedAPI(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"function_triggers": "APIGateway", "cors_allow_origins": "https://app.example.com"})
	var want []string
	for _, method := range []string{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"} {
		want = append(want, method+" /eval AWS_IAM", method+" /eval/{proxy+} AWS_IAM")
	}
	if diff := cmp.Diff(want, routesOf(stack)); diff != "" {
		t.Errorf("routes -want +got:\n%s", diff)
	}
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"CorsConfiguration": stacktest.Like(map[string]any{
		"AllowMethods": []any{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"},
	})})
}

func TestBudgetFiltersByStackAndMails(t *testing.T) {
	budget := map[string]any{"function_budget_amount": "10.5", "function_budget_email": "ops@example.com", "function_budget_currency": "EUR"}
	stack := stacktest.Custom(t, budget)
	mail := []any{map[string]any{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}}
	notification := func(kind string, percent int, subscribers any) any {
		return map[string]any{
			"Notification": map[string]any{"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": percent, "ThresholdType": "PERCENTAGE"},
			"Subscribers":  subscribers,
		}
	}
	stack.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{
		"Budget": stacktest.Like(map[string]any{
			// A changed address replaces the budget, and names are unique.
			"BudgetName": assertions.Match_Absent(), "TimeUnit": "MONTHLY", "BudgetLimit": map[string]any{"Amount": 10.5, "Unit": "EUR"},
			"CostFilters": map[string]any{"TagKeyValue": assertions.Match_AnyValue()},
		}),
		"NotificationsWithSubscribers": []any{notification("ACTUAL", 80, mail), notification("FORECASTED", 100, mail)},
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Runtime": "python3.12", "Tags": assertions.Match_ArrayWith(&[]any{stacktest.Like(map[string]any{"Key": construct.CostTag})}),
	})

	stopping := stacktest.Custom(t, settings.With(budget, map[string]any{"budget_action": true}))
	stopping.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{
		"NotificationsWithSubscribers": assertions.Match_ArrayWith(&[]any{notification("ACTUAL", 100, assertions.Match_ArrayWith(&[]any{stacktest.Like(map[string]any{"SubscriptionType": "SNS"})}))}),
	})
	stopping.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{"Policies": []any{stacktest.Like(map[string]any{
		"PolicyName": "Stop",
		"PolicyDocument": stacktest.Like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
			map[string]any{"Action": "lambda:PutFunctionConcurrency", "Effect": "Allow", "Resource": map[string]any{"Fn::GetAtt": []any{assertions.Match_StringLikeRegexp(jsii.String("OwnFunction.*")), "Arn"}}},
		})}),
	})}})
	stopping.HasResourceProperties(jsii.String("AWS::SNS::TopicPolicy"), map[string]any{"PolicyDocument": stacktest.Like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
		stacktest.Like(map[string]any{"Principal": map[string]any{"Service": "budgets.amazonaws.com"}, "Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": map[string]any{"Ref": "AWS::AccountId"}}}}),
	})})})
}

func TestBudgetHasNameOfSetting(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"function_budget_amount": "10", "function_budget_email": "ops@example.com", "function_budget_name": "maps"})
	stack.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{"Budget": stacktest.Like(map[string]any{"BudgetName": "maps"})})
}

func TestFunctionReadsOneSecretWithCredentialsForData(t *testing.T) {
	const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:data/earthdata-AbCdEf"
	for name, test := range map[string]struct{ setting, resource string }{
		"by ARN":  {secret, secret},
		"by name": {"data/earthdata", "arn:‹AWS::Partition›:secretsmanager:‹AWS::Region›:‹AWS::AccountId›:secret:data/earthdata-??????"},
	} {
		t.Run(name, func(t *testing.T) {
			stack := stacktest.Custom(t, map[string]any{
				"data_credentials_secret": test.setting, "kms_key_arn": settings.KeyARN, "function_source_dependencies_zip": nil,
			})
			statements := roleStatements(t, stack)
			for _, want := range []string{"secretsmanager:GetSecretValue " + test.resource, "kms:Decrypt " + settings.KeyARN} {
				if !slices.Contains(statements, want) {
					t.Errorf("no %s in %q", want, statements)
				}
			}
			if got := functionOf(t, stack).Environment.Variables["DATA_CREDENTIALS_SECRET"]; got != test.setting {
				t.Errorf("DATA_CREDENTIALS_SECRET is %v, want %s", got, test.setting)
			}
		})
	}
	without := stacktest.Custom(t, map[string]any{"function_source_dependencies_zip": nil})
	if statements := roleStatements(t, without); slices.ContainsFunc(statements, func(s string) bool { return strings.HasPrefix(s, "secretsmanager:") }) {
		t.Errorf("without the setting: %q", statements)
	}
}

func TestSynthWarnsReviewers(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"nothing":               {nil, nil},
		"an API":                {map[string]any{"function_triggers": "APIGateway"}, []string{"defog:api-waits-less"}},
		"a fast API":            {map[string]any{"function_triggers": "APIGateway", "function_timeout": 30}, nil},
		"an open API":           {map[string]any{"function_triggers": "APIGateway", "function_timeout": 30, "api_auth": "none"}, []string{"defog:open-api"}},
		"unsafe eval":           {map[string]any{"function_allow_unsafe_eval": true}, []string{"defog:unsafe-eval"}},
		"unchecked":             {settings.InBucket(nil), []string{"defog:source-not-seen", "@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified"}},
		"old handler":           {map[string]any{"function_triggers": "S3", "function_hydrate": false}, []string{"defog:dependencies-elsewhere"}},
		"an existing role":      {map[string]any{"manage_iam_role": false, "iam_role_arn": settings.RoleARN}, []string{"defog:dead-letters"}},
		"only managed policies": {map[string]any{"autogen_policy": false, "function_role_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, []string{"defog:dead-letters"}},
		"a snapshot":            {map[string]any{"snap_start": true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack, err := stacktest.Stack(t, settings.Custom(t, test.changes), stacktest.Setup{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, stacktest.Warnings(stack)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// cfn-lint reports a DependsOn that a reference implies (W3005).
func TestFunctionsOfStackDependOnNothing(t *testing.T) {
	stack := stacktest.Custom(t, everyTrigger(map[string]any{"function_budget_amount": 10, "function_budget_email": "ops@example.com", "budget_action": true}))
	functions := *stack.FindResources(jsii.String("AWS::Lambda::Function"), nil)
	if len(functions) != 4 { // the custom one, the budget's, and two of the CDK
		t.Errorf("%d functions", len(functions))
	}
	for id, function := range functions {
		if dependencies, found := (*function)["DependsOn"]; found {
			t.Errorf("%s depends on %v", id, dependencies)
		}
	}
}
