package runtime

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/daemon"
	"defog-cdk/internal/testserver/emulator"
)

// squares are the dependencies of squareHandler.
func squares() map[string]string {
	return map[string]string{"square.py": "def area(side):\n    return side * side\n"}
}

// squareHandler returns an area. It waits without end for an event with "wait", and
// returns so many bytes for one with "bytes".
const squareHandler = `
import threading
import square

def handler(event, context):
    if "wait" in event:
        threading.Event().wait()
    if "bytes" in event:
        return "x" * (event["bytes"] - 2)
    return square.area(event["side"])
`

// pythonTimeout is the timeout of Python functions whose invocations must exceed it.
const pythonTimeout = 10 * time.Second

// ways are the two forms in which hydrate starts Lambda's Python runtime, awslambdaric.
var ways = map[string]func(hydrate, python string) (bootstrap, original string){
	// Lambda's managed runtimes start a wrapper in this form.
	// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
	"wrapper": func(hydrate, python string) (string, string) {
		return "#!/bin/sh\nexec '" + hydrate + "' '" + python + "' -m awslambdaric handler.handler\n", ""
	},
	"provided": func(_, python string) (string, string) {
		return "", "#!/bin/sh\nexec '" + python + "' -m awslambdaric handler.handler\n"
	},
}

// python returns a function in Python with dependencies from the cloud.
func python(t *testing.T, way string, c *cloud, timeout time.Duration) emulator.Config {
	t.Helper()
	program := hydrate(t)
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(filepath.Join(checkout, ".venv", "lib", "python*", "site-packages", "awslambdaric")); err != nil || len(found) == 0 {
		t.Fatalf("awslambdaric is missing (%v): run `make setup`", err)
	}
	task := t.TempDir()
	bootstrap, original := ways[way](program, filepath.Join(checkout, ".venv", "bin", "python3"))
	command := program
	for name, content := range map[string]string{"bootstrap": bootstrap, environ.OriginalBootstrap: original, "handler.py": squareHandler} {
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(task, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "bootstrap" {
			command = filepath.Join(task, name)
		}
	}
	environment := mergeInto(c.environment(), map[string]string{"LAMBDA_TASK_ROOT": task, "PYTHONDONTWRITEBYTECODE": "1"})
	return emulator.Config{Command: []string{command}, Directory: task, Environment: environment, Timeout: timeout}
}

func forEachWay(t *testing.T, test func(t *testing.T, way string)) {
	t.Helper()
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			test(t, way)
		})
	}
}

// checkSquare requires the area of a square.
func (f *function) checkSquare(t *testing.T) {
	t.Helper()
	if answer := f.answer(t, `{"side": 7}`); answer != "49" {
		t.Fatalf("got %s, want 49", answer)
	}
}

func TestHydrateStartsRuntime(t *testing.T) {
	t.Parallel()
	forEachWay(t, func(t *testing.T, way string) {
		f := start(t, python(t, way, newCloud(t, squares()), 0))
		for range 2 {
			f.checkSquare(t)
		}
		if f.logged("dependencies extracted") != 1 || f.logged("INIT START") != 1 {
			t.Error("want one extraction in one init")
		}
	})
}

// TestHydrateInitErrorIsRepeated starts a function with an invalid zip. Each invocation
// returns hydrate's error, until S3 has the right zip.
func TestHydrateInitErrorIsRepeated(t *testing.T) {
	t.Parallel()
	forEachWay(t, func(t *testing.T, way string) {
		c := newCloud(t, squares())
		config := python(t, way, c, 0)
		c.put([]byte("no zip"))
		f := start(t, config)
		for range 3 {
			answer := f.invoke(t, `{"side": 7}`)
			got := failureOf(t, answer)
			if got.ErrorType != "Hydrate.Refused" || !strings.Contains(got.ErrorMessage, "s3://packages/deps.zip") {
				t.Errorf("got %+v, want Hydrate.Refused", answer)
			}
		}
		c.put(zipOf(t, squares()))
		f.checkSquare(t)
		f.checkExtracted(t, "hydrate")
	})
}

// TestHydrateResumesAfterTimeout leaves S3 without an answer until the start has timed
// out, which a start of over 10 s does on Lambda. The next invocation starts hydrate
// again, which resumes the extraction.
func TestHydrateResumesAfterTimeout(t *testing.T) {
	t.Parallel()
	forEachWay(t, func(t *testing.T, way string) {
		files := squares()
		for i := range 24 {
			files[fmt.Sprintf("large_%02d", i)] = noise(t, 1<<20)
		}
		c := newCloud(t, files)
		config := python(t, way, c, pythonTimeout)
		c.hold(func(r *http.Request) bool { // all but the list of members and the first megabytes
			var start int
			_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start)
			return err == nil && start >= 8<<20
		})
		f := start(t, config)
		for attempts := 0; attempts < 2 || f.started(t) < 6; attempts++ {
			f.timeOut(t, `{"side": 7}`)
		}
		c.hold(nil)
		f.checkSquare(t)
		if f.logged("dependencies extracted", `"found":0`) != 0 || f.logged("dependencies extracted") != 1 {
			t.Error("want one extraction, which resumed an earlier one")
		}
		f.checkExtracted(t, "hydrate")
	})
}

// started returns how many files an incomplete extraction has started.
func (f *function) started(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(f.temporary, "hydrate", ".partial-*", "large_*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// noise returns bytes that do not compress.
func noise(t *testing.T, size int) string {
	t.Helper()
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(data); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTimeoutResetsHydrateFunction has a handler that does not return. After the reset,
// hydrate starts the runtime with the dependencies in /tmp, without a request to S3.
func TestTimeoutResetsHydrateFunction(t *testing.T) {
	t.Parallel()
	forEachWay(t, func(t *testing.T, way string) {
		c := newCloud(t, squares())
		f := start(t, python(t, way, c, pythonTimeout))
		f.checkSquare(t)
		before, _ := c.counts()
		f.timeOut(t, `{"wait": true}`)
		f.checkSquare(t)
		if after, _ := c.counts(); after != before {
			t.Errorf("%d more requests to S3, want the dependencies in /tmp", after-before)
		}
		if f.logged("Reset initiated: Timeout") == 0 {
			t.Error("want a reset")
		}
		f.checkExtracted(t, "hydrate")
	})
}
