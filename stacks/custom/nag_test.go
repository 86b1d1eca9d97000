package custom_test

import (
	"testing"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestNagAcceptsVariants(t *testing.T) {
	bucket := map[string]any{
		"function_source_dist_zip": nil, "function_source_dependencies_zip": nil, "function_source_bucket": "geo-code",
		"function_source_dist_key": "v1/dist.zip", "function_source_dependencies_key": "v1/deps.zip", "function_source_dependencies_version": "3",
	}
	for name, changes := range map[string]map[string]any{
		"direct invokes": nil,
		"every trigger":  everyTrigger(nil),
		"production":     everyTrigger(map[string]any{"stage": "prod", "canary": "linear", "alarm_email": "ops@example.com", "function_s3_expiration_in_days": 30}),
		"a bucket":       settings.With(bucket, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}),
		"a budget":       {"function_budget_amount": 10, "function_budget_email": "ops@example.com", "budget_action": true},
		"fan-out":        {"fan_out": true, "alarm_email": "ops@example.com"},
		"a snapshot":     {"snap_start": true, "xray": true, "kms_key_arn": settings.KeyARN},
		"open, network":  settings.With(settings.InSubnets(), map[string]any{"function_triggers": "APIGateway", "api_auth": "none"}),
	} {
		t.Run(name, func(t *testing.T) {
			stacktest.CheckNag(t, stacktest.MustStack(t, settings.Custom(t, changes), stacktest.Setup{}))
		})
	}
}
