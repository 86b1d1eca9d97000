package runtime

import (
	"strings"
	"testing"

	"defog-cdk/internal/testserver/emulator"
)

// privately skips the test if the system permits no private file systems.
func privately(t *testing.T) {
	t.Helper()
	rie(t)
	if err := emulator.CanMount(t.Context()); err != nil {
		t.Skip(err)
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
	delete(config.Environment, "DEFOG_DEPENDENCIES_SHA256")
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
