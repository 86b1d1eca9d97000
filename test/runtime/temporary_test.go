package runtime

import (
	"strings"
	"testing"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/emulator"
)

// privately skips the test if the system permits no private file systems.
func privately(t *testing.T) {
	t.Helper()
	rie(t)
	if err := emulator.CanMount(t.Context()); err != nil {
		t.Skipf("needs private file systems, as root or in a user namespace: %v", err)
	}
}

// TestFullTemporaryFolder gives a function less of /tmp than its dependencies need. The
// error names the setting, and leaves no incomplete files; with smaller dependencies, the
// same environment works.
func TestFullTemporaryFolder(t *testing.T) {
	t.Parallel()
	privately(t)
	c := newCloud(t, squares())
	config := python(t, "provided", c, 0)
	config.Private.TemporaryBytes = 8 << 20
	large := zipOf(t, map[string]string{"square.py": "", "large": noise(t, 12<<20)})
	delete(config.Environment, environ.DependenciesHash)
	c.put(large)
	f := start(t, config)
	for range 2 {
		got := failureOf(t, f.invoke(t, `{"side": 7}`))
		if got.ErrorType != "Hydrate.Extract" || !strings.Contains(got.ErrorMessage, "no space left on device: check ephemeral_storage") {
			t.Errorf("got %+v, want an error about /tmp", got)
		}
	}
	c.put(zipOf(t, map[string]string{"square.py": squares()["square.py"], "large": noise(t, 6<<20)}))
	f.checkSquare(t)
}

// The query function answers without its dependencies, and tries again with each question.
func TestFullTemporaryFolderIsNotReady(t *testing.T) {
	t.Parallel()
	privately(t)
	program := sqlite(t)
	_, url := newGenerator(t)
	c := newCloud(t, map[string]string{"large": noise(t, 12<<20)})
	environment := mergeInto(onSQLite(t, url), c.environment())
	delete(environment, environ.DependenciesHash)
	f := start(t, emulator.Config{
		Command: []string{program}, Environment: environment, Private: emulator.Private{TemporaryBytes: 8 << 20},
	})
	for range 2 {
		if answer := f.answer(t, question); !strings.Contains(answer, `"error_code":"not_ready"`) {
			t.Errorf("got %s, want not_ready", answer)
		}
	}
	if f.logged("no space left on device: check ephemeral_storage") == 0 {
		t.Error("the log does not name ephemeral_storage")
	}
	c.put(zipOf(t, map[string]string{"large": noise(t, 6<<20)}))
	checkNumber(t, f.answer(t, question))
	if f.logged("INIT START") != 1 {
		t.Error("want one process throughout")
	}
}
