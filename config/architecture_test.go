package config_test

import (
	"testing"

	"defog-cdk/config"
)

func TestDefaultArchitectureYieldsToSettings(t *testing.T) {
	for name, test := range map[string]struct {
		given any
		want  string
	}{
		"unset":   {nil, "x86_64"},
		"default": {"arm64", "arm64"},
		"other":   {"x86_64", "x86_64"},
	} {
		t.Run(name, func(t *testing.T) {
			context := map[string]any{
				"pipeline": true, "pipeline_source": map[string]any{"connection_arn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/a1", "repository": "acme/shop"},
				"credentials_secret": "s", "db_type": "postgres",
				"pipeline_stages": []any{map[string]any{"stage": "one"}},
			}
			if test.given != nil {
				context["architecture"] = test.given
			}
			conf, err := config.Load(context)
			if len(conf.Stages) != 1 {
				t.Fatalf("%d stages: %v", len(conf.Stages), err)
			}
			conf.SetDefaultArchitecture("x86_64")
			for _, c := range []config.Config{conf, conf.Stages[0].Config} {
				if c.Architecture != test.want {
					t.Errorf("%s: got %s, want %s", c.StackName(), c.Architecture, test.want)
				}
			}
		})
	}
}
