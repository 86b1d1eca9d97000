// Command testreport runs go test and shows its progress. It prints each finished
// package, and each finished test or step that takes a second or more. When
// nothing finishes for a while, it prints the running tests. It ends with the
// skipped tests and their reasons.
//
//	testreport [argument of go test …]
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// quiet is how long nothing may finish before the running tests are printed.
const quiet = 30 * time.Second

func main() {
	tests := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...) //nolint:gosec,noctx // the caller's arguments; a signal ends both
	tests.Stderr = os.Stderr
	output, err := tests.StdoutPipe()
	if err == nil {
		err = tests.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport: go test:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout)
	r.follow(lines(output), time.NewTicker(quiet).C)
	err = tests.Wait()
	r.summary()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil || r.failed > 0 {
		fmt.Fprintln(os.Stderr, "testreport: go test:", err)
		os.Exit(1)
	}
}

// lines sends each line, and closes the channel at the end of the input.
func lines(input io.Reader) <-chan string {
	sent := make(chan string)
	go func() {
		defer close(sent)
		reader := bufio.NewReader(input)
		for {
			line, err := reader.ReadString('\n')
			if line != "" {
				sent <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return sent
}

// An event is one line of go test -json: https://pkg.go.dev/cmd/test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// slow is the time from which a test is shown, in seconds.
const slow = 1

type report struct {
	out     io.Writer
	output  map[event]*strings.Builder // by package and test
	running map[event]time.Time
	skipped []string

	passed, failed int
	finished       bool // something finished since the last tick
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[event]*strings.Builder{}, running: map[event]time.Time{}}
}

func (r *report) follow(lines <-chan string, tick <-chan time.Time) {
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return
			}
			r.line(line)
		case <-tick:
			if !r.finished {
				r.still(time.Now())
			}
			r.finished = false
		}
	}
}

func (r *report) line(line string) {
	var e event
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
		fmt.Fprint(r.out, line)
		return
	}
	key := event{Package: e.Package, Test: e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		if r.output[key] == nil {
			r.output[key] = &strings.Builder{}
		}
		r.output[key].WriteString(e.Output)
	case "run":
		r.running[key] = time.Now()
	case "pass", "fail", "skip":
		r.finish(key, e)
	}
}

func (r *report) finish(key event, e event) {
	r.finished = true
	output := ""
	if text := r.output[key]; text != nil {
		output = text.String()
	}
	delete(r.output, key)
	delete(r.running, key)
	if e.Test == "" {
		r.packageLine(e, output)
		return
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprintf(r.out, "     FAIL %s %s (%.1fs)\n%s", short(e.Package), e.Test, e.Elapsed, body(output))
	case "skip":
		r.skipped = append(r.skipped, fmt.Sprintf("%s %s: %s", short(e.Package), e.Test, reason(output)))
	}
	if e.Action == "pass" && e.Elapsed >= slow {
		fmt.Fprintf(r.out, "     %s %s (%.1fs)\n", short(e.Package), e.Test, e.Elapsed)
	}
}

// packageLine prints a package as go test does.
func (r *report) packageLine(e event, output string) {
	switch {
	case e.Action == "skip" || strings.Contains(output, "[no test files]"):
	case e.Action == "fail":
		fmt.Fprintf(r.out, "%sFAIL\t%s\t%.3fs\n", body(output), e.Package, e.Elapsed)
	case strings.Contains(output, "(cached)"):
		fmt.Fprintf(r.out, "ok  \t%s\t(cached)\n", e.Package)
	default:
		fmt.Fprintf(r.out, "ok  \t%s\t%.3fs\n", e.Package, e.Elapsed)
	}
}

// still prints the tests that run, without those that wait for their own steps.
func (r *report) still(now time.Time) {
	var tests []string
	for key, since := range r.running {
		step := func(other event) bool {
			return other.Package == key.Package && strings.HasPrefix(other.Test, key.Test+"/")
		}
		waits := false
		for other := range r.running {
			waits = waits || step(other)
		}
		if !waits {
			tests = append(tests, fmt.Sprintf("     … %s %s (running for %s)\n", short(key.Package), key.Test, now.Sub(since).Round(time.Second)))
		}
	}
	slices.Sort(tests)
	fmt.Fprint(r.out, strings.Join(tests, ""))
}

func (r *report) summary() {
	if len(r.skipped) > 0 {
		slices.Sort(r.skipped)
		fmt.Fprintf(r.out, "\nSkipped:\n")
		for _, test := range r.skipped {
			fmt.Fprintln(r.out, "     "+test)
		}
	}
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
}

// body returns what a test printed, without the lines that go test adds.
func body(output string) string {
	var kept strings.Builder
	for line := range strings.Lines(output) {
		added := strings.HasPrefix(strings.TrimSpace(line), "=== ") || strings.HasPrefix(strings.TrimSpace(line), "--- ") || line == "PASS\n" || line == "FAIL\n" || strings.HasPrefix(line, "FAIL\t")
		if !added {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// reason returns a skipped test's message, without its file and line.
func reason(output string) string {
	text := strings.TrimSpace(body(output))
	if i := strings.Index(text, ".go:"); i >= 0 {
		if _, message, ok := strings.Cut(text[i+len(".go:"):], ": "); ok {
			text = message
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

func short(path string) string { return strings.TrimPrefix(path, "defog-cdk/") }
