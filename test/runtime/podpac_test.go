package runtime

import (
	"encoding/json"
	"fmt"
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

// podpac runs the example's handler under Lambda's Python runtime, awslambdaric.
func podpac(t *testing.T) *function {
	t.Helper()
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(checkout, "examples", "podpac")
	return start(t, emulator.Config{
		Command:   []string{filepath.Join(checkout, ".venv", "bin", "python3"), "-m", "awslambdaric", "handler.handler"},
		Directory: filepath.Join(example, "function"),
		Environment: map[string]string{
			"LAMBDA_TASK_ROOT": filepath.Join(example, "function"), "PYTHONPATH": filepath.Join(example, "standin"), "PYTHONDONTWRITEBYTECODE": "1",
		},
	})
}

// TestPodpacAnswersWhatItsClientReads requires the result's bytes as the answer to a
// direct invoke, which are no JSON, and a text for JSON.
func TestPodpacAnswersWhatItsClientReads(t *testing.T) {
	t.Parallel()
	f := podpac(t)
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
	f := podpac(t)
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
