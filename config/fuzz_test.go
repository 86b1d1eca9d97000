package config

import (
	"strings"
	"testing"
)

// FuzzSettings searches for settings that make the loader panic, and for invalid
// ones that it accepts.
func FuzzSettings(f *testing.F) {
	f.Add(`{"lambda_memory_size": "512", "tags.team": "data", "tags": "{}"}`)
	f.Add(`{"environment_variables": {"A": null}, "stage": 1e9, "layers": "a,b", "reserved_concurrency": "-1"}`)
	f.Add(`{"api_gateway_custom_domain.tags": {}, "api_gateway_custom_domain": "{\"tags\":[]}", "function_role_policy_document": "{}"}`)
	f.Add(`{"stages": {"dev": {"stage": 1}}, "defog": "{}", "settings_file": 5, "subnet_ids": ["subnet-1", "subnet-1"]}`)
	for _, seed := range seeds {
		f.Add(`{"` + seed.key + `": ` + seed.value + `}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var context map[string]any
		if unmarshal([]byte(text), &context) != nil {
			return
		}
		delete(context, "settings_file") // it may name a file of this machine
		values, err := Effective(context)
		for _, v := range values {
			_ = v.String()
		}
		if err != nil {
			_ = Explain(err)
			return
		}
		settings, err := Parse(context)
		switch {
		case err != nil:
			t.Errorf("accepted by Effective, refused by Parse: %v", err)
		case settings.MemorySize < 128 || settings.MemorySize > 10240,
			!settings.CustomFunction() && (settings.Timeout > 30 || settings.GeneratorTimeout+settings.StatementTimeout >= settings.Timeout),
			settings.CustomFunction() && (settings.DistZip == "") == (settings.DistKey == ""),
			settings.TriggeredBy("S3") && strings.HasPrefix(settings.InputPrefix()+settings.OutputPrefix(), settings.OutputPrefix()),
			len(settings.StackName()) > 128 || strings.ContainsAny(settings.StackName(), " /_."),
			settings.CredentialsSecret != "" && settings.Generator == "" || settings.Architecture == "",
			len(settings.Tags) > 50 || len(settings.Layers) > 5,
			settings.ReservedConcurrency != nil && *settings.ReservedConcurrency < 0,
			(settings.SubnetIDs == nil) != (settings.SecurityGroupIDs == nil),
			settings.ManageIAMRole != (settings.IAMRoleARN == ""),
			settings.Domain != nil && settings.Domain.CertificateARN == "":
			t.Errorf("accepted %+v", settings)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	context := map[string]any{"stage": "prod", "lambda_memory_size": "512", "tags.team": "data", "credentials_secret": "prod/defog", "db_type": "postgres"}
	b.Chdir("..") // to the app's cdk.json
	for b.Loop() {
		if _, err := Load(context); err != nil {
			b.Fatal(err)
		}
	}
}
