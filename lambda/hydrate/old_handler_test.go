package main

import (
	_ "embed"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
)

//go:embed testdata/old_handler.py
var oldHandler string

// oldFunction is a function of PODPAC's, deployed with hydrate in front.
func oldFunction(t *testing.T, b *bucket, content []byte, change func(handler string) string) *task {
	t.Helper()
	f := python(t, b, content, "")
	f.environment["S3_BUCKET_NAME"] = "packages"
	f.environment["FUNCTION_DEPENDENCIES_KEY"] = "deps/v1.zip"
	f.environment[environ.DependenciesLinks] = f.temporary
	f.write(t, "handler.py", strings.ReplaceAll(change(oldHandler), "{tmp}", f.temporary))
	return f
}

func unchanged(handler string) string { return handler }

func oldDependencies(t *testing.T, version string) []byte {
	return zipOf(t, map[string]string{
		"numpy/__init__.py": "VERSION = 'numpy " + version + "'\n",
		"scipy/__init__.py": "VERSION = 'scipy " + version + "'\n",
		"zarr/__init__.py":  "",
	})
}

const s3Event = `{"Records": [{"eventSource": "aws:s3"}]}`

func TestUnmodifiedHandler(t *testing.T) {
	content := oldDependencies(t, "1")
	f := oldFunction(t, newBucket(t, content), content, unchanged)
	for range 2 { // cold, then warm
		answer, log := f.answer(t, `{"pipeline": {}}`)
		if want := `["numpy 1", "scipy 1", "scipy"]`; answer != want || !strings.Contains(log, "dependencies are there") {
			t.Errorf("direct: answer %s, want %s\n%s", answer, want, log)
		}
		if answer, _ := f.answer(t, `{"queryStringParameters": {}}`); answer != `{"statusCode": 200, "body": "numpy 1scipy 1"}` {
			t.Errorf("API: answer %s", answer)
		}
	}
}

// Its S3 path uses a client that only a cold start of its own makes. README has
// the line that helps.
func TestUnmodifiedHandlerOfS3Events(t *testing.T) {
	content := oldDependencies(t, "1")
	b := newBucket(t, content)

	running := oldFunction(t, b, content, unchanged).start(t)
	_, err := running.Invoke([]byte(s3Event))
	running.Stop()
	if err == nil || !strings.Contains(err.Error(), "UnboundLocalError") {
		t.Errorf("error %v: README says that this handler needs a change, and it does not", err)
	}

	repaired := oldFunction(t, b, content, func(handler string) string {
		return strings.Replace(handler, "def handler(event, context):\n", "def handler(event, context):\n    s3 = Client()\n", 1)
	})
	if answer, log := repaired.answer(t, s3Event); answer != "null" || !strings.Contains(log, "puts output/a.json") {
		t.Errorf("answer %s\n%s", answer, log)
	}
}

func TestUnmodifiedHandlerSeesAChangedZip(t *testing.T) {
	first, second := oldDependencies(t, "1"), oldDependencies(t, "2")
	b := newBucket(t, first)
	f := oldFunction(t, b, first, unchanged)
	delete(f.environment, environ.DependenciesHash)
	f.answer(t, `{}`)
	b.put(second)
	if answer, log := f.answer(t, `{}`); answer != `["numpy 2", "scipy 2", "scipy"]` {
		t.Errorf("answer %s\n%s", answer, log)
	}
}

// Without hydrate, with function_hydrate=false, it does everything by itself.
func TestHandlerAlone(t *testing.T) {
	content := oldDependencies(t, "1")
	f := oldFunction(t, newBucket(t, content), content, unchanged)
	f.command = f.command[1:]
	running := f.start(t)
	defer running.Stop()
	if _, err := running.Invoke([]byte(`{}`)); err == nil || !strings.Contains(err.Error(), "downloads packages/deps/v1.zip by itself") {
		t.Errorf("error %v", err)
	}
}
