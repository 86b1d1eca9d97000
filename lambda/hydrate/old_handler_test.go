package main

import (
	_ "embed"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
)

//go:embed testdata/old_handler.py
var oldHandler string

// oldFunction returns PODPAC's function with hydrate as its wrapper.
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

func TestPODPACHandlerRunsUnmodified(t *testing.T) {
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

// For S3 events, PODPAC's handler uses a client that it creates only if it
// downloads the dependencies. The documentation has the line to add.
func TestPODPACHandlerNeedsChangeForS3Events(t *testing.T) {
	content := oldDependencies(t, "1")
	b := newBucket(t, content)

	running := oldFunction(t, b, content, unchanged).start(t)
	_, err := running.Invoke([]byte(s3Event))
	running.Stop()
	if err == nil || !strings.Contains(err.Error(), "UnboundLocalError") {
		t.Errorf("got %v, want UnboundLocalError, for which the documentation has a change", err)
	}

	repaired := oldFunction(t, b, content, func(handler string) string {
		return strings.Replace(handler, "def handler(event, context):\n", "def handler(event, context):\n    s3 = Client()\n", 1)
	})
	if answer, log := repaired.answer(t, s3Event); answer != "null" || !strings.Contains(log, "puts output/a.json") {
		t.Errorf("answer %s\n%s", answer, log)
	}
}

func TestPODPACHandlerReadsChangedZip(t *testing.T) {
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

// With function_hydrate=false, the handler downloads the dependencies.
func TestPODPACHandlerDownloadsWithoutHydrate(t *testing.T) {
	content := oldDependencies(t, "1")
	f := oldFunction(t, newBucket(t, content), content, unchanged)
	f.command = f.command[1:]
	running := f.start(t)
	defer running.Stop()
	if _, err := running.Invoke([]byte(`{}`)); err == nil || !strings.Contains(err.Error(), "download of packages/deps/v1.zip") {
		t.Errorf("error %v", err)
	}
}
