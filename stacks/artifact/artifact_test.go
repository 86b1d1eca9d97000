package artifact

import (
	"context"
	"os"
	"strings"
	"testing"

	"defog-cdk/config"
	"defog-cdk/stacks/stacktest/settings"
)

func TestOversizedEnvironmentIsAnError(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	conf := settings.Query(t, map[string]any{"environment_variables.LONG": strings.Repeat("x", 3800)})
	_, err := Prepare(t.Context(), conf, Environment{}, defaults)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"4096", "credentials_secret", "3804"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	checkRemoved(t)
}

func TestRemoveDeletesFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	artifacts, err := Prepare(t.Context(), settings.Query(t, nil), Environment{}, defaults)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := artifacts.Stage.Query.Program.Directory()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{artifacts.Stage.Query.Dependencies.Path, directory + "/bootstrap"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if err := artifacts.Remove(); err != nil {
		t.Fatal(err)
	}
	checkRemoved(t)
}

// checkRemoved reports files that are left in the temporary folder.
func checkRemoved(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "defog-") {
			t.Errorf("left behind: %s", entry.Name())
		}
	}
}

const (
	toolsAccount = "111111111111"
	testAccount  = "222222222222"
	prodAccount  = "333333333333"
)

func pipelineSettings(t *testing.T, stages string, changes map[string]any) config.Config {
	t.Helper()
	return settings.Load(t, settings.With(map[string]any{
		"app_name": "defog", "pipeline": "true", "pipeline_stages": stages, "pipeline_source": `{"repository": "defog-cdk"}`,
		"pipeline_account": toolsAccount, "pipeline_region": "eu-west-1", "credentials_secret": "defog/credentials", "db_type": "postgres",
	}, changes))
}

func TestEqualStagesShareProgramAndDependencies(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the programs do not matter here
	conf := pipelineSettings(t, `[{"stage": "a"}, {"stage": "b"}, {"stage": "c"}, {"stage": "d", "regions": ["eu-west-1", "us-east-1"]}]`, nil)
	conf.Stages[2].Config.Architecture = "x86_64"
	conf.Stages[3].Config.Connection.DBType = "sqlite"
	artifacts, err := Prepare(ctx, conf, Environment{}, defaults)
	if err != nil {
		t.Fatal(err)
	}
	var made []*Query
	for _, wave := range artifacts.Pipeline.Waves {
		for _, stage := range wave.Regions {
			made = append(made, stage.Query)
		}
	}
	if len(made) != 5 || made[0].Program != made[1].Program || made[0].Program == made[2].Program || made[0].Program == made[3].Program || made[3].Program != made[4].Program {
		t.Errorf("compiled for %d stacks: %+v", len(made), made)
	}
	if made[0].Dependencies != made[4].Dependencies {
		t.Error("equal dependencies were packed twice")
	}
	if err := artifacts.Remove(); err != nil {
		t.Error(err)
	}
}

func TestPipelineEnvironment(t *testing.T) {
	stages := []config.Stage{{PipelineStage: config.PipelineStage{Account: testAccount, Regions: []string{"eu-west-1", "us-east-1"}}}, {}}
	for _, test := range []struct {
		settings  config.Settings
		cli, want Environment
	}{
		{config.Settings{PipelineAccount: toolsAccount, PipelineRegion: "eu-west-3"}, Environment{prodAccount, "us-west-2"}, Environment{toolsAccount, "eu-west-3"}},
		{config.Settings{}, Environment{prodAccount, "us-west-2"}, Environment{prodAccount, "us-west-2"}},
		{config.Settings{}, Environment{Region: "us-west-2"}, Environment{testAccount, "eu-west-1"}}, // the CLI has no credentials
	} {
		if got := pipelineEnvironment(config.Config{Settings: test.settings, Stages: stages}, test.cli); got != test.want {
			t.Errorf("%+v: got %+v", test, got)
		}
	}
	conf := pipelineSettings(t, `[{"stage": "test"}, {"stage": "prod", "account": "333333333333"}]`, map[string]any{"pipeline_account": nil, "pipeline_region": nil})
	if _, err := Prepare(t.Context(), conf, Environment{}, defaults); err == nil || !strings.HasPrefix(err.Error(), "pipeline_account, pipeline_region: ") {
		t.Errorf("got %v", err)
	}
}
