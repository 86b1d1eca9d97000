package runtime

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/daemon"
	"defog-cdk/internal/testserver/emulator"
)

// pipeline is an event for PODPAC's handler: a node of the fake of podpac, its
// attributes, and a format.
func pipeline(node, attributes, format string) string {
	return fmt.Sprintf(`{"pipeline": {"a": {"node": "nodes.%s", "attrs": %s}},
		"coordinates": {"coords": [{"name": "lat", "values": [0]}]}, "output": {"format": %q}}`, node, attributes, format)
}

// podpac runs a handler in a folder with the fake of podpac under Lambda's Python
// runtime, awslambdaric.
func podpac(t *testing.T, folder string) *function {
	t.Helper()
	python := inCheckout(t, ".venv", "bin", "python3")
	return start(t, emulator.Config{
		Command:   []string{python, "-m", "awslambdaric", "handler.handler"},
		Directory: folder,
		Environment: map[string]string{
			"LAMBDA_TASK_ROOT": folder, "PYTHONPATH": inCheckout(t, "examples", "podpac", "standin"), "PYTHONDONTWRITEBYTECODE": "1",
		},
	})
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
// direct invoke, which are no JSON, and a text for JSON.
func TestPodpacAnswersWhatItsClientReads(t *testing.T) {
	t.Parallel()
	f := podpac(t, inCheckout(t, "examples", "podpac", "function"))
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

// TestPodpacAnswersFit requires the largest binary answer that Lambda accepts, and
// the handler's own error above it.
func TestPodpacAnswersFit(t *testing.T) {
	t.Parallel()
	f := podpac(t, inCheckout(t, "examples", "podpac", "function"))
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

// TestPodpacsOwnHandlerNeedsBytes runs a handler that answers like PODPAC's own, as it
// is, and with the lines that docs/podpac.md adds to it.
func TestPodpacsOwnHandlerNeedsBytes(t *testing.T) {
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
			f := podpac(t, folder)
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
