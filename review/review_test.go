// Package review tests the files that a team copies for reviews of its pull
// requests.
package review

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// workflow holds the tested part of a workflow.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		If          string            `yaml:"if"`
		Needs       string            `yaml:"needs"`
		Environment string            `yaml:"environment"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []struct {
			ID   string            `yaml:"id"`
			If   string            `yaml:"if"`
			Uses string            `yaml:"uses"`
			With map[string]string `yaml:"with"`
			Run  string            `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// TestWorkflowIsolatesThePullRequest checks the two jobs. The job that runs the pull
// request's code has no rights, and does not run for forks. The job with rights runs
// the base branch's code, and shares only the assembly with the other. No script
// holds text of a pull request.
func TestWorkflowIsolatesThePullRequest(t *testing.T) {
	var w workflow
	read(t, "github-actions.yml", &w)
	if len(w.Permissions) > 0 {
		t.Errorf("all jobs have the permissions %v", w.Permissions)
	}
	want := map[string]map[string]string{
		"synth":   {"contents": "read"},
		"verdict": {"contents": "read", "id-token": "write", "pull-requests": "write"},
	}
	for name, job := range w.Jobs {
		if diff := cmp.Diff(want[name], job.Permissions); diff != "" {
			t.Errorf("job %s: -want +got:\n%s", name, diff)
		}
		checkouts := 0
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("job %s: the script holds an expression: %s", name, step.Run)
			}
			action, commit, _ := strings.Cut(step.Uses, "@")
			if action != "" && !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(commit) {
				t.Errorf("job %s: %s is not pinned by its commit", name, step.Uses)
			}
			switch action {
			case "actions/cache":
				t.Errorf("job %s shares a cache with the other", name)
			case "actions/setup-go", "actions/setup-node":
				if step.With["cache"] != "false" && step.With["package-manager-cache"] != "false" {
					t.Errorf("job %s: %s shares a cache with the other job", name, action)
				}
			case "actions/checkout":
				checkouts++
				if base := step.With["ref"] == "${{ github.event.pull_request.base.sha }}"; base != (name == "verdict") {
					t.Errorf("job %s checks out %q", name, step.With["ref"])
				}
			}
		}
		if checkouts != 1 {
			t.Errorf("job %s: %d checkouts", name, checkouts)
		}
	}
	if len(w.Jobs) != len(want) || w.Jobs["verdict"].Needs != "synth" {
		t.Errorf("%+v", w.Jobs)
	}
	if !strings.Contains(w.Jobs["synth"].If, "head.repo.full_name == github.repository") {
		t.Errorf("the pull requests of forks are reviewed: %s", w.Jobs["synth"].If)
	}
	text, err := os.ReadFile("github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secrets.") {
		t.Error("the workflow reads a secret")
	}
}

// TestWorkflowActsOnTheExitCode runs the step of the comparison with a fake npm, and
// checks that the verdict depends on that step.
func TestWorkflowActsOnTheExitCode(t *testing.T) {
	var w workflow
	read(t, "github-actions.yml", &w)
	script, gate := "", ""
	for _, step := range w.Jobs["verdict"].Steps {
		if step.ID == "review" {
			script = step.Run
		}
		if strings.Contains(step.Run, "exit 3") {
			gate = step.If
		}
	}
	if !strings.HasPrefix(gate, "steps.review.outputs.code == '3' && (") {
		t.Errorf("the verdict depends on %q", gate)
	}
	for code, want := range map[int]int{0: 0, 1: 1, 2: 0, 3: 0, 137: 137} {
		outputs := t.TempDir()
		exit, log := runScript(t, script, code, "SETTINGS=-c app_name=shop -c stage=prod", "STACK=shop-prod", "PROPOSED="+proposed(t),
			"GITHUB_OUTPUT="+filepath.Join(outputs, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(outputs, "summary"))
		if exit != want {
			t.Errorf("review ends with %d, the step with %d: %s", code, exit, log)
		}
		if exit != 0 {
			continue
		}
		output, err := os.ReadFile(filepath.Join(outputs, "output"))
		if err != nil || string(output) != fmt.Sprintf("code=%d\n", code) {
			t.Errorf("the output is %q, %v", output, err)
		}
		summary, err := os.ReadFile(filepath.Join(outputs, "summary"))
		if err != nil || !reviewed.Match(summary) {
			t.Errorf("the summary is %q, %v", summary, err)
		}
	}
}

// reviewed matches the arguments of the fake npm, and the cdk.json that it found.
var reviewed = regexp.MustCompile(`^\[run\] \[--silent\] \[review\] \[--\] \[-c\] \[app_name=shop\] \[-c\] \[stage=prod\] \[--app\] \[[^]]*/cdk\.out\] ` +
	`\[--stack\] \[shop-prod\] \[--output\] \[review\.md\]\n\{"app": "proposed"\}\n$`)

// TestDeploymentIsCompared checks the workflow that deploys. The job that runs the
// program has no right to deploy. The job that deploys waits for the environment's
// reviewers, and deploys what the first job compared.
func TestDeploymentIsCompared(t *testing.T) {
	var w workflow
	read(t, "github-deploy.yml", &w)
	if diff := cmp.Diff(map[string]any{"push": map[string]any{"branches": []any{"main"}}}, w.On); diff != "" || len(w.Permissions) > 0 || len(w.Jobs) != 2 {
		t.Errorf("%+v", w)
	}
	roles, scripts := map[string]string{}, map[string]string{}
	for name, job := range w.Jobs {
		if diff := cmp.Diff(map[string]string{"contents": "read", "id-token": "write"}, job.Permissions); diff != "" {
			t.Errorf("job %s: -want +got:\n%s", name, diff)
		}
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("job %s: the script holds an expression: %s", name, step.Run)
			}
			action, commit, _ := strings.Cut(step.Uses, "@")
			if action != "" && !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(commit) {
				t.Errorf("job %s: %s is not pinned by its commit", name, step.Uses)
			}
			if action == "aws-actions/configure-aws-credentials" {
				roles[name] = step.With["role-to-assume"]
			}
			scripts[name] += step.Run + "\n"
		}
	}
	if diff := cmp.Diff(map[string]string{"synth": "${{ vars.REVIEW_ROLE_ARN }}", "deploy": "${{ vars.DEPLOY_ROLE_ARN }}"}, roles); diff != "" {
		t.Errorf("roles: -want +got:\n%s", diff)
	}
	deploy := w.Jobs["deploy"]
	if deploy.Needs != "synth" || deploy.Environment != "prod" || w.Jobs["synth"].Environment != "" {
		t.Errorf("%+v", w.Jobs)
	}
	if deployed := scripts["deploy"]; !strings.Contains(deployed, "npx cdk deploy --app cdk.out ") || strings.Contains(deployed, "synth") || strings.Contains(scripts["synth"], "cdk deploy") {
		t.Errorf("%v", scripts)
	}
	script := ""
	for _, step := range w.Jobs["synth"].Steps {
		if step.ID == "review" {
			script = step.Run
		}
	}
	for code, want := range map[int]int{0: 0, 1: 1, 2: 0, 3: 0, 137: 137} {
		summary := filepath.Join(t.TempDir(), "summary")
		exit, log := runScript(t, "echo '{}' >cdk.json\n"+script, code, "SETTINGS=-c app_name=shop -c stage=prod", "GITHUB_STEP_SUMMARY="+summary)
		if exit != want || strings.Contains(log, "::warning::") != (code == 3) {
			t.Errorf("review ends with %d, the step with %d: %s", code, exit, log)
		}
		if text, err := os.ReadFile(summary); exit == 0 && (err != nil || !strings.HasPrefix(string(text), "[run] [--silent] [review] [--] [-c] [app_name=shop] [-c] [stage=prod] [--app] [cdk.out] ")) {
			t.Errorf("the summary is %q, %v", text, err)
		}
	}
}

// proposed returns a folder like the artifact of the job that synthesizes.
func proposed(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "cdk.json"), []byte("{\"app\": \"proposed\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// buildspec is a build specification. Unknown keys are errors.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
type buildspec struct {
	Version string `yaml:"version"`
	Env     struct {
		Shell     string            `yaml:"shell"`
		Variables map[string]string `yaml:"variables"`
	} `yaml:"env"`
	Phases struct {
		Install struct {
			RuntimeVersions map[string]string `yaml:"runtime-versions"`
			Commands        []string          `yaml:"commands"`
		} `yaml:"install"`
		Build struct {
			OnFailure string   `yaml:"on-failure"`
			Commands  []string `yaml:"commands"`
		} `yaml:"build"`
	} `yaml:"phases"`
	Artifacts struct {
		Files []string `yaml:"files"`
	} `yaml:"artifacts"`
	Cache struct {
		Paths []string `yaml:"paths"`
	} `yaml:"cache"`
}

func TestBuildspecActsOnTheExitCode(t *testing.T) {
	var spec, synth buildspec
	read(t, "buildspec-synth.yml", &synth)
	if commands := strings.Join(synth.Phases.Build.Commands, ""); strings.Contains(commands, "review") || !strings.Contains(commands, "npx cdk synth --quiet --output cdk.out ") {
		t.Errorf("the build of the commit runs %s", commands)
	}
	read(t, "buildspec.yml", &spec)
	if spec.Version != "0.2" || spec.Env.Shell != "bash" || spec.Phases.Build.OnFailure != "ABORT" ||
		len(spec.Phases.Install.RuntimeVersions) != 2 || !cmp.Equal(spec.Artifacts.Files, []string{"review.md"}) {
		t.Errorf("%+v", spec)
	}
	script := strings.Join(spec.Phases.Build.Commands, "\n")
	tests := []struct {
		code    int
		allowed string
		want    int
	}{{0, "no", 0}, {1, "yes", 1}, {2, "no", 0}, {3, "no", 3}, {3, "yes", 0}, {137, "yes", 137}}
	for _, test := range tests {
		exit, log := runScript(t, script, test.code, "REVIEW_SETTINGS=-c app_name=shop -c stage=prod", "REVIEW_STACK=shop-prod",
			"REVIEW_ALLOWED="+test.allowed, "CODEBUILD_SRC_DIR_proposed="+proposed(t))
		if report, _, _ := strings.Cut(log, "The report above"); exit != test.want || !reviewed.MatchString(report) {
			t.Errorf("review ends with %d, allowed %s: the build with %d: %s", test.code, test.allowed, exit, log)
		}
	}
}

// TestBuildspecDeploysAfterTheComparison runs the build that deploys with a fake npm and
// a fake npx, which logs its arguments.
func TestBuildspecDeploysAfterTheComparison(t *testing.T) {
	var spec buildspec
	read(t, "buildspec-deploy.yml", &spec)
	if spec.Version != "0.2" || spec.Env.Shell != "bash" || spec.Phases.Build.OnFailure != "ABORT" || !cmp.Equal(spec.Artifacts.Files, []string{"review.md"}) {
		t.Errorf("%+v", spec)
	}
	script := "npx() { echo \"npx $*\"; }; echo '{}' >cdk.json\n" + strings.Join(spec.Phases.Build.Commands, "\n")
	for _, test := range []struct {
		code    int
		allowed string
		want    int
	}{{0, "no", 0}, {1, "yes", 1}, {2, "no", 0}, {3, "no", 3}, {3, "yes", 0}, {137, "yes", 137}} {
		exit, log := runScript(t, script, test.code, "DEPLOY_SETTINGS=-c app_name=shop", "DEPLOY_ALLOWED="+test.allowed)
		deployed := strings.HasSuffix(log, "npx cdk deploy --app cdk.out --all --require-approval never\n")
		if exit != test.want || deployed != (test.want == 0) || !strings.HasPrefix(log, "npx cdk synth --quiet --output cdk.out -c app_name=shop\n") {
			t.Errorf("review ends with %d, allowed %s: the build with %d: %s", test.code, test.allowed, exit, log)
		}
	}
}

// runScript runs a step like the services, with a fake npm that writes its arguments
// to review.md and exits with a code.
func runScript(t *testing.T, script string, code int, variables ...string) (exit int, output string) {
	t.Helper()
	folder := t.TempDir()
	npm := fmt.Sprintf("#!/bin/sh\nprintf '[%%s] ' \"$@\" | sed 's/ $//' >review.md; echo >>review.md; cat cdk.json >>review.md; exit %d\n", code)
	if err := os.WriteFile(filepath.Join(folder, "npm"), []byte(npm), 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Dir = folder
	command.Env = append(variables, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	data, err := command.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(data)
}

// read reads a YAML file. A buildspec is read strictly, because its type has all
// keys.
func read(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	_, strict := into.(*buildspec)
	decoder.KnownFields(strict)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
