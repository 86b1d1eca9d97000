package test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var wholeBuild = flag.Bool("build", false, "run all steps of the pipeline's build; lint and every test take long")

const pipelineArguments = `-c app_name=built -c pipeline=true -c pipeline_source={"repository":"defog-cdk"} ` +
	`-c pipeline_stages=[{"stage":"prod"}] -c credentials_secret=prod/defog -c db_type=sqlite`

// TestPipelineBuild runs the pipeline's build as CodeBuild does: on the source
// without its repository and file modes, without connection.json and AWS
// credentials. It uses the checkout's tools, and skips the steps of make test and
// make lint: -build runs all.
func TestPipelineBuild(t *testing.T) {
	t.Parallel()
	source := cleanCopy(t)
	args := strings.Fields(pipelineArguments)
	if !*wholeBuild {
		args = append(args, "-s", "synth programs")
		tools, err := filepath.Abs(filepath.Join(checkout, "node_modules"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(tools, filepath.Join(source, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "bash", append([]string{filepath.Join(source, "pipeline", "build.sh")}, args...)...)
	build.Dir = t.TempDir() // the script changes to its checkout
	build.Env = append(withoutAWS(os.Environ()), sharedCaches(t)...)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, path := range []string{"cdk.out/built-pipeline.template.json", "cdk.out/assembly-prod/manifest.json", "cdk.out/.gitignore"} {
		if _, err := os.Stat(filepath.Join(source, path)); err != nil {
			t.Error(err)
		}
	}
	output, err := exec.CommandContext(t.Context(), filepath.Join(source, ".build/bin/defog"), "smoke", "--url", "x").CombinedOutput()
	if err == nil || !strings.Contains(string(output), `required flag(s) "question" not set`) {
		t.Errorf("defog smoke: %v\n%s", err, output)
	}
}

func TestPipelineBuildRejectsInvalidArguments(t *testing.T) {
	for args, want := range map[string]string{
		"-x": "-x: unknown or without a value", "-s": "-s: unknown or without a value", "-c": "-c: unknown or without a value",
		"-s launch": "launch: unknown step; valid: setup, lint, test, synth, programs",
	} {
		output, code := command(t, nil, "pipeline/build.sh", strings.Fields(args)...)
		if code != 2 || !strings.Contains(output, want) {
			t.Errorf("%s: exit code %d:\n%s", args, code, output)
		}
	}
}

// cleanCopy copies the files of the checkout that git does not ignore to a folder.
func cleanCopy(t *testing.T) string {
	t.Helper()
	target := t.TempDir()
	listed := git(t, ".", "ls-files", "-co", "--exclude-standard", "-z")
	for name := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
		from, to := filepath.Join(checkout, name), filepath.Join(target, name)
		data, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue // git lists deleted files too
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return target
}

// withoutAWS removes the variables of an account, and the one that turns off the
// validation of templates.
func withoutAWS(environ []string) []string {
	clean := []string{"HOME=" + os.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull}
	for _, variable := range environ {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "CDK_") && !strings.HasPrefix(variable, "HOME=") {
			clean = append(clean, variable)
		}
	}
	return clean
}

// sharedCaches returns variables with the caches of this machine, so that the test
// downloads nothing again.
func sharedCaches(t *testing.T) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	shared := []string{
		"XDG_CACHE_HOME=" + caches,
		"npm_config_cache=" + filepath.Join(home, ".npm"),
		"JSII_RUNTIME_PACKAGE_CACHE_ROOT=" + filepath.Join(caches, "aws", "jsii", "package-cache"),
	}
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		shared = append(shared, name+"="+strings.TrimSpace(string(value)))
	}
	return shared
}

// TestApprovalShowsSecurityAndLoss runs pipeline/review.sh on the report and exit
// code of a substitute for defog review.
func TestApprovalShowsSecurityAndLoss(t *testing.T) {
	const report = "### Stack `shop-prod`: 2 security-relevant, 1 with loss, 1 other\n\n**Security**\n\n| what | where | from | to | setting |\n|---|---|---|---|---|\n" +
		"| the route opens | `AWS::ApiGatewayV2::Route Api` | `AWS_IAM` | `NONE` | `api_auth` |\n| a right widens | `AWS::IAM::Role R` | | | |\n\n" +
		"**Replaced or removed, with what it holds**\n\n| what | where | from | to | setting |\n|---|---|---|---|---|\n| removed | `AWS::Logs::LogGroup L` | | | |\n\n" +
		"<details><summary>Other</summary>\n\n| what | where | from | to | setting |\n|---|---|---|---|---|\n| changed | `AWS::SNS::Topic T` | | | |\n\n</details>\n"
	for code, want := range map[string]string{
		"0": "Stack shop-prod: 2 security-relevant", "1": "", "2": "Stack shop-prod: 2 security-relevant",
		"3": "Stack shop-prod: 2 security-relevant, 1 with loss, 1 other; the route opens: AWS::ApiGatewayV2::Route Api; a right widens: AWS::IAM::Role R; removed: AWS::Logs::LogGroup L\n",
	} {
		folder := t.TempDir()
		program := filepath.Join(folder, "defog")
		script := "#!/bin/sh\n[ \"$*\" = \"review --app " + folder + " --stack shop-prod --output $7\" ] || exit 9\ncat >\"$7\" <<'end'\n" + report + "end\nexit " + code + "\n"
		if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		review := exec.CommandContext(t.Context(), "pipeline/review.sh", program, folder, "shop-prod")
		review.Dir = checkout
		printed, err := review.Output()
		if (err != nil) != (code == "1") || !strings.HasPrefix(string(printed), want) || strings.Contains(string(printed), "SNS") {
			t.Errorf("exit code %s: %v: %s", code, err, printed)
		}
	}
}
