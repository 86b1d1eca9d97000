package local_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/local"
)

const tooManyRequests = "Lambda.TooManyRequestsException"

// stateMachine is that of testdata/map.asl.json, which invokes the function of
// testdata/items.py for each item and then creates an object.
type stateMachine struct {
	*local.AWS
	arn       string
	functions *lambda.Client
	storage   *s3.Client
}

// limits are of one execution.
type limits struct {
	Concurrency int `json:"concurrency"`
	Tolerate    int `json:"tolerate"` // percentage
}

// item is an event of the function. It names files.
type item struct {
	Started string `json:"started,omitempty"`
	Wait    string `json:"wait,omitempty"`
	Fail    bool   `json:"fail,omitempty"`
}

type execution struct{ ExecutionArn, Status, Error, Cause string }

type mapRun struct {
	Status         string
	MaxConcurrency int
	ItemCounts     map[string]int
}

func newStateMachine(t *testing.T, aws *local.AWS) *stateMachine {
	t.Helper()
	script, err := os.ReadFile("testdata/items.py")
	if err != nil {
		t.Fatal(err)
	}
	definition, err := os.ReadFile("testdata/map.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	config := aws.Config()
	m := &stateMachine{AWS: aws, functions: lambda.NewFromConfig(config), storage: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })}
	createFunction(t, m.functions, "items", string(script), nil)
	if _, err := m.storage.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: awssdk.String("runs")}); err != nil {
		t.Fatal(err)
	}
	m.arn = m.create(t, "map", string(definition))
	return m
}

func (m *stateMachine) create(t *testing.T, name, definition string) (arn string) {
	t.Helper()
	var created struct{ StateMachineArn string }
	m.call(t, "CreateStateMachine", map[string]string{"name": name, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/map"}, &created)
	return created.StateMachineArn
}

// call calls an action of Step Functions.
func (m *stateMachine) call(t *testing.T, action string, input, output any) {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.Endpoint(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "AWSStepFunctions."+action)
	response, err := m.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(output); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", action, response.Status, err)
	}
}

// run starts an execution for these items. The name of the run is its number of items.
func (m *stateMachine) run(t *testing.T, within limits, items ...item) (arn string) {
	t.Helper()
	name := fmt.Sprint(len(items))
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, item := range items {
		if err := encoder.Encode(item); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: awssdk.String("runs"), Key: &name, Body: bytes.NewReader(lines.Bytes())}); err != nil {
		t.Fatal(err)
	}
	return m.start(t, m.arn, struct {
		limits
		Run   string `json:"run"`
		Items string `json:"items"`
	}{within, name, name})
}

func (m *stateMachine) start(t *testing.T, machine string, input any) (arn string) {
	t.Helper()
	encoded, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var started execution
	m.call(t, "StartExecution", map[string]string{"stateMachineArn": machine, "input": string(encoded)}, &started)
	return started.ExecutionArn
}

// ended waits for the end of an execution.
func (m *stateMachine) ended(t *testing.T, arn string) (described execution) {
	t.Helper()
	waitFor(t, "the execution to end", func() bool {
		m.call(t, "DescribeExecution", map[string]string{"executionArn": arn}, &described)
		return described.Status != "RUNNING"
	})
	return described
}

func (m *stateMachine) mapRun(t *testing.T, execution string) (run mapRun) {
	t.Helper()
	var list struct{ MapRuns []struct{ MapRunArn string } }
	m.call(t, "ListMapRuns", map[string]string{"executionArn": execution}, &list)
	if len(list.MapRuns) != 1 {
		t.Fatalf("the execution has %d map runs, want 1", len(list.MapRuns))
	}
	m.call(t, "DescribeMapRun", map[string]string{"mapRunArn": list.MapRuns[0].MapRunArn}, &run)
	return run
}

// counts are the numbers of items that are not 0.
func (r mapRun) counts() map[string]int {
	counts := map[string]int{}
	for state, n := range r.ItemCounts {
		if n != 0 {
			counts[state] = n
		}
	}
	return counts
}

// done lists the objects that the run's items created.
func (m *stateMachine) done(t *testing.T, run string) (keys []string) {
	t.Helper()
	listed, err := m.storage.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: awssdk.String("runs"), Prefix: awssdk.String(run + "/done/")})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range listed.Contents {
		if *object.Size != 0 {
			t.Errorf("%s has %d bytes, want an empty object", *object.Key, *object.Size)
		}
		keys = append(keys, strings.TrimPrefix(*object.Key, run+"/done/"))
	}
	return keys
}

// throttled runs an item whose function is always throttled.
func (m *stateMachine) throttled(t *testing.T) execution {
	t.Helper()
	if _, err := m.functions.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{
		FunctionName: awssdk.String("items"), ReservedConcurrentExecutions: awssdk.Int32(0),
	}); err != nil {
		t.Fatal(err)
	}
	return m.ended(t, m.start(t, m.create(t, "task", `{"StartAt": "Invoke", "States": {"Invoke": {
		"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "items", "Payload": {}}, "End": true}}}`), item{}))
}

func TestDistributedMap(t *testing.T) {
	m := newStateMachine(t, start(t))

	t.Run("items that fail are tolerated", func(t *testing.T) {
		arn := m.run(t, limits{Tolerate: 50}, item{}, item{Fail: true}, item{}, item{Fail: true})
		if ended := m.ended(t, arn); ended.Status != "SUCCEEDED" {
			t.Errorf("the execution ended with %+v, want SUCCEEDED", ended)
		}
		if diff := cmp.Diff(map[string]int{"total": 4, "succeeded": 2, "failed": 2}, m.mapRun(t, arn).counts()); diff != "" {
			t.Error(diff)
		}
		if done := m.done(t, "4"); !slices.Equal(done, []string{"0", "2"}) {
			t.Errorf("objects %v, want those of items 0 and 2", done)
		}
	})

	t.Run("too many failures end the run", func(t *testing.T) {
		items := slices.Repeat([]item{{Fail: true}}, 10)
		arn := m.run(t, limits{Tolerate: 20, Concurrency: 1}, items...)
		if ended := m.ended(t, arn); ended.Status != "FAILED" || ended.Error != "States.ExceedToleratedFailureThreshold" {
			t.Errorf("the execution ended with %+v, want the threshold's error", ended)
		}
		if diff := cmp.Diff(map[string]int{"total": 10, "failed": 3, "aborted": 7}, m.mapRun(t, arn).counts()); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a stopped execution ends its items", func(t *testing.T) {
		directory := t.TempDir()
		wait := filepath.Join(directory, "wait")
		var items []item
		for i := range 5 {
			items = append(items, item{Started: filepath.Join(directory, fmt.Sprint(i)), Wait: wait})
		}
		arn := m.run(t, limits{Concurrency: 2}, items...)
		waitFor(t, "two items to start", func() bool {
			started, err := os.ReadDir(directory)
			return err == nil && len(started) == 2
		})
		run := m.mapRun(t, arn)
		if diff := cmp.Diff(map[string]int{"total": 5, "running": 2, "pending": 3}, run.counts()); diff != "" || run.MaxConcurrency != 2 {
			t.Errorf("concurrency %d, want 2; counts: %s", run.MaxConcurrency, diff)
		}

		var stopped struct{}
		m.call(t, "StopExecution", map[string]string{"executionArn": arn}, &stopped)
		if ended := m.ended(t, arn); ended.Status != "ABORTED" {
			t.Errorf("the execution ended with %+v, want ABORTED", ended)
		}
		waitFor(t, "the map run to end", func() bool { run = m.mapRun(t, arn); return run.Status != "RUNNING" })
		if diff := cmp.Diff(map[string]int{"total": 5, "aborted": 5}, run.counts()); diff != "" || run.Status != "ABORTED" {
			t.Errorf("status %s, want ABORTED; counts: %s", run.Status, diff)
		}

		// The functions that run end after the execution, and nothing follows them.
		if err := os.WriteFile(wait, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if ended := m.ended(t, m.run(t, limits{Concurrency: 2}, slices.Repeat([]item{{}}, 6)...)); ended.Status != "SUCCEEDED" {
			t.Errorf("the next execution ended with %+v, want SUCCEEDED", ended)
		}
		if first, second := m.done(t, "5"), m.done(t, "6"); len(first) != 0 || len(second) != 6 {
			t.Errorf("objects %v of the stopped execution and %v of the next, want none and 6", first, second)
		}
		if ended := m.ended(t, arn); ended.Status != "ABORTED" {
			t.Errorf("the stopped execution has become %+v", ended)
		}
	})

	t.Run("a limit that is not a number", func(t *testing.T) {
		arn := m.start(t, m.arn, map[string]string{"run": "6", "items": "6", "concurrency": "2"})
		if ended := m.ended(t, arn); ended.Error != "States.Runtime" || !strings.Contains(ended.Cause, `MaxConcurrencyPath selects "2"`) {
			t.Errorf("the execution ended with %+v, want an error of MaxConcurrencyPath", ended)
		}
	})
}

func TestPutObjectRefusesText(t *testing.T) {
	m := newStateMachine(t, start(t))
	ended := m.ended(t, m.start(t, m.create(t, "put", `{"StartAt": "Put", "States": {"Put": {"Type": "Task", "End": true,
		"Resource": "arn:aws:states:::aws-sdk:s3:putObject", "Parameters": {"Bucket": "runs", "Key": "a", "Body": "b"}}}}`), item{}))
	if ended.Status != "FAILED" || !strings.Contains(ended.Cause, "text as Body is not implemented in local AWS") {
		t.Errorf("the execution ended with %+v, want an error of Body", ended)
	}
}

func TestThrottledTaskFailsWithLambdasError(t *testing.T) {
	if ended := newStateMachine(t, start(t)).throttled(t); ended.Status != "FAILED" || ended.Error != tooManyRequests {
		t.Errorf("the execution ended with %+v, want %s", ended, tooManyRequests)
	}
}
