package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// signIn returns the settings of a page whose users sign in.
func signIn() map[string]any {
	return settings.With(settings.JWT(), map[string]any{"page": true, "page_client_id": "client"})
}

func TestOnlyThePageIsPublic(t *testing.T) {
	stack := stacktest.Query(t, signIn())
	var got []string
	for _, resource := range *stack.FindResources(jsii.String("AWS::ApiGatewayV2::Route"), nil) {
		var route struct {
			Properties struct{ RouteKey, AuthorizationType string }
		}
		stacktest.Decode(t, resource, &route)
		got = append(got, route.Properties.RouteKey+" "+route.Properties.AuthorizationType)
	}
	slices.Sort(got)
	want := []string{"GET / NONE", "GET /assets/{file} NONE", "GET /config.json NONE", "GET /icon.svg NONE", "POST / JWT"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes -want +got:\n%s", diff)
	}
	if url := stacktest.Output(t, stack, "PageUrl"); url != stacktest.Output(t, stack, "QueryUrl") {
		t.Errorf("PageUrl %s", url)
	}
}

// The function is public, so it has neither credentials nor rights.
func TestPageFunctionCanOnlyWriteItsLog(t *testing.T) {
	stack := stacktest.Query(t, settings.With(signIn(), settings.OnCall(), map[string]any{
		"xray": true, "environment_variables.A1": "b", "reserved_concurrency": 3, "kms_key_arn": settings.KeyARN, "results_bucket": "our-results",
		"iam_policy_file": settings.PolicyFile(t, "s3:GetObject", "arn:aws:s3:::ours/*"),
	}))
	functions := *stack.FindResources(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Properties": map[string]any{"Description": "Serves the page of defog-dev"},
	})
	if len(functions) != 1 {
		t.Fatalf("%d functions of the page", len(functions))
	}
	for id, function := range functions {
		properties := (*function)["Properties"].(map[string]any)
		for _, name := range []string{"Environment", "ReservedConcurrentExecutions", "KmsKeyArn", "TracingConfig", "VpcConfig", "Layers"} {
			if value, ok := properties[name]; ok {
				t.Errorf("%s is %v", name, value)
			}
		}
		stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{
			"FunctionName": map[string]any{"Fn::GetAtt": []string{id, "Arn"}}, "Principal": "apigateway.amazonaws.com",
		})
	}
	roles := *stack.FindResources(jsii.String("AWS::IAM::Role"), map[string]any{"Properties": map[string]any{"Description": "Permissions of the page of defog-dev"}})
	if len(roles) != 1 {
		t.Fatalf("%d roles of the page", len(roles))
	}
	for _, role := range roles {
		statements := stacktest.StatementsOf(t, (*role)["Properties"])
		if len(statements) != 1 {
			t.Fatalf("statements %v", statements)
		}
		if diff := cmp.Diff([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, stacktest.List(statements[0]["Action"])); diff != "" {
			t.Errorf("actions -want +got:\n%s", diff)
		}
		if resource := stacktest.List(statements[0]["Resource"])[0]; !strings.Contains(resource, "PageLogs") {
			t.Errorf("resource %s", resource)
		}
		if managed, ok := (*role)["Properties"].(map[string]any)["ManagedPolicyArns"]; ok {
			t.Errorf("managed policies %v", managed)
		}
	}
}

func TestPageOfOpenAPI(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{"api_auth": "none", "page": true, "cors_allow_origins": "https://app.example.com"})
	stack.AllResourcesProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"AuthorizationType": "NONE"})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"CorsConfiguration": assertions.Match_ObjectLike(&map[string]any{"AllowMethods": []string{"POST"}}),
	})
}
