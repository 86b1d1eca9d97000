package runtime

import (
	"strings"
	"testing"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/emulator"
)

// startWithHistory runs a query function that writes its history to s3://questions.
func startWithHistory(t *testing.T, timeout time.Duration) (*function, *cloud) {
	t.Helper()
	program := sqlite(t)
	service, url := newGenerator(t)
	service.Teach("Endless?", "SELECT instr(printf('%.*c', 8000000, 'a'), printf('%.*c', 4000000, 'a') || 'b')")
	c := newCloud(t, map[string]string{"glossary.md": "A number is a number."})
	environment := mergeInto(onSQLite(t, url), c.environment())
	environment[environ.HistoryBucket] = "questions"
	environment[environ.StatementTimeout] = "1"
	return start(t, emulator.Config{Command: []string{program}, Environment: environment, Timeout: timeout}), c
}

// checkHistory requires so many records. The emulator ends an invocation when the
// function's extension has ended it, too.
func checkHistory(t *testing.T, c *cloud, records int) {
	t.Helper()
	written := c.writes()
	if len(written) != records {
		t.Fatalf("wrote %v, want %d records", written, records)
	}
	for _, path := range written {
		if !strings.HasPrefix(path, "/questions/history/") {
			t.Errorf("wrote %s, want a key below history/", path)
		}
	}
}

// TestHistoryIsWrittenWithinInvocation has an internal extension, which writes after the
// response. It survives the restart of the program.
func TestHistoryIsWrittenWithinInvocation(t *testing.T) {
	t.Parallel()
	f, c := startWithHistory(t, 0)
	for records := range 3 {
		checkNumber(t, f.answer(t, question))
		checkHistory(t, c, records+1)
	}
	if answer := f.answer(t, `{"question": "Endless?"}`); !strings.Contains(answer, "exceeded the time limit of 1s") {
		t.Errorf("got %s, want an error about the time limit", answer)
	}
	checkHistory(t, c, 4)
	checkNumber(t, f.answer(t, question))
	checkHistory(t, c, 5)
	if f.logged("the process restarts") != 1 || f.logged("INIT START") != 1 || f.logged("in the background") != 0 {
		t.Error("want a restart that the emulator does not notice, and the extension throughout")
	}
}

// TestHistoryGoesOnAfterTimeout resets the function, which registers its extension again.
// With one, Lambda sends SIGTERM before SIGKILL, which a stopped process does not notice.
func TestHistoryGoesOnAfterTimeout(t *testing.T) {
	t.Parallel()
	f, c := startWithHistory(t, shortTimeout)
	checkNumber(t, f.answer(t, question))
	f.pause(t)
	f.timeOut(t, question)
	before := len(c.writes())
	checkNumber(t, f.answer(t, question))
	if after := len(c.writes()); after == before {
		t.Error("no record after the reset")
	}
	if f.logged("in the background") != 0 {
		t.Error("the extension was not registered again")
	}
}
