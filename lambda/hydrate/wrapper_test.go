package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"defog-cdk/internal/environ"
)

// shapes returns the dependencies of a function that computes the area of a
// square. They are too large for one request.
func shapes(t *testing.T, version string) []byte {
	random := rand.NewChaCha8(sha256.Sum256([]byte(version)))
	padding := make([]byte, 3<<20)
	_, _ = random.Read(padding) // never fails
	return zipOf(t, map[string]string{
		"shapes/__init__.py":         "from .square import area\nVERSION = '" + version + "'\n",
		"shapes/square.py":           "def area(side):\n    return side * side\n",
		"only_in_" + version + ".py": "",
		"python/layered.py":          "LAYERED = True\n",
		"duplicate.py":               "SOURCE = 'dependencies'\n",
		"bin/where":                  "#!/bin/sh\necho \"$" + environ.DependenciesFolder + "\"\n",
		"padding.bin":                string(padding),
	})
}

const shapesHandler = `
import importlib.util, os, subprocess
import duplicate, layered, shapes

def handler(event, context):
    return [shapes.area(event["side"]), shapes.VERSION, duplicate.SOURCE, context.aws_request_id,
            subprocess.run(["where"], capture_output=True, text=True).stdout.strip() == os.path.dirname(os.path.dirname(shapes.__file__)),
            [name for name in ("only_in_v1", "only_in_v2") if importlib.util.find_spec(name)]]
`

func TestRuntimeFindsDependencies(t *testing.T) {
	content := shapes(t, "v1")
	b := newBucket(t, content)
	f := python(t, b, content, shapesHandler)
	f.write(t, "duplicate.py", "SOURCE = 'function'\n")
	want := `[49, "v1", "function", "r-1", true, ["only_in_v1"]]`
	answer, log := f.answer(t, `{"side": 7}`)
	if answer != want {
		t.Errorf("answer %s, want %s", answer, want)
	}
	if strings.Count(log, `"msg":"dependencies extracted"`) != 1 {
		t.Errorf("want one line about the extraction: %s", log)
	}

	t.Run("warm start", func(t *testing.T) {
		b.inject(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, http.StatusForbidden, "AccessDenied")
			return true
		})
		if answer, log := f.answer(t, `{"side": 7}`); answer != want || strings.Contains(log, "dependencies") {
			t.Errorf("answer %s, log %s", answer, log)
		}
		if received := b.received(); len(received) > 0 {
			t.Errorf("%d requests to S3", len(received))
		}
	})
}

func TestStartExtractsChangedZip(t *testing.T) {
	first, second := shapes(t, "v1"), shapes(t, "v2")
	for name, hashed := range map[string]bool{"by hash": true, "latest": false} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, first)
			f := python(t, b, first, shapesHandler)
			f.environment[environ.DependenciesLinks] = f.temporary
			if !hashed {
				delete(f.environment, environ.DependenciesHash)
			}
			f.answer(t, `{"side": 1}`)
			b.put(second)
			if hashed {
				f.environment[environ.DependenciesHash] = sha(second)
			}
			answer, log := f.answer(t, `{"side": 1}`)
			if want := `[1, "v2", "dependencies", "r-1", true, ["only_in_v2"]]`; answer != want {
				t.Errorf("answer %s, want %s\n%s", answer, want, log)
			}
			if left := f.left(t); len(left) != 1 {
				t.Errorf("folders %v; want only the new one, since /tmp is small", left)
			}
			for name, want := range map[string]bool{"only_in_v1.py": false, "only_in_v2.py": true} {
				if exists(f.temporary, name) != want {
					t.Errorf("%s exists: %v, want %v", name, !want, want)
				}
			}
		})
	}
}

func TestStartRejectsInvalidZip(t *testing.T) {
	content := shapes(t, "v1")
	for name, invalid := range map[string]struct {
		content []byte
		hash    string
		want    string
	}{
		"another content": {content, sha(shapes(t, "v2")), "SHA-256 is " + sha(content)},
		"no zip":          {[]byte("<html>Sign in</html>"), "", "not a zip"},
		"cut off":         {content[:len(content)/2], "", "not a zip, or truncated"},
		"path outside":    {zipOf(t, map[string]string{"../escape.py": "x"}), "", `member "../escape.py": has a path that leaves the target`},
		"bomb":            {zipOf(t, map[string]string{"zeros": strings.Repeat("\x00", 32<<20)}), "", "a zip bomb"},
		"too large":       {zipOf(t, map[string]string{"shapes.py": strings.Repeat("0123456789abcdef", 1<<17)}), "", "ephemeral_storage"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, invalid.content)
			f := python(t, b, invalid.content, shapesHandler)
			if invalid.hash != "" {
				f.environment[environ.DependenciesHash] = invalid.hash
			}
			if name == "too large" {
				f.environment[environ.DependenciesMaxMB] = "1"
			}
			f.environment[environ.DependenciesLinks] = f.temporary
			line := f.refused(t, "Hydrate.Refused")
			if !strings.Contains(line, invalid.want) || !strings.Contains(line, "s3://packages/deps/v1.zip") {
				t.Errorf("error %q lacks %q or the object", line, invalid.want)
			}
			if left := f.left(t); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if found, _ := filepath.Glob(filepath.Join(f.temporary, "*.py")); len(found) > 0 {
				t.Errorf("links %v", found)
			}
		})
	}
}

func TestStartRetriesTransientS3Errors(t *testing.T) {
	content := shapes(t, "v1")
	for name, lasting := range map[string]struct {
		status     int
		code, want string
	}{
		"403": {http.StatusForbidden, "AccessDenied", "check that the function's role allows s3:GetObject on this object"},
		"404": {http.StatusNotFound, "NoSuchKey", "check the key"},
		"405": {http.StatusMethodNotAllowed, "MethodNotAllowed", "delete marker"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, content)
			b.inject(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				refuse(w, lasting.status, lasting.code)
				return true
			})
			f := python(t, b, content, shapesHandler)
			line := f.refused(t, "Hydrate.Fetch")
			if !strings.Contains(line, "s3://packages/deps/v1.zip") || !strings.Contains(line, lasting.want) || len(b.received()) != 1 {
				t.Errorf("%d requests, error %q", len(b.received()), line)
			}
		})
	}
	for name, fault := range map[string]func(number int, w http.ResponseWriter, r *http.Request) bool{
		"500": func(number int, w http.ResponseWriter, _ *http.Request) bool {
			if number%2 == 1 {
				refuse(w, http.StatusInternalServerError, "InternalError")
			}
			return number%2 == 1
		},
		"slow": func(_ int, _ http.ResponseWriter, _ *http.Request) bool {
			time.Sleep(300 * time.Millisecond)
			return false
		},
		"reset in the middle": func(number int, w http.ResponseWriter, r *http.Request) bool {
			if number == 2 {
				w.Header().Set("ETag", `"`+sha(content)[:32]+`"`)
				http.ServeContent(cut{w}, r, "", time.Time{}, bytes.NewReader(content))
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, content)
			b.inject(fault)
			f := python(t, b, content, shapesHandler)
			if answer, log := f.answer(t, `{"side": 3}`); !strings.HasPrefix(answer, "[9,") {
				t.Errorf("answer %s\n%s", answer, log)
			}
			if len(b.received()) < 2 {
				t.Errorf("%d requests: the fault had no effect", len(b.received()))
			}
		})
	}
}

func TestStartReadsSnapStartCredentials(t *testing.T) {
	content := shapes(t, "v1")
	b := newBucket(t, content)
	f := python(t, b, content, shapesHandler)
	credentials := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"AccessKeyId": "ASIASNAP", "SecretAccessKey": %q, "Token": "session", "Expiration": "2999-01-01T00:00:00Z"}`, secretKey)
	}))
	defer credentials.Close()
	delete(f.environment, "AWS_ACCESS_KEY_ID")
	delete(f.environment, "AWS_SECRET_ACCESS_KEY")
	f.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = credentials.URL
	f.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "token"
	f.answer(t, `{"side": 3}`)
	signed := slices.ContainsFunc(b.received(), func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("Authorization"), "Credential=ASIASNAP/") && r.Header.Get("X-Amz-Security-Token") == "session"
	})
	if !signed {
		t.Error("no request is signed with the credentials")
	}
}

// cut aborts a response in its body.
type cut struct{ http.ResponseWriter }

func (c cut) Write(p []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(p[:len(p)/2]) // an error has the same effect as the abort
	c.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}
