package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/local"
)

// start starts a local AWS that ends with the test.
func start(t *testing.T, options ...local.Option) *local.AWS {
	t.Helper()
	aws, err := local.Start(t.Context(), "..", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := aws.Stop(); err != nil {
			t.Error(err)
		}
	})
	return aws
}

// A server that closes idle connections earlier than its clients loses answers.
func TestClientsCloseIdleConnections(t *testing.T) {
	timeouts := map[string]time.Duration{
		"client":                start(t).Transport().IdleConnTimeout,
		"client, enforcing IAM": start(t, local.EnforceIAM()).Transport().IdleConnTimeout,
		"AWS SDK":               awshttp.NewBuildableClient().GetTransport().IdleConnTimeout,
	}
	servers := 0
	for _, command := range descendants(t, os.Getpid()) {
		_, rest, found := strings.Cut(command, "--keep-alive ")
		if !found || strings.Contains(command, "supervise.py") {
			continue
		}
		servers++
		keepAlive, err := time.ParseDuration(strings.Fields(rest)[0] + "s")
		if err != nil {
			t.Fatal(err)
		}
		for client, timeout := range timeouts {
			if timeout <= 0 || timeout >= keepAlive/2 {
				t.Errorf("%s: closes idle connections after %s, MiniStack after %s", client, timeout, keepAlive)
			}
		}
	}
	if servers < 2 {
		t.Errorf("found %d servers, want both", servers)
	}
}

func TestDeploy(t *testing.T) {
	aws := start(t)
	var out bytes.Buffer
	if err := aws.Bootstrap(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	assembly, err := filepath.Abs("testdata/assembly")
	if err != nil {
		t.Fatal(err)
	}
	outputsFile := filepath.Join(t.TempDir(), "outputs.json")
	if err := aws.Deploy(t.Context(), &out, "--app", assembly, "--outputs-file", outputsFile); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}

	data, err := os.ReadFile(outputsFile)
	if err != nil {
		t.Fatal(err)
	}
	var outputs struct {
		Hello struct{ URL, LocalURL string }
	}
	if err := json.Unmarshal(data, &outputs); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{outputs.Hello.URL, outputs.Hello.LocalURL} {
		response, err := aws.Client().Post(url, "text/plain", strings.NewReader("world"))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || string(body) != "hello world" {
			t.Errorf("POST %s: %s %q, want 200 and hello world", url, response.Status, body)
		}
	}
}

func TestDeployFails(t *testing.T) {
	aws := start(t)
	var out bytes.Buffer
	err := aws.Deploy(t.Context(), &out, "--app", "echo no such app >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "cdk deploy") || !strings.Contains(out.String(), "no such app") {
		t.Errorf("error %v, output %q: want an error of cdk deploy, and what the app wrote", err, &out)
	}
}

func TestDeployInterrupted(t *testing.T) {
	aws := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	go func() {
		waitFor(t, "the app to start", func() bool { _, err := os.Stat(started); return err == nil })
		cancel()
	}()
	if err := aws.CDK(ctx, io.Discard, "synth", "--app", "touch "+started+"; exec sleep 1000"); err == nil {
		t.Error("an interrupted synth gives no error")
	}
}

// TestEndsByItself kills MiniStack. Stop returns an error with the end of the log.
func TestEndsByItself(t *testing.T) {
	aws, err := local.Start(t.Context(), "..")
	if err != nil {
		t.Fatal(err)
	}
	for pid, command := range descendants(t, os.Getpid()) {
		if strings.Contains(command, "hypercorn") && !strings.Contains(command, "supervise.py") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	<-aws.Done()
	if err := aws.Stop(); err == nil || !strings.Contains(err.Error(), "Ready") {
		t.Errorf("Stop: %v, want an error with the end of the log", err)
	}
}

func TestStopTwice(t *testing.T) {
	aws := start(t)
	if err := aws.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := aws.Stop(); err != nil {
		t.Fatal(err)
	}
	<-aws.Done()
	if response, err := aws.Client().Get(aws.Endpoint()); err == nil {
		response.Body.Close()
		t.Error("it still answers after Stop")
	}
}

func TestStartCanceled(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if aws, err := local.Start(ctx, ".."); err == nil {
		t.Errorf("no error, stopped with %v", aws.Stop())
	}
	empty(t, temp)
}

func TestNotInstalled(t *testing.T) {
	_, err := local.Start(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("error %v does not name make setup", err)
	}
}

// TestStartFails uses a Python without MiniStack. The error contains its output.
func TestStartFails(t *testing.T) {
	python, err := filepath.EvalSymlinks("../.venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	checkout := t.TempDir()
	if err := os.MkdirAll(filepath.Join(checkout, ".venv", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{".venv/bin/python": python, "local": here} {
		if err := os.Symlink(target, filepath.Join(checkout, link)); err != nil {
			t.Fatal(err)
		}
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, err = local.Start(t.Context(), checkout)
	if err == nil || !strings.Contains(err.Error(), "No module named") {
		t.Errorf("error %v does not hold the log", err)
	}
	empty(t, temp)
}

func empty(t *testing.T, directory string) {
	t.Helper()
	left, err := os.ReadDir(directory)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
}

func TestEnviron(t *testing.T) {
	aws := start(t)
	got := aws.Environ([]string{
		"HOME=/home/ann", "AWS_PROFILE=production", "AWS_ENDPOINT_URL_S3=https://s3", "CDK_DEFAULT_ACCOUNT=1",
		"no_proxy=intranet",
	})
	directory := strings.TrimSuffix(aws.Settings()["CDK_HOME"], "/cdk")
	want := []string{
		"HOME=/home/ann",
		"AWS_ACCESS_KEY_ID=test",
		"AWS_CONFIG_FILE=/dev/null",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL=" + aws.Endpoint(),
		"AWS_REGION=us-east-1",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CDK_HOME=" + directory + "/cdk",
		"NO_PROXY=127.0.0.1,.localhost,intranet",
		"no_proxy=127.0.0.1,.localhost,intranet",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Environ (-want +got):\n%s", diff)
	}
}

// TestExports compares the variables of a shell that ran the lines with Environ.
func TestExports(t *testing.T) {
	aws := start(t)
	before := []string{"AWS_PROFILE=production", "AWS_SESSION_TOKEN=token"}
	shell := exec.Command("/bin/sh", "-c", aws.Exports()+"/usr/bin/env")
	shell.Env = before
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	printed := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, want := range aws.Environ(before) {
		if !slices.ContainsFunc(printed, func(got string) bool { return strings.TrimRight(got, ",") == want }) {
			t.Errorf("%s is missing in %q", want, printed)
		}
	}
	for _, got := range printed {
		if strings.HasPrefix(got, "AWS_PROFILE=") || strings.HasPrefix(got, "AWS_SESSION_TOKEN=") {
			t.Errorf("%s is left", got)
		}
	}
}

// A deploy goes past a proxy that the user's environment names.
func TestProxy(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	var out bytes.Buffer
	if err := start(t).Bootstrap(t.Context(), &out); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
}
