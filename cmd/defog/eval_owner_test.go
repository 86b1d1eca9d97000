package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const gridPlan = `{"dims": ["lat"], "shape": [4], "chunks": [1], "counts": [4],
	"zarr": {"arrays": ["data"], "dims": ["lat"], "shape": [4], "chunks": [1], "dtype": "float64"}}`

// newRun has a run old of two chunks, all of them done or one of them.
func newRun(t *testing.T, done ...string) *cloud {
	t.Helper()
	c := newGridCloud(t)
	c.objects["runs/old/run.json"] = `{"name": "old", "stack": "defog-lambda-dev", "kind": "chunks", "items": 2, "result": "out/z.zarr",
		"concurrency": 1, "tolerate": 5, "retry": 0}`
	c.objects["runs/old/items.jsonl"] = ""
	c.objects["out/z.zarr/.zattrs"] = "{}"
	for _, index := range done {
		c.objects["runs/old/done/"+index] = ""
	}
	c.executions = map[string]string{"old-1": "SUCCEEDED"}
	return c
}

func TestResumeOfAnOverwrittenRunIsRefused(t *testing.T) {
	const (
		overwritten = "defog: run old: run new has overwritten its Zarr s3://bucket/out/z.zarr; want --resume new, or a new run (--chunks) with another --output\n"
		deleted     = "defog: run old: its Zarr s3://bucket/out/z.zarr was deleted or changed; want a new run (--chunks)\n"
	)
	for name, test := range map[string]struct {
		done         []string
		answer, want string
	}{
		"complete":           {[]string{"00000000", "00000001"}, `{"owner": "runs/new/grid.json", "fits": false}`, overwritten},
		"incomplete":         {[]string{"00000000"}, `{"owner": "runs/new/grid.json", "fits": false}`, overwritten},
		"complete, deleted":  {[]string{"00000000", "00000001"}, `{"owner": null, "fits": false}`, deleted},
		"incomplete, broken": {nil, `{"owner": "runs/old/grid.json", "fits": false}`, deleted},
	} {
		t.Run(name, func(t *testing.T) {
			c := newRun(t, test.done...)
			c.answer = test.answer
			before := maps.Clone(c.objects)
			code, stdout, stderr := defog(t, "eval", "--resume", "old", "--preview", "a.png")
			if code != 1 || stdout != "" || !strings.HasSuffix(stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if !maps.Equal(c.objects, before) || !slices.Equal(c.invoked, []string{`{"zarr_owner":{"grid":"runs/old/grid.json"}}`}) {
				t.Errorf("objects %v, events %v", c.objects, c.invoked)
			}
		})
	}
}

func TestResumeWithoutTheGridIsRefused(t *testing.T) {
	c := newRun(t, "00000000")
	c.answer, c.failed = `{"errorType": "BadRequest", "errorMessage": "runs/old/grid.json does not exist"}`, true
	before := maps.Clone(c.objects)
	code, _, stderr := defog(t, "eval", "--resume", "old")
	const want = "defog: run old: the owner of its Zarr s3://bucket/out/z.zarr is unknown: the function failed: BadRequest: runs/old/grid.json does not exist\n"
	if code != 1 || !strings.HasSuffix(stderr, want) || !maps.Equal(c.objects, before) {
		t.Errorf("exit code %d, %q, objects %v", code, stderr, c.objects)
	}
}

func TestReportOfAnOverwrittenRunNamesTheOther(t *testing.T) {
	c := newRun(t, "00000000", "00000001")
	c.answer = `{"owner": "runs/new/grid.json", "fits": false}`
	code, stdout, stderr := defog(t, "eval", "--report", "old")
	if code != 1 || stdout != "run old: all 2 chunks are done\n" || !strings.Contains(stderr, "run new has overwritten its Zarr") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestResumeOfARunWithItsZarr(t *testing.T) {
	for name, answer := range map[string]string{
		"its own":          `{"owner": "runs/old/grid.json", "fits": true}`,
		"an older handler": `{"errorType": "BadRequest", "errorMessage": "the event is not one of zarr_plan, zarr_create, zarr_chunk, zarr_preview with a JSON object"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newRun(t, "00000000", "00000001")
			c.answer, c.failed = answer, strings.Contains(answer, "errorType")
			code, stdout, stderr := defog(t, "eval", "--resume", "old")
			if code != 0 || !strings.HasSuffix(stdout, "s3://bucket/out/z.zarr\n") || !strings.HasSuffix(stderr, "run old: nothing is left\n") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if len(c.invoked) != 1 {
				t.Errorf("asks the function %d times", len(c.invoked))
			}
		})
	}
}

func TestZarrOfARunThatGoesOnIsKept(t *testing.T) {
	for state, want := range map[string]string{
		"RUNNING": "--overwrite: run old writes s3://bucket/out/z.zarr; want --cancel old first, or another --output",
		"ABORTED": "the end of this test",
	} {
		t.Run(state, func(t *testing.T) {
			c := newRun(t)
			c.executions["old-1"] = state
			c.onInvoke = func(event string) string {
				switch {
				case strings.Contains(event, "zarr_owner"):
					return `{"owner": "runs/old/grid.json", "fits": false}`
				case strings.Contains(event, "zarr_create"):
					return `{"statusCode": 500, "body": "the end of this test"}`
				}
				return gridPlan
			}
			code, _, stderr := defog(t, "eval", "pipeline.json", "--chunks", "lat=1", "--coordinates", "coords.json", "-o", "out/z.zarr", "--overwrite", "--name", "new")
			if code != 1 || !strings.Contains(stderr, want) {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			_, kept := c.objects["out/z.zarr/.zattrs"]
			_, document := c.objects["runs/new/grid.json"]
			if kept != (state == "RUNNING") || document {
				t.Errorf("Zarr kept %t, document %t", kept, document)
			}
		})
	}
}

// listener calls a function when a text was written.
type listener struct {
	mu   sync.Mutex
	out  bytes.Buffer
	text string
	call func()
}

func (l *listener) Write(content []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.Write(content)
	if l.call != nil && strings.Contains(l.out.String(), l.text) {
		l.call()
		l.call = nil
	}
	return len(content), nil
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// estimateCloud has functions that wait at an event until the client waits for them, or
// deletes. Then they write.
func estimateCloud(t *testing.T, event string, interrupt func()) (c *cloud, waits, deletes chan struct{}) {
	t.Helper()
	c, waits, deletes = newGridCloud(t), make(chan struct{}), make(chan struct{})
	c.onDelete = sync.OnceFunc(func() { close(deletes) })
	c.onInvoke = func(body string) string {
		if !strings.Contains(body, event) {
			return gridPlan
		}
		interrupt()
		select {
		case <-waits:
		case <-deletes:
		}
		_, run, _ := strings.Cut(body, "runs/")
		run, _, _ = strings.Cut(run, "/")
		c.mu.Lock()
		defer c.mu.Unlock()
		c.objects["out/"+run+".zarr/data/0"] = ""
		return gridPlan
	}
	return c, waits, deletes
}

var estimateArguments = []string{"eval", "pipeline.json", "--chunks", "lat=1", "--coordinates", "coords.json", "--estimate"}

func TestInterruptedEstimateLeavesNothing(t *testing.T) {
	for _, event := range []string{"zarr_create", "zarr_chunk"} {
		t.Run(event, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			c, waits, _ := estimateCloud(t, event, interrupt)
			var stdout bytes.Buffer
			stderr := listener{text: "Waiting for the functions that run, up to 10m0s", call: func() { close(waits) }}
			code := run(ctx, estimateArguments, &stdout, &stderr)
			if code != 1 || !strings.HasSuffix(stderr.String(), "\ndefog: interrupted before the estimate\n") || stdout.Len() > 0 {
				t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
			}
			if len(c.objects) > 0 || !slices.ContainsFunc(c.invoked, func(body string) bool { return strings.Contains(body, event) }) {
				t.Errorf("left %v after %v", c.objects, c.invoked)
			}
		})
	}
}

func TestSecondInterruptEndsTheWait(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	_, _, deletes := estimateCloud(t, "zarr_chunk", interrupt)
	var stdout bytes.Buffer
	stderr := listener{text: "Ctrl-C ends this", call: func() {
		if process, err := os.FindProcess(os.Getpid()); err != nil || process.Signal(os.Interrupt) != nil {
			t.Errorf("cannot interrupt this process: %v", err)
		}
	}}
	code := run(ctx, estimateArguments, &stdout, &stderr)
	<-deletes
	const left = `\ndefog: interrupted before the estimate\nFunctions that still run can write to s3://bucket/out/estimate-pipeline-[-a-z0-9]+\.zarr/: delete it after 10m0s\n$`
	if code != 1 || !regexp.MustCompile(left).MatchString(stderr.String()) {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
