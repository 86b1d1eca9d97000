package fanout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/client"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

var options = Options{Concurrency: 5, Tolerate: 5, Retry: 2}

// create makes a run of events 0, 1, 2 …
func create(t *testing.T, c *Client, name string, items int) Attempt {
	t.Helper()
	var texts []string
	for i := range items {
		texts = append(texts, fmt.Sprintf(`{"n":%d}`, i))
	}
	attempt, err := c.Create(t.Context(), Run{Name: name, Kind: Each, Options: options}, events(texts...))
	if err != nil {
		t.Fatal(err)
	}
	return attempt
}

func start(t *testing.T, c *Client, attempt Attempt) {
	t.Helper()
	if err := c.Start(t.Context(), attempt); err != nil {
		t.Fatal(err)
	}
}

func resume(t *testing.T, c *Client, name string) (Attempt, string) {
	t.Helper()
	attempt, state, err := c.Resume(t.Context(), name, func(*Options) {}, unchecked)
	if err != nil {
		t.Fatal(err)
	}
	return attempt, state
}

func TestStackWithoutFanOutIsRefused(t *testing.T) {
	_, err := Open(aws.Config{}, client.Stack{Name: "fn-dev", Status: "CREATE_COMPLETE"})
	if err == nil || !strings.Contains(err.Error(), "has no output FanOutArn: it has no state machine (fan_out=true)") {
		t.Error(err)
	}
}

func TestCreateWritesItemsThenRun(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	if diff := cmp.Diff(`{"index":"00000000","event":{"n":0}}`+"\n"+`{"index":"00000001","event":{"n":1}}`+"\n", f.content("runs/a/items.jsonl")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var run Run
	if err := json.Unmarshal([]byte(f.content("runs/a/run.json")), &run); err != nil || run.Items != 2 || run.Options != options || run.Created.IsZero() {
		t.Errorf("%v: %+v", err, run)
	}
	start(t, c, attempt)
	want := `{"bucket":"bucket","items":"runs/a/items.jsonl","run":"a","concurrency":5,"tolerate":5,"retry":2}`
	if diff := cmp.Diff(want, f.executions["a-1"].Input); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err := c.Create(t.Context(), Run{Name: "a", Kind: Each, Options: options}, events("1"))
	if err == nil || err.Error() != "run a exists; want another --name, or --resume a" {
		t.Error(err)
	}
}

func TestInvalidRunsWriteNothing(t *testing.T) {
	f, c := newFake(t)
	for want, run := range map[string]Run{
		"no items":      {Name: "a", Options: options},
		"--name":        {Name: "../a", Options: options},
		"--concurrency": {Name: "a", Options: Options{Concurrency: 10_001}},
		"--tolerate":    {Name: "a", Options: Options{Concurrency: 1, Tolerate: 101}},
		"--retry":       {Name: "a", Options: Options{Concurrency: 1, Retry: -1}},
	} {
		if _, err := c.Create(t.Context(), run, events()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if len(f.objects) != 0 {
		t.Errorf("objects %v", f.objects)
	}
}

func TestNameOfUnfinishedRunIsExplained(t *testing.T) {
	f, c := newFake(t)
	f.objects["runs/a/items.jsonl"] = object{}
	_, err := c.Create(t.Context(), Run{Name: "a", Kind: Each, Options: options}, events("1"))
	if err == nil || err.Error() != "run a: another client starts it, or was interrupted before its start; want another --name" {
		t.Error(err)
	}
}

// Two stacks can have one bucket (function_s3_bucket).
func TestRunsOfOtherStacksAreRefused(t *testing.T) {
	f, c := newFake(t)
	create(t, c, "a", 1)
	c.stack = "fn-prod"
	const want = "run a: belongs to stack fn-dev, which has the same bucket; want a run of stack fn-prod"
	if _, _, err := c.Resume(t.Context(), "a", func(*Options) {}, unchecked); err == nil || err.Error() != want {
		t.Error(err)
	}
	if _, _, err := c.Cancel(t.Context(), "a"); err == nil || err.Error() != want {
		t.Error(err)
	}
	if len(f.executions) != 0 {
		t.Errorf("executions %v", f.executions)
	}
}

func TestResumeStartsWhatIsMissing(t *testing.T) {
	item := func(i int) string { return fmt.Sprintf(`{"index":"%08d","event":{"n":%d}}`+"\n", i, i) }
	tests := map[string]struct {
		prepare func(*testing.T, *fake, *Client, Attempt)
		state   string
		attempt int
		items   string // of the second attempt
	}{
		"the client ended before its start": {func(*testing.T, *fake, *Client, Attempt) {}, Restarted, 1, ""},
		"the execution goes on":             {func(t *testing.T, _ *fake, c *Client, a Attempt) { start(t, c, a) }, Running, 1, ""},
		"every item is done": {func(t *testing.T, f *fake, c *Client, a Attempt) {
			start(t, c, a)
			f.end(a.Run, "a-1", "FAILED", 0, 1, 2, 3) // whatever the execution's status is
		}, Complete, 1, ""},
		"some items are missing": {func(t *testing.T, f *fake, c *Client, a Attempt) {
			start(t, c, a)
			f.end(a.Run, "a-1", "SUCCEEDED", 0, 2)
		}, Restarted, 2, item(1) + item(3)},
		"no item is done": {func(t *testing.T, f *fake, c *Client, a Attempt) {
			start(t, c, a)
			f.end(a.Run, "a-1", "ABORTED")
		}, Restarted, 2, item(0) + item(1) + item(2) + item(3)},
		"AWS has deleted the execution": {func(_ *testing.T, f *fake, _ *Client, a Attempt) {
			f.objects[a.Run.doneKey(1)] = object{}
		}, Restarted, 2, item(0) + item(2) + item(3)},
		"foreign objects": {func(t *testing.T, f *fake, c *Client, a Attempt) {
			start(t, c, a)
			f.end(a.Run, "a-1", "FAILED", 0, 1, 2)
			for _, key := range []string{"x", "-1", "99999999", "00000003/x"} {
				f.objects["runs/a/done/"+key] = object{}
			}
			f.objects["runs/a/items-x.jsonl"] = object{}
		}, Restarted, 2, item(3)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, c := newFake(t)
			test.prepare(t, f, c, create(t, c, "a", 4))
			attempt, state := resume(t, c, "a")
			if state != test.state || attempt.Number != test.attempt {
				t.Errorf("%s, attempt %d; want %s, %d", state, attempt.Number, test.state, test.attempt)
			}
			if diff := cmp.Diff(test.items, f.content("runs/a/items-2.jsonl")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			started := f.executions[fmt.Sprintf("a-%d", test.attempt)]
			if test.state == Restarted && (started == nil || started.Status != "RUNNING" || !strings.Contains(started.Input, attempt.Run.itemsKey(test.attempt))) {
				t.Errorf("execution %+v", started)
			}
		})
	}
}

func TestResumeSetsOptions(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	start(t, c, attempt)
	f.end(attempt.Run, "a-1", "ABORTED")
	if _, _, err := c.Resume(t.Context(), "a", func(o *Options) { o.Concurrency = 7 }, unchecked); err != nil {
		t.Fatal(err)
	}
	if input := f.executions["a-2"].Input; !strings.Contains(input, `"concurrency":7,"tolerate":5,"retry":2`) {
		t.Errorf("input %s", input)
	}
	if _, _, err := c.Resume(t.Context(), "a", func(o *Options) { o.Concurrency = 0 }, unchecked); err == nil || !strings.Contains(err.Error(), "--concurrency: 0 is invalid") {
		t.Error(err)
	}
}

// Several clients see the same state of a run and act at once.
func TestConcurrentResumesStartOneExecution(t *testing.T) {
	for _, prepared := range []string{"not started", "ended", "deleted"} {
		t.Run(prepared, func(t *testing.T) {
			f, c := newFake(t)
			attempt := create(t, c, "a", 4)
			switch prepared {
			case "ended":
				start(t, c, attempt)
				f.end(attempt.Run, "a-1", "ABORTED", 0)
			case "deleted":
				f.objects[attempt.Run.doneKey(0)] = object{}
			}
			var clients sync.WaitGroup
			for i := range 8 {
				clients.Go(func() {
					// Different options are different inputs.
					if _, state, err := c.Resume(t.Context(), "a", func(o *Options) { o.Concurrency = 1 + i }, unchecked); err != nil || state == Complete {
						t.Errorf("%s: %v", state, err)
					}
				})
			}
			clients.Wait()
			running := 0
			for name, execution := range f.executions {
				if execution.Status == "RUNNING" {
					running++
				}
				if want := map[string]string{"not started": "a-1"}[prepared]; want != "" && name != want {
					t.Errorf("execution %s", name)
				}
			}
			// The execution reads the file that its client wrote.
			if running != 1 || len(f.replaced) > 0 {
				t.Errorf("%d executions run: %v; objects written twice: %q", running, f.executions, f.replaced)
			}
		})
	}
}

// Another client starts the attempt after this one found no execution, and its first
// items are done before this one lists them.
func TestResumeFollowsExecutionThatStartsMeanwhile(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 4)
	looks := 0
	f.onDescribe = func(string) {
		if looks++; looks == 2 {
			if err := c.Start(t.Context(), attempt); err != nil {
				t.Error(err)
			}
		}
		if looks == 1 {
			f.mu.Lock()
			f.objects[attempt.Run.doneKey(0)] = object{}
			f.mu.Unlock()
		}
	}
	if got, state := resume(t, c, "a"); state != Running || got.Number != 1 || len(f.executions) != 1 {
		t.Errorf("%s, attempt %d, executions %v", state, got.Number, f.executions)
	}
}

func TestRunsOfOtherNamesAreRefused(t *testing.T) {
	f, c := newFake(t)
	_, _, err := c.Resume(t.Context(), "none", func(*Options) {}, unchecked)
	if _, ok := errors.AsType[*NoRunError](err); !ok {
		t.Errorf("got %v", err)
	}
	f.objects["runs/b/run.json"] = object{content: `{"name":"a","items":1}`}
	f.objects["runs/c/run.json"] = object{content: `{"name":"c","items":-1}`}
	f.objects["runs/d/run.json"] = object{content: `not JSON`}
	f.objects["runs/e/run.json"] = object{content: `{"name":"e","stack":"fn-dev","items":1,"concurrency":1}`}
	for _, name := range []string{"b", "c", "d", "e"} {
		if _, _, err := c.Resume(t.Context(), name, func(*Options) {}, unchecked); err == nil || !strings.Contains(err.Error(), "runs/"+name+"/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCancelStopsRunningExecutionAlone(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	if _, stopped, err := c.Cancel(t.Context(), "a"); stopped || err != nil {
		t.Errorf("not started: %t, %v", stopped, err)
	}
	start(t, c, attempt)
	if _, stopped, err := c.Cancel(t.Context(), "a"); !stopped || err != nil || f.executions["a-1"].Status != "ABORTED" {
		t.Errorf("%t, %v", stopped, err)
	}
	if _, stopped, err := c.Cancel(t.Context(), "a"); stopped || err != nil {
		t.Errorf("again: %t, %v", stopped, err)
	}
}

// A look costs the same for any number of items.
func TestFollowReadsCountsAlone(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 10_000)
	start(t, c, attempt)
	f.executions["a-1"].counts = map[string]int{"succeeded": 0, "running": 5, "total": 10_000}
	before := map[string]int{"PutObject": f.requests["S3 PUT"], "list": f.requests["list"]}
	var seen []Progress
	outcome, err := c.Follow(t.Context(), attempt, func(p Progress) {
		seen = append(seen, p)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.executions["a-1"].counts["succeeded"] += 2500
		if len(seen) == 4 {
			f.executions["a-1"].counts["failed"], f.executions["a-1"].counts["succeeded"] = 3, 9997
			f.executions["a-1"].Status = "SUCCEEDED"
		}
	})
	if err != nil || outcome.Status != "SUCCEEDED" || len(seen) != 5 {
		t.Fatalf("%v, %+v, %d looks", err, outcome, len(seen))
	}
	if last := seen[4]; last.Done != 9997 || last.Failed != 3 || last.Left() != 0 || last.Total != 10_000 {
		t.Errorf("%+v", last)
	}
	if f.requests["DescribeExecution"] != 5 || f.requests["DescribeMapRun"] != 5 || f.requests["ListMapRuns"] != 1 || f.requests["list"] != before["list"] {
		t.Errorf("requests %v", f.requests)
	}
}

func TestFollowEndsWithContextOrError(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	start(t, c, attempt)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.Follow(ctx, attempt, func(Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if f.executions["a-1"].Status != "RUNNING" {
		t.Error("the end of the client ended the run")
	}
	f.failing = "DescribeExecution"
	if _, err := c.Follow(t.Context(), attempt, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "AccessDeniedException: no DescribeExecution") {
		t.Error(err)
	}
}

func TestFollowOutlastsFaults(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	start(t, c, attempt)
	f.end(attempt.Run, "a-1", "SUCCEEDED")
	f.faults = 4 // the SDK's default is three attempts
	if outcome, err := c.Follow(t.Context(), attempt, func(Progress) {}); err != nil || outcome.Status != "SUCCEEDED" {
		t.Errorf("%v, %+v", err, outcome)
	}
}

func TestReportCountsErrorsByKind(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 1500)
	start(t, c, attempt)
	done := make([]int, 1200)
	for i := range done {
		done[i] = i
	}
	f.end(attempt.Run, "a-1", "FAILED", done...)
	f.executions["a-1"].Error = "States.ExceedToleratedFailureThreshold"
	f.executions["a-1"].counts = map[string]int{"succeeded": 1200, "failed": 250, "aborted": 50}
	for i := range 250 {
		failed := child{Status: "FAILED", Error: "ValueError", Cause: `{"errorType":"ValueError","errorMessage":"no \u001b[2J data\nhere","trace":["secret"]}`, Input: fmt.Sprintf(`{"index":"%08d","event":{"password":"x"}}`, 1200+i)}
		if i%4 == 0 {
			failed.Error, failed.Cause = "Sandbox.Timedout", `{"errorMessage":"Task timed out after 900.00 seconds"}`
		}
		f.children[fmt.Sprintf("arn:child:%04d", i)] = failed
	}
	report, err := c.Report(t.Context(), attempt, Outcome{Status: "FAILED", Error: f.executions["a-1"].Error})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	report.Write(&text)
	want := "run a: 1,200 of 1,500 items are done; ended because more than 5% failed (--tolerate)\n" +
		"errors of 100 of 250 failed items:\n" +
		"  75 × ValueError, such as 00001201: no \\x1b[2J data here\n" +
		"  25 × Sandbox.Timedout, such as 00001200: Task timed out after 900.00 seconds\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if f.requests["ListExecutions"] < 2 { // of failed and of timed out items; the SDK may repeat one
		t.Errorf("requests %v", f.requests)
	}
}

func TestReportTrustsDoneObjects(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	start(t, c, attempt)
	for done, want := range map[int]string{1: "run a: 1 of 2 items are done", 2: "run a: all 2 items are done\n"} {
		for i := range done {
			f.objects[attempt.Run.doneKey(i)] = object{}
		}
		f.objects = mapsWithout(f.objects, done, attempt.Run)
		report, err := c.Report(t.Context(), attempt, Outcome{Status: "SUCCEEDED"})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		report.Write(&text)
		if !strings.HasPrefix(text.String(), want) {
			t.Errorf("%d done: %s", done, text.String())
		}
	}
}

// mapsWithout removes done objects from an index on.
func mapsWithout(objects map[string]object, from int, run Run) map[string]object {
	for i := from; i < run.Items; i++ {
		delete(objects, run.doneKey(i))
	}
	return objects
}

func TestLatestAttemptIsReportedAtAnyTime(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 2)
	for _, step := range []struct {
		prepare func()
		want    string
	}{
		{func() {}, "run a: 0 of 2 items are done\n"},
		{func() { start(t, c, attempt) }, "run a: 0 of 2 items are done; it runs\n"},
		{func() { f.end(attempt.Run, "a-1", "ABORTED", 1) }, "run a: 1 of 2 items are done; canceled\n"},
		{func() { f.end(attempt.Run, "a-1", "SUCCEEDED", 0) }, "run a: all 2 items are done\n"},
	} {
		step.prepare()
		latest, outcome, err := c.Latest(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		report, err := c.Report(t.Context(), latest, outcome)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		report.Write(&text)
		if diff := cmp.Diff(step.want, text.String()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if len(f.executions) != 1 {
		t.Errorf("a report started an execution: %v", f.executions)
	}
}

func TestOtherOutcomesAreReported(t *testing.T) {
	run := Run{Name: "a", Items: 3, Kind: Chunks}
	for want, report := range map[string]Report{
		"run a: 0 of 3 chunks are done; canceled\n":                                                   {Outcome: Outcome{Status: "ABORTED", Error: "Canceled"}},
		"run a: 0 of 3 chunks are done; the execution failed: States.ItemReaderFailed: no such key\n": {Outcome: Outcome{Status: "FAILED", Error: "States.ItemReaderFailed", Cause: "no such key"}},
		"run a: 2 of 3 chunks are done\n  1 × States.DataLimitExceeded, such as 00000001: too large\n" +
			"    The function's answer exceeds 256 KiB. Write results to the bucket and answer with their names.\n": {
			Done: 2, Failed: 1, Examined: 1, Kinds: []Kind{{dataLimit, 1, "00000001", "too large"}}, Outcome: Outcome{Status: "SUCCEEDED"},
		},
	} {
		report.Attempt.Run = run
		var text strings.Builder
		report.Write(&text)
		if diff := cmp.Diff(want, text.String()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestListHasNewestAttemptOfEachRun(t *testing.T) {
	f, c := newFake(t)
	f.executions["a-2"], f.executions["a-1"], f.executions["b-1"] = &execution{Status: "RUNNING"}, &execution{Status: "ABORTED"}, &execution{Status: "SUCCEEDED"}
	runs, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, run := range runs {
		got = append(got, run.Run+" "+run.Attempt+" "+run.Status)
	}
	if diff := cmp.Diff([]string{"b 1 succeeded", "a 2 running"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
