package stacks

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// like matches an object that has at least these members.
func like(members map[string]any) assertions.Matcher { return assertions.Match_ObjectLike(&members) }

// ownStatements are what the function's role allows, each as "action resource".
func ownStatements(t *testing.T, stack assertions.Template) (allowed []string) {
	t.Helper()
	for name, resource := range *stack.FindResources(jsii.String("AWS::IAM::Role"), nil) {
		if !strings.HasPrefix(name, "OwnRole") {
			continue
		}
		var role struct {
			Policies []struct {
				PolicyDocument struct{ Statement []map[string]any }
			}
		}
		decode(t, (*resource)["Properties"], &role)
		for _, policy := range role.Policies {
			for _, statement := range policy.PolicyDocument.Statement {
				resources, isList := statement["Resource"].([]any)
				if !isList {
					resources = []any{statement["Resource"]}
				}
				for _, action := range list(statement["Action"]) {
					for _, resource := range resources {
						allowed = append(allowed, action+" "+flat(t, resource))
					}
				}
			}
		}
	}
	return allowed
}

func TestTheRoleAllowsWhatTheTriggersTakeAndNoMore(t *testing.T) {
	log := []string{"logs:CreateLogStream ‹OwnLogsA34A6ACC.Arn›", "logs:PutLogEvents ‹OwnLogsA34A6ACC.Arn›"}
	queue := "sqs:SendMessage ‹OwnDeadLettersC66D3C25.Arn›"
	for name, test := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"nothing": {map[string]any{"function_source_dependencies_zip": nil}, append(log, queue)},
		"API":     {map[string]any{"function_source_dependencies_zip": nil, "function_triggers": "APIGateway"}, append(log, queue)},
		"a version in a bucket": {
			inBucket(map[string]any{"function_source_dependencies_version": "3"}),
			append(log, "s3:GetObjectVersion arn:‹AWS::Partition›:s3:::geo-code/v1/deps.zip", queue),
		},
		"the user's bucket": {
			map[string]any{"function_source_dependencies_zip": nil, "function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_output": "done"},
			append(log, queue, "s3:GetObject arn:‹AWS::Partition›:s3:::geo-data/input/*",
				"s3:GetObject arn:‹AWS::Partition›:s3:::geo-data/done/*", "s3:PutObject arn:‹AWS::Partition›:s3:::geo-data/done/*"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ownStatements(t, ownTemplate(t, test.changes))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOnlyTheBucketOfThisAccountTriggers(t *testing.T) {
	for bucket, source := range map[string]any{"": assertions.Match_AnyValue(), "geo-data": map[string]any{"Fn::Join": []any{"", []any{"arn:", map[string]any{"Ref": "AWS::Partition"}, ":s3:::geo-data"}}}} {
		changes := map[string]any{"function_triggers": "S3"}
		if bucket != "" {
			changes["function_s3_bucket"] = bucket
		}
		stack := ownTemplate(t, changes)
		stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{
			"Principal": "s3.amazonaws.com", "SourceAccount": map[string]any{"Ref": "AWS::AccountId"}, "SourceArn": source,
		})
		// Managed is false where the bucket has notifications of others.
		stack.HasResourceProperties(jsii.String("Custom::S3BucketNotifications"), map[string]any{"Managed": bucket == ""})
		stack.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(map[bool]int{true: 1, false: 0}[bucket == ""]))
	}
}

func TestTheBucketIsClosedAndKeptInProduction(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"function_triggers": "S3", "stage": "prod", "function_s3_expiration_in_days": 30, "function_s3_tags.team": "geo"})
	stack.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{
		"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
		"Properties": like(map[string]any{
			"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
			"BucketEncryption":               assertions.Match_AnyValue(),
			"Tags":                           assertions.Match_ArrayWith(&[]any{map[string]any{"Key": "team", "Value": "geo"}}),
			"LifecycleConfiguration": map[string]any{"Rules": assertions.Match_ArrayWith(&[]any{
				like(map[string]any{"ExpirationInDays": 30, "Status": "Enabled"}),
			})},
		}),
	})
	tlsOnly := map[string]any{"PolicyDocument": like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
		like(map[string]any{"Effect": "Deny", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}),
	})})}
	stack.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"), tlsOnly)
	stack.HasResourceProperties(jsii.String("AWS::SQS::QueuePolicy"), tlsOnly)
	stack.HasResourceProperties(jsii.String("AWS::SQS::Queue"), map[string]any{"SqsManagedSseEnabled": true})
	stack.ResourceCountIs(jsii.String("Custom::S3AutoDeleteObjects"), jsii.Number(0))
}

func TestFailedEventsAreKeptAndRingAnAlarm(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"async_retries": 1, "async_max_age": 600, "alarm_email": "ops@example.com"})
	if function := functionOf(t, stack); flat(t, function.DeadLetterConfig["TargetArn"]) != "‹OwnDeadLettersC66D3C25.Arn›" {
		t.Errorf("failed events go to %v", function.DeadLetterConfig)
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::EventInvokeConfig"), map[string]any{"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 600})
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
		"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1, "AlarmActions": assertions.Match_AnyValue(),
	})
}

func TestTheAPITakesAnyMethodOnOneRouteWithTheOldEvent(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"function_triggers": "APIGateway", "function_api_endpoint": "run", "api_auth": "jwt", "jwt_issuer": "https://issuer.example.com", "jwt_audience": "geo"})
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(1))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"RouteKey": "ANY /run", "AuthorizationType": "JWT"})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Integration"), map[string]any{"PayloadFormatVersion": "1.0"})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{
		"StageName": "prod", "DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20},
	})
	if url := outputOf(t, stack, "EvalUrl"); !strings.HasSuffix(url, "/prod/run") {
		t.Errorf("the URL is %s", url)
	}
}

func TestSnapshotsAreTakenOfTheVersionThatIsCalled(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"snap_start": true, "function_runtime": "python3.13"})
	function := functionOf(t, stack)
	if function.SnapStart["ApplyOn"] != "PublishedVersions" || function.EphemeralStorage.Size != 512 {
		t.Errorf("got %+v", function)
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Alias"), map[string]any{"Name": "live"})
}

// A route of any method would take the browser's question whether a page may
// call, which nobody can sign.
func TestAPageMayCallWhatAsksForSignatures(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"function_triggers": "APIGateway", "cors_allow_origins": "https://app.example.com"})
	var routes []string
	for _, resource := range *stack.FindResources(jsii.String("AWS::ApiGatewayV2::Route"), nil) {
		properties := (*resource)["Properties"].(map[string]any)
		routes = append(routes, fmt.Sprint(properties["RouteKey"], " ", properties["AuthorizationType"]))
	}
	slices.Sort(routes)
	want := []string{"DELETE /eval AWS_IAM", "GET /eval AWS_IAM", "HEAD /eval AWS_IAM", "PATCH /eval AWS_IAM", "POST /eval AWS_IAM", "PUT /eval AWS_IAM"}
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Errorf("routes -want +got:\n%s", diff)
	}
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"CorsConfiguration": like(map[string]any{
		"AllowMethods": []any{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"},
	})})
}

func TestTheBudgetCountsTheStackAndMailsInTime(t *testing.T) {
	budget := map[string]any{"function_budget_amount": "10.5", "function_budget_email": "ops@example.com", "function_budget_currency": "EUR"}
	stack := ownTemplate(t, budget)
	mail := []any{map[string]any{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}}
	notification := func(kind string, percent int, subscribers any) any {
		return map[string]any{
			"Notification": map[string]any{"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": percent, "ThresholdType": "PERCENTAGE"},
			"Subscribers":  subscribers,
		}
	}
	stack.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{
		"Budget": like(map[string]any{
			// Other mails replace the budget, and two of one name cannot be there at once.
			"BudgetName": assertions.Match_Absent(), "TimeUnit": "MONTHLY", "BudgetLimit": map[string]any{"Amount": 10.5, "Unit": "EUR"},
			"CostFilters": map[string]any{"TagKeyValue": assertions.Match_AnyValue()},
		}),
		"NotificationsWithSubscribers": []any{notification("ACTUAL", 80, mail), notification("FORECASTED", 100, mail)},
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Runtime": "python3.12", "Tags": assertions.Match_ArrayWith(&[]any{like(map[string]any{"Key": costTag})}),
	})

	stopping := ownTemplate(t, with(budget, map[string]any{"budget_action": true}))
	stopping.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{
		"NotificationsWithSubscribers": assertions.Match_ArrayWith(&[]any{notification("ACTUAL", 100, assertions.Match_ArrayWith(&[]any{like(map[string]any{"SubscriptionType": "SNS"})}))}),
	})
	stopping.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{"Policies": []any{like(map[string]any{
		"PolicyName": "Stop",
		"PolicyDocument": like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
			map[string]any{"Action": "lambda:PutFunctionConcurrency", "Effect": "Allow", "Resource": map[string]any{"Fn::GetAtt": []any{assertions.Match_StringLikeRegexp(jsii.String("OwnFunction.*")), "Arn"}}},
		})}),
	})}})
	stopping.HasResourceProperties(jsii.String("AWS::SNS::TopicPolicy"), map[string]any{"PolicyDocument": like(map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
		like(map[string]any{"Principal": map[string]any{"Service": "budgets.amazonaws.com"}, "Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": map[string]any{"Ref": "AWS::AccountId"}}}}),
	})})})
}

func TestABudgetIsNamedAsTold(t *testing.T) {
	stack := ownTemplate(t, map[string]any{"function_budget_amount": "10", "function_budget_email": "ops@example.com", "function_budget_name": "maps"})
	stack.HasResourceProperties(jsii.String("AWS::Budgets::Budget"), map[string]any{"Budget": like(map[string]any{"BudgetName": "maps"})})
}

// The little function that stops the user's own asks for nothing but that.
func TestStopLetsNothingRun(t *testing.T) {
	directory := folder(t, map[string]string{
		"index.py": stopCode,
		"boto3.py": "import json\nclass Client:\n    def put_function_concurrency(self, **wanted): print(json.dumps(wanted))\ndef client(name): assert name == 'lambda'; return Client()\n",
	})
	command := exec.CommandContext(t.Context(), "python3", "-c", "import index; index.handler({}, None)")
	command.Dir = directory
	command.Env = append(os.Environ(), "FUNCTION=shapes", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Clean(directory))
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(output), "\n")
	var wanted map[string]any
	if err := json.Unmarshal([]byte(first), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"FunctionName": "shapes", "ReservedConcurrentExecutions": 0.0}, wanted); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSynthWarnsOfWhatAReviewerOfAFunctionOfOnesOwnShouldKnow(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"nothing":           {nil, nil},
		"an API":            {map[string]any{"function_triggers": "APIGateway"}, []string{"defog:api-waits-less"}},
		"a fast API":        {map[string]any{"function_triggers": "APIGateway", "function_timeout": 30}, nil},
		"an open API":       {map[string]any{"function_triggers": "APIGateway", "function_timeout": 30, "api_auth": "none"}, []string{"defog:open-api"}},
		"code of anybody's": {map[string]any{"function_allow_unsafe_eval": true}, []string{"defog:unsafe-eval"}},
		"not seen":          {inBucket(nil), []string{"defog:source-not-seen", "@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified"}},
		"old handler":       {map[string]any{"function_triggers": "S3", "function_hydrate": false}, []string{"defog:dependencies-elsewhere"}},
		"a role of yours":   {map[string]any{"manage_iam_role": false, "iam_role_arn": ownRole}, []string{"defog:dead-letters"}},
		"a policy of yours": {map[string]any{"autogen_policy": false, "function_role_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, []string{"defog:dead-letters"}},
		"a snapshot":        {map[string]any{"snap_start": true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack, err := newStack(t, ownInputs(t, ownSettings(t, test.changes), Place{}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, warnings(stack)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
