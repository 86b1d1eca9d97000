package test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/localaws"
	"defog-cdk/local"
)

// Secrets with each character that some format escapes.
const (
	oldPassword = `Old<Pass&word>1 'q" \ %2F ünïcode`
	newPassword = `New<Pass&word>2 'q" \ %2F ünïcode`
	reviewKey   = `Key/+='"é𝄞 of the review`
)

// diffDeployment is a deployed stack, and a change of its password.
type diffDeployment struct {
	aws      *local.AWS
	program  string // defog
	old, new string // connection files
	secrets  map[string]string

	once     sync.Once
	assembly string // of the change, after synthesize
	output   string // of cdk diff
}

// TestDiff changes a password, and searches all that defog diff prints and writes
// for the old and the new one.
func TestDiff(t *testing.T) {
	t.Parallel()
	r := newDiffDeployment(t)
	for _, step := range []struct {
		name string
		test func(*testing.T, *diffDeployment)
	}{
		{"change is shown without secrets", testDiffOfAChange},
		{"output is that of cdk diff", testDiffIsTheCLIs},
		{"exit codes are those of cdk diff", testDiffExitCodes},
		{"app output is redacted", testDiffOfABrokenApp},
		{"review lists security first", testReview},
		{"unreadable stack shows nothing", testDiffWithoutRights},
		{"drift lists changes in the console", testDrift},
	} {
		t.Run(step.name, func(t *testing.T) { step.test(t, r) })
	}
}

func newDiffDeployment(t *testing.T) *diffDeployment {
	t.Helper()
	r := &diffDeployment{aws: sharedAWS(t, plainAWS), program: defog.get(t), assembly: filepath.Join(t.TempDir(), "cdk.out")}
	credentials := func(password string) connection.Connection {
		return connection.Connection{APIKey: reviewKey, DBType: "postgres", DBCreds: connection.Creds{
			"host": "db.example.com", "port": 5432, "database": "shop", "user": "reader", "password": password}}
	}
	r.old, r.new = writeConnection(t, credentials(oldPassword)), writeConnection(t, credentials(newPassword))
	r.secrets = map[string]string{"old password": oldPassword, "new password": newPassword, "API key": reviewKey}
	run(t, "cdk deploy", func(out io.Writer) error { return r.aws.Deploy(t.Context(), out, r.settings(r.old)...) })
	return r
}

func (r *diffDeployment) settings(connectionFile string, more ...string) []string {
	return slices.Concat([]string{"-c", "app_name=reviewed", "-c", "connection_file=" + connectionFile}, more)
}

// defog runs the program on local AWS, with more variables, and returns its output
// and exit code.
func (r *diffDeployment) defog(t *testing.T, variables []string, args ...string) (output string, code int) {
	t.Helper()
	return r.execute(t, variables, r.program, args...)
}

// execute runs a program, or the CLI as "cdk", on local AWS.
func (r *diffDeployment) execute(t *testing.T, variables []string, program string, args ...string) (output string, code int) {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join(checkout, "node_modules", ".bin"))
	if err != nil {
		t.Fatal(err)
	}
	if program == "cdk" {
		program = filepath.Join(bin, program)
	}
	environ := append(r.aws.Environ(os.Environ()), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	output, code = command(t, append(environ, variables...), program, args...)
	return output, code
}

func testDiffOfAChange(t *testing.T, r *diffDeployment) {
	temporary, home, since := t.TempDir(), t.TempDir(), time.Now().Add(-time.Second)
	modes := make(chan []string)
	stop := make(chan struct{})
	go func() { modes <- watchModes(temporary, stop) }()
	output, code := r.defog(t, []string{"TMPDIR=" + temporary, "CDK_HOME=" + home, "DEFOG_FINGERPRINT_KEY=0123456789abcdef"},
		slices.Concat([]string{"diff", "--fail"}, r.settings(r.new, "-c", "max_rows=77", "-c", "architecture="+localaws.Architecture()))...)
	close(stop)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"DEFOG_CREDS_64", "[-] sha256:", "[+] sha256:", "DEFOG_MAX_ROWS", "[-] 10000", "[+] 77", "Number of stacks with differences: 1"} {
		if !strings.Contains(output, want) {
			t.Errorf("%q is not in:\n%s", want, output)
		}
	}
	if found := leaks(t, []byte(output), r.secrets); len(found) > 0 {
		t.Errorf("%v in:\n%s", found, output)
	}
	found, files := leaksIn(t, r.secrets, since, []string{temporary, home, checkout}, "node_modules", ".venv", ".build", ".git", "test", "testdata")
	if len(found) > 0 || files == 0 {
		t.Errorf("%d files were written, with secrets in %v", files, found)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("files left: %v, %v", left, err)
	}
	if seen := <-modes; !slices.Equal(seen, []string{"drwx------"}) {
		t.Errorf("the private folder's modes: %v", seen)
	}
}

// watchModes returns the modes that the folders of defog diff had until stop.
func watchModes(temporary string, stop <-chan struct{}) (modes []string) {
	for {
		folders, _ := filepath.Glob(filepath.Join(temporary, "defog-cdk-*")) // the pattern is valid
		for _, folder := range folders {
			if info, err := os.Stat(folder); err == nil && !slices.Contains(modes, info.Mode().String()) {
				modes = append(modes, info.Mode().String())
			}
		}
		select {
		case <-stop:
			return modes
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// synthesize returns the output of cdk diff on the change, which writes the
// assembly. It runs once.
func (r *diffDeployment) synthesize(t *testing.T) string {
	t.Helper()
	r.once.Do(func() {
		output, code := r.execute(t, nil, "cdk", slices.Concat([]string{"diff", "-o", r.assembly},
			r.settings(r.new, "-c", "max_rows=77", "-c", "architecture="+localaws.Architecture()))...)
		if code != 0 || !strings.Contains(output, "npm run diff") {
			t.Fatalf("exit code %d:\n%s", code, output)
		}
		r.output = output
	})
	return r.output
}

// testDiffIsTheCLIs compares with the output of cdk diff, in which it masks the
// credentials.
func testDiffIsTheCLIs(t *testing.T, r *diffDeployment) {
	output := r.synthesize(t)
	before, after := encoded(t, r.old), encoded(t, r.new)
	if strings.Count(output, before) != 1 || strings.Count(output, after) != 1 {
		t.Fatalf("cdk diff shows no credentials:\n%s", output)
	}
	masked := strings.NewReplacer(before, "(secret, changed)", after, "(secret, changed)")
	for _, variables := range [][]string{nil, {"CI=true"}} {
		got, _ := r.defog(t, variables, "diff", "--app", r.assembly)
		if difference := cmp.Diff(progressFirst(masked.Replace(output)), progressFirst(got)); difference != "" {
			t.Errorf("%v: -cdk diff +defog diff:\n%s", variables, difference)
		}
	}

	colored, _ := r.execute(t, []string{"FORCE_COLOR=1"}, "cdk", "diff", "--app", r.assembly)
	got, _ := r.defog(t, []string{"FORCE_COLOR=1"}, "diff", "--app", r.assembly)
	if difference := cmp.Diff(progressFirst(masked.Replace(colored)), progressFirst(got)); difference != "" || colored == output {
		t.Errorf("in colors: -cdk diff +defog diff:\n%s", difference)
	}
	verbose, _ := r.defog(t, nil, "diff", "--app", r.assembly, "-vvv", "--method=template")
	if found := leaks(t, []byte(verbose), r.secrets); len(found) > 0 || !strings.Contains(verbose, "GetTemplate") {
		t.Errorf("%v in:\n%s", found, verbose)
	}
}

// progressFirst moves the progress of assets to the front. The CLI publishes assets while
// it prints warnings, in any order.
func progressFirst(output string) string {
	var progress, others strings.Builder
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "start: ") || strings.HasPrefix(line, "success: ") {
			progress.WriteString(line)
		} else {
			others.WriteString(line)
		}
	}
	return progress.String() + others.String()
}

func encoded(t *testing.T, path string) string {
	t.Helper()
	conn, err := connection.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := conn.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func testDiffExitCodes(t *testing.T, r *diffDeployment) {
	r.synthesize(t)
	template := filepath.Join(r.assembly, "reviewed-dev.template.json")
	for _, args := range [][]string{
		{"--app", r.assembly}, {"--app", r.assembly, "--fail"}, {"--app", r.assembly, "--fail-on=broadening"},
		{"--app", r.assembly, "--template", template, "--fail"}, {"--app", r.assembly, "--no-such-flag-of-the-cli=1"}, {"--app", r.assembly, "no-such-stack"},
		{"--app", "exit 3"},
	} {
		want, wantCode := r.execute(t, nil, "cdk", slices.Concat([]string{"diff", "--output", filepath.Join(t.TempDir(), "cdk.out")}, args)...)
		got, code := r.defog(t, nil, slices.Concat([]string{"diff"}, args)...)
		if code != wantCode {
			t.Errorf("%v: exit code %d, and %d of cdk diff:\n%s\n%s", args, code, wantCode, got, want)
		}
	}
}

// testDiffOfABrokenApp runs an app that prints the connection file.
func testDiffOfABrokenApp(t *testing.T, r *diffDeployment) {
	output, code := r.defog(t, nil, slices.Concat([]string{"diff", "--app", "cat " + r.new + " >&2; exit 3"}, r.settings(r.new))...)
	if found := leaks(t, []byte(output), r.secrets); code != 1 || len(found) > 0 || !strings.Contains(output, `"password":"(secret)"`) {
		t.Errorf("exit code %d, %v in:\n%s", code, found, output)
	}
}

// testReview reviews changes as a CI job does, and checks the exit codes.
func testReview(t *testing.T, r *diffDeployment) {
	r.synthesize(t)
	report := filepath.Join(t.TempDir(), "review.md")
	synth := []string{"run", "--silent", "review", "--", "--output", report, "-c", "architecture=" + localaws.Architecture()}
	tests := []struct {
		name    string
		program string
		args    []string
		code    int
		want    []string // in this order
	}{
		{"no change", "npm", slices.Concat(synth, r.settings(r.old)), 0, []string{"### Stack `reviewed-dev`: no changes"}},
		{"a harmless change", "npm", slices.Concat(synth, r.settings(r.old, "-c", "max_rows=77")), 2,
			[]string{"0 security-relevant", "Other", "DEFOG_MAX_ROWS", "`10000` | `77` | `max_rows=77` (-c)"}},
		{"a change of the credentials", r.program, []string{"review", "--app", r.assembly, "--output", report}, 3,
			[]string{"1 security-relevant", "the credentials change: `db_creds.password`", "DEFOG_CREDS_64", "`(secret, changed)`", "Other", "DEFOG_MAX_ROWS"}},
		{"an open API", "npm", slices.Concat(synth, r.settings(r.old, "-c", "api_auth=none", "-c", "log_retention_in_days=1")), 3,
			[]string{"3 security-relevant", "the route becomes public", "`AWS_IAM` | `NONE` | `api_auth=none` (-c)", "the retention of logs is shorter", "`log_retention_in_days=1` (-c)"}},
		{"no settings", r.program, []string{"review", "--output", report, "-c", "api_auth=open"}, 1, nil},
		{"no such stack", r.program, []string{"review", "--output", report, "--app", r.assembly, "--stack", "other"}, 1, nil},
	}
	for _, test := range tests {
		if err := os.WriteFile(report, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		output, code := r.execute(t, nil, test.program, test.args...)
		text, err := os.ReadFile(report)
		if err != nil || code != test.code {
			t.Errorf("%s: exit code %d, %v: %s%s", test.name, code, err, output, text)
		}
		rest := string(text)
		for _, want := range test.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: %q is not in this order in:\n%s", test.name, want, text)
				break
			}
			rest = after
		}
		if found := leaks(t, append(text, output...), r.secrets); len(found) > 0 {
			t.Errorf("%s: %v in:\n%s%s", test.name, found, output, text)
		}
	}
}

func testDiffWithoutRights(t *testing.T, r *diffDeployment) {
	r.synthesize(t)
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no rights</Message></Error></ErrorResponse>")
	}))
	defer denied.Close()
	for endpoint, want := range map[string]string{
		denied.URL:           "no difference is printed",
		"http://127.0.0.1:1": "local AWS has ended",
	} {
		output, code := r.defog(t, []string{"AWS_ENDPOINT_URL=" + endpoint, "AWS_MAX_ATTEMPTS=1"}, "diff", "--app", r.assembly)
		if code != 1 || !strings.Contains(output, want) || strings.Contains(output, "Resources") {
			t.Errorf("%s: exit code %d, want %q:\n%s", endpoint, code, want, output)
		}
	}
}

// testDrift changes the deployed function's variables and timeout, and the retention of
// its log, as a person would in the console.
func testDrift(t *testing.T, r *diffDeployment) {
	drift := func(code int, want ...string) {
		t.Helper()
		report := filepath.Join(t.TempDir(), "drift.md")
		output, got := r.execute(t, nil, "npm", slices.Concat([]string{"run", "--silent", "review", "--", "--drift", "--output", report}, r.settings(r.old))...)
		text, err := os.ReadFile(report)
		if err != nil || got != code || !strings.Contains(output, "reviewed-dev: drift detection of ") {
			t.Fatalf("exit code %d, want %d, %v: %s%s", got, code, err, output, text)
		}
		rest := string(text)
		for _, want := range append(want, "Not checked by CloudFormation: ", "`AWS::ApiGatewayV2::Route` (1)") {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%q is not in this order in:\n%s", want, text)
				break
			}
			rest = after
		}
		secrets := maps.Clone(r.secrets)
		secrets["variable of the console"] = "hunter2-of-the-console"
		if found := leaks(t, append(text, output...), secrets); len(found) > 0 {
			t.Errorf("%v in:\n%s%s", found, output, text)
		}
	}
	drift(0, "### Stack `reviewed-dev`: no drift")

	functions, logs := lambda.NewFromConfig(r.aws.Config()), cloudwatchlogs.NewFromConfig(r.aws.Config())
	name, group := r.resource(t, "AWS::Lambda::Function", "Query"), r.resource(t, "AWS::Logs::LogGroup", "Query")
	deployed, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		t.Fatal(err)
	}
	variables := deployed.Environment.Variables
	variables["DEFOG_CREDS_64"], variables["DEFOG_MAX_ROWS"], variables["NOTE"] = encoded(t, r.new), "77", "hunter2-of-the-console"
	_, err = functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &name, Timeout: aws.Int32(7), Environment: &lambdatypes.Environment{Variables: variables},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	drift(3, "### Stack `reviewed-dev`: drift, 2 security-relevant, 0 with loss, 3 other", "**Security**", "| what | where | template | actual | setting |",
		"the credentials change: `db_creds.password`", "`(secret, changed)`", "the retention of logs is shorter", "| `30` | `1` | `log_retention_in_days` |",
		"Other", "| `10000` | `77` | `max_rows` |", "| added |", "NOTE`", "| `(secret)` |", "Timeout", "| `7` |")
}

// resource returns the physical id of the deployed stack's resource of a type whose
// logical id has a prefix.
func (r *diffDeployment) resource(t *testing.T, kind, prefix string) string {
	t.Helper()
	stack := "reviewed-dev"
	found, err := cloudformation.NewFromConfig(r.aws.Config()).DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: &stack})
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range found.StackResources {
		if *resource.ResourceType == kind && strings.HasPrefix(*resource.LogicalResourceId, prefix) {
			return *resource.PhysicalResourceId
		}
	}
	t.Fatalf("the stack has no %s %s…", kind, prefix)
	return ""
}

func TestInterruptedDiffLeavesNoFiles(t *testing.T) {
	t.Parallel()
	program, temporary := defog.get(t), t.TempDir()
	started, printed := io.Pipe()
	diff := exec.CommandContext(t.Context(), program, "diff", "--app", "echo begun >&2; exec sleep 600")
	diff.Dir, diff.Env = checkout, append(os.Environ(), "TMPDIR="+temporary, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	diff.Stderr = printed
	if err := diff.Start(); err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, len("begun\n"))
	if _, err := io.ReadFull(started, begun); err != nil || string(begun) != "begun\n" {
		t.Fatalf("%q, %v", begun, err)
	}
	go func() { _, _ = io.Copy(io.Discard, started) }() // until it ends
	if err := diff.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := diff.Wait()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		t.Errorf("defog diff returned %v; want an exit code", err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("files left: %v, %v", left, err)
	}
}
