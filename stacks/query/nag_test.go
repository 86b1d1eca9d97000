package query_test

import (
	"testing"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestNagAcceptsVariants(t *testing.T) {
	secret := map[string]any{"credentials_secret": "prod/defog", "db_type": "postgres"}
	canary := map[string]any{"canary": "linear"}
	variants := map[string]map[string]any{
		"defaults":                    nil,
		"production":                  {"architecture": "x86_64", "stage": "prod"},
		"open":                        {"api_auth": "none"},
		"open page":                   {"api_auth": "none", "page": true},
		"page with sign-in":           signIn(),
		"open, network, on call":      settings.With(settings.InSubnets(), settings.OnCall(), map[string]any{"api_auth": "none"}),
		"secret":                      secret,
		"secret, network, canary":     settings.With(secret, settings.InSubnets(), canary),
		"tokens, domain":              settings.With(settings.JWT(), settings.Domain(nil)),
		"tokens, secret, canary":      settings.With(settings.JWT(), secret, canary, settings.OnCall()),
		"domain, network":             settings.With(settings.Domain(nil), settings.InSubnets()),
		"agents, open":                {"mcp": true, "mcp_sql": true, "api_auth": "none"},
		"agents with tokens":          settings.With(settings.JWT(), map[string]any{"mcp": true}),
		"long questions":              {"async_questions": true},
		"daily check":                 {"schema_check": "daily"},
		"long questions, kept":        settings.With(settings.OnCall(), map[string]any{"async_questions": true, "async_point_in_time_recovery": true, "stage": "prod"}),
		"history":                     {"history": true},
		"history, kept":               settings.With(settings.OnCall(), map[string]any{"history": true, "stage": "prod"}),
		"everything":                  settings.With(settings.JWT(), settings.Domain(nil), secret, settings.InSubnets(), canary, settings.OnCall(), map[string]any{"xray": true, "kms_key_arn": settings.KeyARN, "results_bucket": "our-results"}),
		"the operator's policies":     {"iam_policy_file": settings.PolicyFile(t, "s3:*", "*"), "function_role_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess", "xray": true},
		"the operator's role, traced": {"manage_iam_role": false, "iam_role_arn": settings.RoleARN, "xray": true},
	}
	variants["a model behind a profile"] = map[string]any{
		"generator": "bedrock", "generator_model": "eu.anthropic.claude-sonnet-4-v1:0",
		"function_source_dependencies_zip": settings.Folder(t, map[string]string{"schema.json": settings.Schema}),
	}
	for name, changes := range variants {
		t.Run(name, func(t *testing.T) {
			stacktest.CheckNag(t, stacktest.MustStack(t, settings.Query(t, changes), stacktest.Setup{}))
		})
	}
}
