package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
)

// watchedLog is a log that closes seen when it receives a line with text.
type watchedLog struct {
	mu   sync.Mutex
	text string
	log  bytes.Buffer
	seen chan struct{}
}

func (n *watchedLog) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if bytes.Contains(p, []byte(n.text)) {
		close(n.seen)
	}
	return n.log.Write(p)
}

// Lambda stops a slow start without a reason, so hydrate logs one before.
func TestSlowStartLogsWarning(t *testing.T) {
	content := zipOf(t, map[string]string{"a": "1"})
	b := newBucket(t, content)
	log := &watchedLog{text: "repeats it within the function's timeout", seen: make(chan struct{})}
	b.inject(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		<-log.seen
		refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	})
	environment := b.environment(t.TempDir(), content)
	environment[environ.DependenciesDirectory] = t.TempDir()
	h := &hydrate{get: func(name string) string { return environment[name] }, log: newLogger(log), warnAfter: 1}
	err := h.run(t.Context(), []string{"/bin/true"})
	if f, ok := errors.AsType[*failure](err); !ok || f.kind != "Hydrate.Fetch" {
		t.Errorf("error %v", err)
	}
}

func TestEnvironmentAppendsSearchPaths(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{
		"bin", "lib", "python/lib/python3.12/site-packages", "python/lib/python3.9/site-packages", "nodejs/node_modules", "node_modules",
		"ruby/lib", "ruby/gems/3.4.0", "scipy",
	} {
		if err := os.MkdirAll(filepath.Join(folder, path), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	bare := t.TempDir()
	at := func(paths ...string) string {
		for i, path := range paths {
			if path != "" && !strings.HasPrefix(path, "/") {
				paths[i] = filepath.Join(folder, path)
			}
		}
		return strings.Join(paths, ":")
	}
	for name, test := range map[string]struct {
		folder    string
		variables []string
		want      []string
	}{
		"Python": {folder,
			[]string{"AWS_EXECUTION_ENV=AWS_Lambda_python3.12", "LAMBDA_RUNTIME_DIR=/var/runtime", "PATH=/bin", "LD_LIBRARY_PATH=/opt/lib", "A=b=c"},
			[]string{
				"A=b=c", "LD_LIBRARY_PATH=" + at("/opt/lib", "lib"), "PATH=" + at("/bin", "bin"),
				"PYTHONPATH=" + at("python/lib/python3.12/site-packages", "python", folder, "/var/runtime"),
			}},
		"Python with a path": {folder,
			[]string{"AWS_EXECUTION_ENV=AWS_Lambda_python3.12", "LAMBDA_RUNTIME_DIR=/var/runtime", "PYTHONPATH=/mine"},
			[]string{"PYTHONPATH=" + at("/mine", "python/lib/python3.12/site-packages", "python", folder)}},
		"Python of any version": {folder, nil,
			[]string{"PYTHONPATH=" + at("python/lib/python3.12/site-packages", "python/lib/python3.9/site-packages", "python", folder)}},
		"Node": {folder, []string{"NODE_PATH=/opt/nodejs/node_modules:/var/task"},
			[]string{"NODE_PATH=" + at("/opt/nodejs/node_modules:/var/task", "nodejs/node_modules", "node_modules")}},
		"Ruby": {folder, []string{"RUBYLIB=/var/task", "GEM_PATH=/opt/ruby/gems/3.4.0"},
			[]string{"RUBYLIB=" + at("/var/task", "ruby/lib"), "GEM_PATH=" + at("/opt/ruby/gems/3.4.0", "ruby/gems/3.4.0")}},
		"empty folder": {bare, []string{"PATH=/bin"}, []string{"PATH=/bin", "PYTHONPATH=" + bare}},
	} {
		t.Run(name, func(t *testing.T) {
			got := environment(test.variables, test.folder)
			for _, want := range append(test.want, environ.DependenciesFolder+"="+test.folder) {
				if !slices.Contains(got, want) {
					t.Errorf("lacks %s:\n%s", want, strings.Join(got, "\n"))
				}
			}
			if name == "empty folder" && len(got) != 3 {
				t.Errorf("%d variables: %s", len(got), cmp.Diff(test.want, got))
			}
			for _, variable := range got { // an empty path would be the working directory
				if strings.Contains(variable, "::") || strings.HasSuffix(variable, ":") || strings.Contains(variable, "=:") {
					t.Errorf("%s has an empty path", variable)
				}
			}
		})
	}
}
