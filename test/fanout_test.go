package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"defog-cdk/local"
)

// itemsCode records each evaluation of an item as an object. Items after the gate
// wait until that object exists. Items with an error raise it, until the object
// "fixed" exists.
const itemsCode = `
import os, time, uuid
import boto3

s3 = boto3.client("s3")
bucket = os.environ["S3_BUCKET_NAME"]

def exists(key):
    try:
        s3.get_object(Bucket=bucket, Key=key)
        return True
    except s3.exceptions.ClientError:
        return False

def handler(event, context):
    folder = "output/" + event["run"] + "/"
    s3.put_object(Bucket=bucket, Key="%sevaluated/%d/%s" % (folder, event["n"], uuid.uuid4().hex), Body=b"")
    if event.get("gate"):
        while not exists(folder + "open"):
            time.sleep(0.2)
    if event.get("error") and not exists(folder + "fixed"):
        raise {"ValueError": ValueError, "KeyError": KeyError}[event["error"]]("item %d is invalid" % event["n"])
    return {"n": event["n"]}
`

// fanOut is a custom function with fan_out on a shared local AWS.
type fanOut struct {
	*customDeployment
}

func newFanOut(t *testing.T, app string, source *shared[*local.AWS]) *fanOut {
	t.Helper()
	f := &fanOut{&customDeployment{app: app, aws: sharedAWS(t, source), code: files(t, map[string]string{"handler.py": itemsCode}), packages: files(t, map[string]string{"nothing.py": ""})}}
	// With dependencies, Lambda's own runtime client runs the handler, and names its errors.
	f.deploy(t, []string{"function_source_dist_zip=" + f.code, "function_source_dependencies_zip=" + f.packages, "fan_out=true"})
	return f
}

// eval returns a command of the client.
func (f *fanOut) eval(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), defog.get(t), append([]string{"eval", "-c", "app_name=" + f.app}, args...)...)
	command.Dir, command.Env = checkout, f.aws.Environ(os.Environ())
	return command
}

// run runs the client and returns its output and exit code.
func (f *fanOut) run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	program := f.eval(t, args...)
	output, err := program.CombinedOutput()
	if program.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), program.ProcessState.ExitCode()
}

// keys lists the objects below a prefix.
func (f *fanOut) keys(t *testing.T, prefix string) (keys []string) {
	t.Helper()
	pages := s3.NewListObjectsV2Paginator(f.s3(), &s3.ListObjectsV2Input{Bucket: aws.String(f.outputs["BucketName"]), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			keys = append(keys, strings.TrimPrefix(aws.ToString(object.Key), prefix))
		}
	}
	return keys
}

func (f *fanOut) write(t *testing.T, key string) {
	t.Helper()
	if _, err := f.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(f.outputs["BucketName"]), Key: &key}); err != nil {
		t.Fatal(err)
	}
}

// evaluations counts the evaluations of each item.
func (f *fanOut) evaluations(t *testing.T, run string) map[int]int {
	t.Helper()
	counts := map[int]int{}
	for _, key := range f.keys(t, "output/"+run+"/evaluated/") {
		n, err := strconv.Atoi(strings.SplitN(key, "/", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		counts[n]++
	}
	return counts
}

// executions lists the names of the state machine's executions.
func (f *fanOut) executions(t *testing.T) (names []string) {
	t.Helper()
	found, err := sfn.NewFromConfig(f.config()).ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(f.outputs["FanOutArn"])})
	if err != nil {
		t.Fatal(err)
	}
	for _, execution := range found.Executions {
		names = append(names, aws.ToString(execution.Name))
	}
	slices.Sort(names)
	return names
}

// TestFanOut runs items on local AWS: with failures, a killed client, a cancel, and two
// resumes at once.
func TestFanOut(t *testing.T) {
	t.Parallel()
	f := newFanOut(t, "items", plainAWS)
	t.Run("no item is lost or evaluated twice but those in flight", f.testKills)
	t.Run("a run ends when too many items fail", f.testTolerate)
	t.Run("failed items are evaluated again", f.testRetry)
	t.Run("a name is used once", f.testName)
}

func (f *fanOut) testKills(t *testing.T) {
	const (
		run, total, gate, concurrency = "kills", 200, 100, 8
		folder                        = "output/" + run + "/"
	)
	errors := map[int]string{10: "ValueError", 20: "ValueError", 30: "KeyError", 150: "ValueError"}
	var lines strings.Builder
	for n := range total {
		fmt.Fprintf(&lines, `{"run": %q, "n": %d, "gate": %t, "error": %q}`+"\n", run, n, n >= gate, errors[n])
	}
	items := filepath.Join(files(t, map[string]string{"items.jsonl": lines.String()}), "items.jsonl")

	client := f.eval(t, "--each", items, "--name", run, "--concurrency", fmt.Sprint(concurrency), "--tolerate", "50%", "--retry", "0")
	var output bytes.Buffer
	client.Stdout, client.Stderr = &output, &output
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the items before the gate to be done, and the others to wait", func() bool {
		return len(f.keys(t, "runs/"+run+"/done/")) == gate-3 && len(f.evaluations(t, run)) == gate+concurrency
	})
	if err := client.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Fatalf("the client ended by itself:\n%s", output.String())
	}

	// The run continues. Another client follows it until Ctrl-C.
	follower := f.eval(t, "--resume", run)
	var lock sync.Mutex
	var followed bytes.Buffer
	follower.Stderr = writerFunc(func(p []byte) (int, error) { lock.Lock(); defer lock.Unlock(); return followed.Write(p) })
	text := func() string { lock.Lock(); defer lock.Unlock(); return followed.String() }
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "progress", func() bool { return strings.Contains(text(), "97 of 200 items done, 3 failed, 8 running") })
	if err := follower.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := follower.Wait(); err == nil || !strings.Contains(text(), "run kills: continues\n") || !strings.Contains(text(), "The run continues on AWS.\n  defog eval -c app_name="+f.app+" --resume kills ") {
		t.Errorf("%v\n%s", err, text())
	}

	if output, code := f.run(t, "--cancel", run); code != 0 || !strings.Contains(output, "run kills: canceled") {
		t.Fatalf("code %d:\n%s", code, output)
	}
	if output, code := f.run(t, "--cancel", run); code != 0 || output != "run kills: does not run\n" {
		t.Errorf("code %d:\n%s", code, output)
	}
	f.write(t, folder+"open")

	// Two clients take the run up at once.
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			output, code := f.run(t, "--resume", run, "--retry", "0", "--tolerate", "100%")
			for _, want := range []string{
				"run kills: 196 of 200 items are done\n", "  3 × ValueError, such as 00000010: item 10 is invalid\n", "  1 × KeyError, such as 00000030: 'item 30 is invalid'\n",
				"4 of 200 items are not done",
			} {
				if code != 1 || !strings.Contains(output, want) {
					t.Errorf("code %d without %q:\n%s", code, want, output)
				}
			}
		})
	}
	both.Wait()
	if names := f.executions(t); !slices.Equal(names, []string{"kills-1", "kills-2"}) {
		t.Errorf("executions %q", names)
	}
	twice := 0
	for n, count := range f.evaluations(t, run) {
		switch {
		case errors[n] != "" && n < gate: // once in each attempt
			if count != 2 {
				t.Errorf("item %d fails: evaluated %d times", n, count)
			}
		case n >= gate && n < gate+concurrency && count == 2: // in flight at the cancel
			twice++
		case count != 1:
			t.Errorf("item %d: evaluated %d times", n, count)
		}
	}
	if twice != concurrency {
		t.Errorf("%d items were in flight at the cancel; want %d", twice, concurrency)
	}

	if output, code := f.run(t, "--report", run); code != 1 || !strings.Contains(output, "run kills: 196 of 200 items are done\n  3 × ValueError") {
		t.Errorf("code %d:\n%s", code, output)
	}

	f.write(t, folder+"fixed")
	before := f.evaluations(t, run)
	if output, code := f.run(t, "--resume", run); code != 0 || !strings.Contains(output, "attempt 3 evaluates 4 of 200 items") || !strings.Contains(output, "run kills: all 200 items are done\n") {
		t.Errorf("code %d:\n%s", code, output)
	}
	for n, count := range f.evaluations(t, run) {
		if want := before[n] + map[bool]int{true: 1}[errors[n] != ""]; count != want {
			t.Errorf("item %d: evaluated %d times; want %d", n, count, want)
		}
	}
	if output, code := f.run(t, "--resume", run); code != 0 || !strings.Contains(output, "run kills: nothing is left\n") {
		t.Errorf("code %d:\n%s", code, output)
	}
	if output, code := f.run(t, "--runs"); code != 0 || !strings.Contains(output, "kills  3        succeeded") {
		t.Errorf("code %d:\n%s", code, output)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func (f *fanOut) testTolerate(t *testing.T) {
	const run = "tolerate"
	var lines strings.Builder
	for n := range 40 {
		fmt.Fprintf(&lines, `{"run": %q, "n": %d, "error": "ValueError"}`+"\n", run, n)
	}
	items := filepath.Join(files(t, map[string]string{"items.jsonl": lines.String()}), "items.jsonl")
	output, code := f.run(t, "--each", items, "--name", run, "--concurrency", "2", "--tolerate", "5%", "--retry", "0")
	if code != 1 || !strings.Contains(output, "run tolerate: 0 of 40 items are done; ended because more than 5% failed (--tolerate)\n") {
		t.Errorf("code %d:\n%s", code, output)
	}
	if evaluated := len(f.evaluations(t, run)); evaluated < 3 || evaluated > 20 {
		t.Errorf("%d of 40 items were evaluated before the run ended", evaluated)
	}
}

func (f *fanOut) testRetry(t *testing.T) {
	const run = "retry"
	items := filepath.Join(files(t, map[string]string{"items.jsonl": `{"run": "retry", "n": 0, "error": "ValueError"}` + "\n\n" + `{"run": "retry", "n": 1}`}), "items.jsonl")
	output, code := f.run(t, "--each", items, "--name", run, "--tolerate", "50", "--retry", "1")
	if code != 1 || !strings.Contains(output, "run retry: 1 of 2 items are done\n") {
		t.Errorf("code %d:\n%s", code, output)
	}
	if counts := f.evaluations(t, run); counts[0] != 2 || counts[1] != 1 {
		t.Errorf("evaluated %v times", counts)
	}
}

func (f *fanOut) testName(t *testing.T) {
	items := filepath.Join(files(t, map[string]string{"items.jsonl": `{"run": "name", "n": 0}`}), "items.jsonl")
	if output, code := f.run(t, "--each", items, "--name", "name"); code != 0 {
		t.Fatalf("code %d:\n%s", code, output)
	}
	if output, code := f.run(t, "--each", items, "--name", "name"); code != 1 || !strings.Contains(output, "run name exists; want another --name, or --resume name") {
		t.Errorf("code %d:\n%s", code, output)
	}
	if output, code := f.run(t, "--resume", "nothing"); code != 1 || !strings.Contains(output, "run nothing: not found") {
		t.Errorf("code %d:\n%s", code, output)
	}
}

// TestFanOutUnderIAM evaluates items on a local AWS that enforces IAM.
func TestFanOutUnderIAM(t *testing.T) {
	t.Parallel()
	f := newFanOut(t, "itemsiam", enforcingAWS)
	items := filepath.Join(files(t, map[string]string{"items.jsonl": `{"run": "iam", "n": 0}` + "\n" + `{"run": "iam", "n": 1}`}), "items.jsonl")
	if output, code := f.run(t, "--each", items, "--name", "iam"); code != 0 || !strings.Contains(output, "run iam: all 2 items are done\n") {
		t.Errorf("code %d:\n%s", code, output)
	}
}
