package grid_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/fanout/grid"
	"defog-cdk/cmd/defog/fanout/price"
)

// plan is the function's answer for coordinates of 100 × 61 × 3 points.
const plan = `{"dims": ["lat", "lon", "time"], "shape": [100, 61, 3], "chunks": [64, 32, 1], "counts": [2, 2, 3],
	"zarr": {"arrays": ["data"], "dims": ["lat", "lon", "time"], "shape": [100, 61, 3], "chunks": [32, 32, 1], "dtype": "float64"}}`

// cloud is a fake of S3 with one bucket, and of Lambda with one function.
type cloud struct {
	mu      sync.Mutex
	objects map[string]string
	events  []string
	answer  func(name string, chunk []int) (answer, failure string)
	report  string
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/") {
		c.invoke(w, content)
		return
	}
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/geo"), "/")
	_, exists := c.objects[key]
	switch {
	case r.Method == http.MethodPut && exists && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, `<Error><Code>PreconditionFailed</Code></Error>`)
	case r.Method == http.MethodPut:
		c.objects[key] = string(content)
	case r.Method == http.MethodPost:
		for stored := range c.objects {
			if strings.Contains(string(content), "<Key>"+stored+"</Key>") {
				delete(c.objects, stored)
			}
		}
		fmt.Fprint(w, `<DeleteResult/>`)
	case r.URL.Query().Has("list-type"):
		fmt.Fprint(w, `<ListBucketResult>`)
		for _, stored := range slices.Sorted(maps.Keys(c.objects)) {
			if strings.HasPrefix(stored, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key></Contents>`, stored)
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	default:
		fmt.Fprint(w, c.objects[key])
	}
}

func (c *cloud) invoke(w http.ResponseWriter, content []byte) {
	c.events = append(c.events, string(content))
	var event map[string]struct {
		Grid  string
		Chunk []int
	}
	if err := json.Unmarshal(content, &event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for name, request := range event {
		answer, failure := c.answer(name, request.Chunk)
		if failure != "" {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			answer = fmt.Sprintf(`{"errorType": "BadRequest", "errorMessage": %q}`, failure)
		}
		if c.report != "" {
			w.Header().Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString([]byte(c.report)))
		}
		fmt.Fprint(w, answer)
	}
}

func newGrid(t *testing.T) (*cloud, grid.Grid) {
	t.Helper()
	fake := &cloud{objects: map[string]string{}, answer: func(name string, _ []int) (string, string) {
		if name == "zarr_chunk" {
			return `{"seconds": 0.5, "cold": false}`, ""
		}
		return plan, ""
	}}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	stack := client.Stack{Outputs: []client.Output{{Key: client.FunctionOutput, Value: "podpac"}}}
	return fake, grid.New(cfg, stack, "geo", "run-1", "output/run-1.zarr")
}

func TestDocumentIsWrittenOnce(t *testing.T) {
	fake, g := newGrid(t)
	document := grid.Document{Pipeline: []byte(`{"a": NaN}`), Coordinates: []byte(`{"coords": []}`), Settings: []byte(`{}`), Chunks: grid.Sizes{"lat": 64}}
	if err := g.Write(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	want := `{"pipeline":{"a": NaN},"coordinates":{"coords": []},"settings":{},"chunks":{"lat":64},"zarr":"output/run-1.zarr","zarr_chunks":null}`
	if got := fake.objects["runs/run-1/grid.json"]; got != want {
		t.Errorf("document %s, want %s", got, want)
	}
	if err := g.Write(t.Context(), document); err == nil || !strings.Contains(err.Error(), "run run-1: another client starts it; want another --name") {
		t.Errorf("the second document: %v", err)
	}
	if err := g.DeleteDocument(t.Context()); err != nil || len(fake.objects) != 0 {
		t.Errorf("%v, objects %v", err, fake.objects)
	}
}

func TestChunksAreNamedByIndex(t *testing.T) {
	_, g := newGrid(t)
	found, err := g.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := found.String(); got != "lat 100, lon 61, time 3: 12 chunks of 64 × 32 × 1" {
		t.Error(got)
	}
	if found.Parts() != 2 {
		t.Errorf("%d objects a chunk, want 2: 64 points are two chunks of the Zarr", found.Parts())
	}
	var events []string
	for event, err := range g.Events(found) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, string(event))
	}
	slices.Sort(events)
	if events = slices.Compact(events); len(events) != 12 {
		t.Errorf("%d different chunks, want 12", len(events))
	}
	if first, last := events[0], events[11]; first != `{"zarr_chunk":{"grid":"runs/run-1/grid.json","chunk":[0,0,0]}}` || !strings.Contains(last, "[1,1,2]") {
		t.Errorf("chunks from %s to %s", first, last)
	}
}

func TestForeignAnswersAreErrors(t *testing.T) {
	for _, answer := range []string{`{}`, `[]`, `"text"`, `{"dims": ["lat"], "shape": [1], "chunks": [1], "counts": [0]}`, strings.Replace(plan, "[2, 2, 3]", "[2, 2]", 1)} {
		fake, g := newGrid(t)
		fake.answer = func(string, []int) (string, string) { return answer, "" }
		if found, err := g.Plan(t.Context()); err == nil {
			t.Errorf("%s: %+v, want an error", answer, found)
		}
	}
	fake, g := newGrid(t)
	fake.answer = func(string, []int) (string, string) { return "", "chunks lat=64 is not a multiple" }
	if _, err := g.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), "chunks lat=64 is not a multiple") {
		t.Errorf("%v, want the function's error", err)
	}
}

func TestZarrIsDeletedWithoutItsNeighbors(t *testing.T) {
	fake, g := newGrid(t)
	fake.objects = map[string]string{"output/run-1.zarr/.zattrs": "", "output/run-1.zarr/data/0.0": "", "output/run-1.zarr2/x": "", "output/run-1.png": ""}
	if exists, err := g.Exists(t.Context()); !exists || err != nil {
		t.Errorf("exists %t, %v", exists, err)
	}
	if err := g.DeleteZarr(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(fake.objects)); !slices.Equal(got, []string{"output/run-1.png", "output/run-1.zarr2/x"}) {
		t.Errorf("left %v", got)
	}
	if exists, err := g.Exists(t.Context()); exists || err != nil {
		t.Errorf("exists %t, %v", exists, err)
	}
}

func TestPreviewIsTheObjectThatTheFunctionWrote(t *testing.T) {
	fake, g := newGrid(t)
	fake.answer = func(string, []int) (string, string) {
		fake.objects["output/run-1.png"] = "\x89PNG"
		return `{"picture": "output/run-1.png"}`, ""
	}
	if picture, err := g.Preview(t.Context()); err != nil || string(picture) != "\x89PNG" {
		t.Errorf("%q, %v", picture, err)
	}
}

// estimate returns the estimate of the plan with two seconds a chunk, as Lambda reports.
func estimateOf(t *testing.T, fake *cloud, g grid.Grid) (grid.Estimate, error) {
	t.Helper()
	fake.report = `{"type": "platform.start"}` + "\n" +
		`{"type": "platform.report", "record": {"metrics": {"durationMs": 2000.5, "billedDurationMs": 2001, "memorySizeMB": 1024}}}` + "\n"
	found, err := g.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fake.events = nil
	return g.Estimate(t.Context(), t.Context(), found, grid.Run{Concurrency: 4, Function: price.Function{Architecture: "x86_64", MemoryMB: 1024}, Overhead: grid.Overhead(false)})
}

func TestEstimateStatesTimeAndPrice(t *testing.T) {
	fake, g := newGrid(t)
	found, err := estimateOf(t, fake, g)
	if err != nil {
		t.Fatal(err)
	}
	if len(fake.events) != 12 || found.Sample != 12 {
		t.Errorf("%d calls, sample of %d, want all 12 chunks", len(fake.events), found.Sample)
	}
	// Three rounds of two seconds, and what AWS adds.
	if found.Time.Low < 6 || found.Time.High > 60 || found.Time.Middle < 8 {
		t.Errorf("time %+v", found.Time)
	}
	if want := 12 * (2.001*0.0000166667 + 0.2e-6 + 3*5e-6 + 2*0.4e-6); found.Spent < want*0.99 || found.Spent > want*1.01 {
		t.Errorf("the sample cost %v, want %v", found.Spent, want)
	}
	if want := 12 * 3 * 25e-6; found.StepFunctions < want*0.99 || found.StepFunctions > want*1.01 {
		t.Errorf("Step Functions cost %v, want %v", found.StepFunctions, want)
	}
	if found.Lambda.Middle < 24*0.0000166667 || found.Lambda.High > 4*24*0.0000166667 {
		t.Errorf("Lambda costs %+v", found.Lambda)
	}
	var out strings.Builder
	if err := found.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"12 chunks of 64 × 32 × 1", "4 at a time, from a sample of 12", "nine of ten runs", "sample  $", "which is spent", "https://aws.amazon.com/lambda/pricing/"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is missing in:\n%s", part, out.String())
		}
	}
}

func TestEstimateCountsFailures(t *testing.T) {
	fake, g := newGrid(t)
	ordinary := fake.answer
	fake.answer = func(name string, chunk []int) (string, string) {
		if len(chunk) > 0 && chunk[0] == 1 {
			return "", "the pipeline failed"
		}
		return ordinary(name, chunk)
	}
	found, err := estimateOf(t, fake, g)
	if err != nil || found.Failed["the function failed: BadRequest: the pipeline failed"] != 6 {
		t.Errorf("%v, %v, want six failures", found.Failed, err)
	}
	fake.answer = func(name string, chunk []int) (string, string) {
		if len(chunk) > 0 {
			return "", "the pipeline failed"
		}
		return ordinary(name, chunk)
	}
	if _, err := estimateOf(t, fake, g); err == nil || !strings.Contains(err.Error(), "all 12 chunks of the sample failed") {
		t.Errorf("%v, want an error", err)
	}
}

func TestInterruptedEstimateEnds(t *testing.T) {
	fake, g := newGrid(t)
	found, err := g.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ordinary := fake.answer
	fake.answer = func(name string, chunk []int) (string, string) {
		cancel()
		return ordinary(name, chunk)
	}
	if _, err := g.Estimate(ctx, t.Context(), found, grid.Run{Concurrency: 2, Function: price.Function{MemoryMB: 128}, Overhead: grid.Overhead(true)}); err == nil {
		t.Error("an interrupted estimate has no error")
	}
}
