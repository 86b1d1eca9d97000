package query_test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestFunctionFollowsSettings(t *testing.T) {
	const layer = "arn:aws:lambda:eu-west-1:123456789012:layer:ours:3"
	absent := assertions.Match_Absent()
	for name, test := range map[string]struct{ changes, want map[string]any }{
		"by default": {nil, map[string]any{
			"Architectures": []string{"arm64"}, "Runtime": "provided.al2023", "Handler": "bootstrap",
			"MemorySize": 128, "Timeout": 29, "EphemeralStorage": map[string]any{"Size": 512},
			"Description":   "Answers questions on postgres for defog-dev",
			"LoggingConfig": assertions.Match_ObjectLike(&map[string]any{"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}),
			"FunctionName":  absent, "Layers": absent, "ReservedConcurrentExecutions": absent,
			"TracingConfig": absent, "KmsKeyArn": absent, "VpcConfig": absent,
		}},
		"with settings": {map[string]any{
			"architecture": "x86_64", "lambda_memory_size": 512, "ephemeral_storage": 1024, "function_name": "ask",
			"function_description": "Ours", "layers": layer, "reserved_concurrency": 7, "xray": true, "kms_key_arn": settings.KeyARN, "log_level": "WARN",
		}, map[string]any{
			"Architectures": []string{"x86_64"}, "MemorySize": 512, "EphemeralStorage": map[string]any{"Size": 1024},
			"FunctionName": "ask", "Description": "Ours", "Layers": []string{layer}, "ReservedConcurrentExecutions": 7,
			"TracingConfig": map[string]any{"Mode": "Active"}, "KmsKeyArn": settings.KeyARN,
			"LoggingConfig": assertions.Match_ObjectLike(&map[string]any{"ApplicationLogLevel": "WARN"}),
		}},
		"stopped": {map[string]any{"reserved_concurrency": 0}, map[string]any{"ReservedConcurrentExecutions": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			stacktest.Query(t, test.changes).HasResourceProperties(jsii.String("AWS::Lambda::Function"), test.want)
		})
	}
}

func TestTerminationProtectionFollowsSetting(t *testing.T) {
	for _, want := range []bool{false, true} {
		stack, err := stacktest.Stack(t, settings.Query(t, map[string]any{"termination_protection": want}), stacktest.Setup{})
		if err != nil {
			t.Fatal(err)
		}
		if got := *stack.TerminationProtection(); got != want {
			t.Errorf("got %t", got)
		}
	}
}
