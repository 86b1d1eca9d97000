package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"defog-cdk/internal/testserver/emulator"
)

// shortTimeout is the timeout of functions whose invocations must exceed it.
const shortTimeout = 5 * time.Second

// function is a function under test.
type function struct {
	*emulator.Function
	temporary string // its /tmp
}

// start runs a function until the test ends.
func start(t *testing.T, config emulator.Config) *function {
	t.Helper()
	config.Program = rie(t)
	f := &function{temporary: t.TempDir()}
	environment := map[string]string{"TMPDIR": f.temporary, "PATH": "/usr/bin:/bin"}
	maps.Copy(environment, config.Environment)
	config.Environment = environment
	if config.Private.TemporaryBytes > 0 {
		config.Private.Temporary = f.temporary
	}
	running, err := emulator.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	f.Function = running
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the emulator's log:\n%s", f.Log())
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// invoke sends one event.
func (f *function) invoke(t *testing.T, event string) emulator.Answer {
	t.Helper()
	answer, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// answer sends one event until it has not timed out, and requires success.
func (f *function) answer(t *testing.T, event string) string {
	t.Helper()
	answer := f.invoke(t, event)
	for answer.TimedOut() {
		t.Logf("the machine is slow: %s", answer.Body)
		answer = f.invoke(t, event)
	}
	if answer.Status != 200 {
		t.Fatalf("%s: got status %d: %s", event, answer.Status, answer.Body)
	}
	return answer.Body
}

// timeOut sends one event, which must time out.
func (f *function) timeOut(t *testing.T, event string) {
	t.Helper()
	if answer := f.invoke(t, event); !answer.TimedOut() {
		t.Fatalf("%s: got %+v, want a timeout", event, answer)
	}
}

// signal sends a signal to the function's process.
func (f *function) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	process, err := f.Process()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(process, signal); err != nil {
		t.Fatal(err)
	}
}

// pause stops the function's process, and returns when none of its threads runs: the
// system stops each as soon as it gets a processor.
func (f *function) pause(t *testing.T) {
	t.Helper()
	f.signal(t, syscall.SIGSTOP)
	process, err := f.Process()
	if err != nil {
		t.Fatal(err)
	}
	for {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", process))
		if err != nil || len(threads) == 0 {
			t.Fatalf("the process has no threads: %v", err)
		}
		stopped := 0
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			if err == nil && strings.HasPrefix(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " T ") {
				stopped++
			}
		}
		if stopped == len(threads) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// logged returns how many lines of the log contain all texts.
func (f *function) logged(texts ...string) (lines int) {
	for line := range strings.Lines(f.Log()) {
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(line, text)
		}
		if !missing {
			lines++
		}
	}
	return lines
}

// failure is an error that a runtime reports.
type failure struct{ ErrorType, ErrorMessage string }

func failureOf(t *testing.T, answer emulator.Answer) failure {
	t.Helper()
	var f failure
	if err := json.Unmarshal([]byte(answer.Body), &f); err != nil || f.ErrorType == "" {
		t.Fatalf("got %+v (%v), want an error of the runtime", answer, err)
	}
	return f
}
