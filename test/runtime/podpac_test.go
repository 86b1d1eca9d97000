package runtime

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"defog-cdk/internal/testserver/daemon"
	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/podpac"
)

// pipeline is an event for PODPAC's handler: a node of the fake of podpac, its
// attributes, and a format.
func pipeline(node, attributes, format string) string {
	return fmt.Sprintf(`{"pipeline": {"a": {"node": "nodes.%s", "attrs": %s}},
		"coordinates": {"coords": [{"name": "lat", "values": [0]}]}, "output": {"format": %q}}`, node, attributes, format)
}

// startPodpac runs a handler in a folder with podpac, or its fake, under Lambda's Python
// runtime, awslambdaric.
func startPodpac(t *testing.T, folder, packages string, environment map[string]string) *function {
	t.Helper()
	python := inCheckout(t, ".venv", "bin", "python3")
	return start(t, emulator.Config{
		Command:   []string{python, "-m", "awslambdaric", "handler.handler"},
		Directory: folder,
		Environment: mergeInto(map[string]string{
			"LAMBDA_TASK_ROOT": folder, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1",
		}, environment),
	})
}

// startFake runs the example's handler with the fake of podpac.
func startFake(t *testing.T) *function {
	t.Helper()
	return startPodpac(t, handlerFolder(t), inCheckout(t, "examples", "podpac", "standin"), nil)
}

func handlerFolder(t *testing.T) string {
	t.Helper()
	folder := inCheckout(t, "examples", "podpac", "function")
	// go test runs again when a file has changed that a test has looked at.
	if err := filepath.WalkDir(filepath.Dir(folder), func(string, fs.DirEntry, error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return folder
}

func inCheckout(t *testing.T, path ...string) string {
	t.Helper()
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{checkout}, path...)...)
}

// TestPodpacAnswersWhatItsClientReads requires the result's bytes as the answer to a
// direct invoke, which is not JSON, and a text for JSON.
func TestPodpacAnswersWhatItsClientReads(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	for format, want := range map[string]string{
		"netcdf":  "CDF",
		"png":     "\x89PNG[[[1, null]], {}]",
		"geotiff": "II*\x00",
		"pickle":  "\x80",
		"json":    `"{\"data\": [[1, null]]}"`,
	} {
		if got := f.answer(t, pipeline("Array", `{"source": [[1, null]]}`, format)); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
	var response struct {
		StatusCode      int
		IsBase64Encoded bool
		Body            []byte
	}
	query := `{"queryStringParameters": {"SERVICE": "WMS", "VERSION": "1.3.0", "LAYERS": "nodes.Array", "PARAMS": "{\"source\": [[1]]}",
		"CRS": "EPSG:4326", "BBOX": "0,0,1,1", "WIDTH": "2", "HEIGHT": "3", "FORMAT": "image/png"}}`
	if err := json.Unmarshal([]byte(f.answer(t, query)), &response); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 || !response.IsBase64Encoded || string(response.Body) != "\x89PNG[[[1]], {}]" {
		t.Errorf("a request of API Gateway: got %+v", response)
	}
	if got := failureOf(t, f.invoke(t, pipeline("Array", `{"source": [[1]]}`, "exe"))); got.ErrorType != "BadRequest" || !strings.Contains(got.ErrorMessage, "format exe") {
		t.Errorf("got %+v, want BadRequest", got)
	}
}

// TestPodpacsClientReadsAnswers runs the tests in test/podpac that need no bucket:
// PODPAC's client, as it is, evaluates, and its results are compared with podpac's own.
func TestPodpacsClientReadsAnswers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs podpac: make test")
	}
	installed := podpac.Find(t)
	address := invokeAPI(t, startPodpac(t, handlerFolder(t), installed.Packages, map[string]string{"PODPAC_UNSAFE_EVAL": "h4sh"}))
	settings := filepath.Join(t.TempDir(), "settings.py")
	if err := os.WriteFile(settings, []byte(`settings.update(FUNCTION_NAME="function:live", UNSAFE_EVAL_HASH="h4sh")`), 0o600); err != nil {
		t.Fatal(err)
	}
	client := exec.CommandContext(t.Context(), installed.Python, "-m", "unittest", "discover", "--verbose", "--start-directory", inCheckout(t, "test", "podpac"))
	client.Env = append(installed.Environ(t), "PODPAC_SETTINGS="+settings, "AWS_ENDPOINT_URL="+address,
		"AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_EC2_METADATA_DISABLED=true")
	if out, err := client.CombinedOutput(); err != nil || !strings.Contains(string(out), "test_bytes_are_those_of_podpac") {
		t.Errorf("%v: %s", err, out)
	}
}

// invokeAPI starts Lambda's Invoke API in front of the emulator, which takes one event at
// a time and marks no failures. Like Lambda, it refuses events that are not JSON, such as
// those with NaN. It also answers what the client asks first: which account this is.
func invokeAPI(t *testing.T, f *function) (address string) {
	t.Helper()
	var one sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/invocations") {
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			return
		}
		event, err := io.ReadAll(r.Body)
		if err != nil || !json.Valid(event) {
			w.Header().Set("X-Amzn-ErrorType", "InvalidRequestContentException")
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		one.Lock()
		answer, err := f.Invoke(r.Context(), event)
		one.Unlock()
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		var failed failure
		if json.Unmarshal([]byte(answer.Body), &failed) == nil && failed.ErrorType != "" {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		fmt.Fprint(w, answer.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestPodpacAnswersFit requires the largest binary answer that Lambda accepts, and
// the handler's own error above it.
func TestPodpacAnswersFit(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	event := func(answer int) string {
		return pipeline("Text", fmt.Sprintf(`{"size": %d}`, answer-len("\x89PNG[\"\", {}]")), "png")
	}
	if got := f.answer(t, event(responseBytes)); len(got) != responseBytes {
		t.Errorf("got %d bytes, want %d: %.100q", len(got), responseBytes, got)
	}
	if got := failureOf(t, f.invoke(t, event(responseBytes+1))); got.ErrorType != "TooLarge" {
		t.Errorf("got %+v, want TooLarge", got)
	}
}

// TestHandlerOfPodpacNeedsBytes runs a handler that answers like PODPAC's own, as it
// is, and with the lines that docs/podpac.md adds to it.
func TestHandlerOfPodpacNeedsBytes(t *testing.T) {
	t.Parallel()
	program := read(t, filepath.Join("testdata", "podpac", "handler.py"))
	page := read(t, inCheckout(t, "docs", "podpac.md"))
	_, page, _ = strings.Cut(page, "## From PODPAC's own deployment")
	_, page, _ = strings.Cut(page, "```python\n")
	lines, _, found := strings.Cut(page, "```")
	if !found || !strings.Contains(lines, "body = ") {
		t.Fatalf("docs/podpac.md has no change of the handler: %s", lines)
	}
	const last = "    return body\n"
	binary := map[string]string{"netcdf": "CDF", "png": "\x89PNG[[[1]], {}]", "geotiff": "II*\x00"}
	others := map[string]string{"pickle": "\x80", "json": `"{\"data\": [[1]]}"`}
	for name, test := range map[string]struct {
		program       string
		answers, fail map[string]string
	}{
		"as it is": {program, others, binary},
		"changed":  {strings.Replace(program, last, lines+last, 1), mergeInto(maps.Clone(binary), others), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "handler.py"), []byte(test.program), 0o600); err != nil {
				t.Fatal(err)
			}
			f := startPodpac(t, folder, inCheckout(t, "examples", "podpac", "standin"), nil)
			event := func(format string) string { return pipeline("Array", `{"source": [[1]]}`, format) }
			for format, want := range test.answers {
				if got := f.answer(t, event(format)); got != want {
					t.Errorf("%s: got %q, want %q", format, got, want)
				}
			}
			for format := range test.fail {
				if got := failureOf(t, f.invoke(t, event(format))); got.ErrorType != "Runtime.MarshalError" {
					t.Errorf("%s: got %+v, want Runtime.MarshalError", format, got)
				}
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
