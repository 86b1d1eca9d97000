package main

import (
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"defog-cdk/internal/environ"
)

// A statement that does not stop is answered in time. Its process restarts without
// an exit, and the next question runs.
func TestProcessRestartsAfterStatementThatDoesNotStop(t *testing.T) {
	service, url := newGenerator(t)
	service.Teach("Endless?", "SELECT instr(printf('%.*c', 8000000, 'a'), printf('%.*c', 4000000, 'a') || 'b')")
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url), environ.StatementTimeout: "1"})
	for range 2 {
		began := time.Now()
		answer := f.invoke(t, `{"question":"Endless?"}`)
		if !strings.Contains(answer, "the statement exceeded the time limit of 1s") {
			t.Errorf("got %s, want an error about the time limit", answer)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the answer took %s, want the time limit of the statement", took)
		}
		if answer := f.invoke(t, `{"question":"Which coffees are there?"}`); !strings.Contains(answer, `"row_count":2`) {
			t.Errorf("the next question: got %s, want two rows", answer)
		}
	}
	if log := f.stop(); strings.Count(log, "the process restarts") != 2 || strings.Count(log, `"cold_start":true`) != 3 {
		t.Errorf("want two restarts and three cold starts in the log")
	}
}

func TestMemoryLimitIsThreeEighthsOfFunctionMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for environment, want := range map[[2]string]int64{
		{"128", ""}: 48 << 20, {"1024", ""}: 384 << 20, {"128", "100MiB"}: before, {"", ""}: before, {"x", ""}: before,
	} {
		debug.SetMemoryLimit(before)
		limitMemory(func(name string) string {
			return map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": environment[0], "GOMEMLIMIT": environment[1]}[name]
		})
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("%v: got %d, want %d", environment, got, want)
		}
	}
}
