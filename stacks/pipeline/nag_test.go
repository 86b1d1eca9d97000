package pipeline_test

import (
	"testing"

	"defog-cdk/config"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestNagAcceptsVariants(t *testing.T) {
	smoke := map[string]any{"smoke_question": "How many?", "smoke_expect": "3", "pipeline_notify_email": "ops@example.com"}
	for name, conf := range map[string]config.Config{
		"one stage, GitHub":       pipelineSettings(t, fromGitHub, oneStage, nil),
		"two stages, CodeCommit":  pipelineSettings(t, fromCodeCommit, twoStages, smoke),
		"six stages, S3, own key": pipelineSettings(t, fromS3, sixStages, settings.With(smoke, map[string]any{"pipeline_kms": settings.KeyARN})),
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := newPipeline(t, conf)
			stacktest.CheckNag(t, stacksOf(app)...)
		})
	}
}
