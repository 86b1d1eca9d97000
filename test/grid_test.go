package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"defog-cdk/internal/testserver/podpac"
)

// gridOfPodpac is the example's handler on a local AWS that enforces IAM, and a grid of
// 200 chunks.
type gridOfPodpac struct {
	*fanOut
	installed podpac.Installation
	folder    string // with the pipeline and its coordinates
}

func newGridOfPodpac(t *testing.T) gridOfPodpac {
	t.Helper()
	cloud, installed := sharedAWS(t, enforcingAWS), podpac.Find(t)
	version, err := exec.CommandContext(t.Context(), installed.Python, "-c", `import sys; print("python%d.%d" % sys.version_info[:2], end="")`).Output()
	if err != nil {
		t.Fatal(err)
	}
	g := gridOfPodpac{&fanOut{&customDeployment{app: "grid", aws: cloud}}, installed, t.TempDir()}
	g.deploy(t, []string{
		"function_source_dist_zip=" + filepath.Join(installed.Checkout, "examples", "podpac", "function"),
		"function_source_dependencies_zip=" + installed.Dependencies, "function_runtime=" + string(version), "fan_out=true",
	})
	g.python(t, "write", g.folder)
	return g
}

// python runs the program grid.py and returns its output.
func (g gridOfPodpac) python(t *testing.T, args ...string) string {
	t.Helper()
	program := exec.CommandContext(t.Context(), g.installed.Python, append([]string{"grid/grid.py"}, args...)...)
	program.Env = g.aws.Environ(g.installed.Environ(t))
	var problems bytes.Buffer
	program.Stderr = &problems
	out, err := program.Output()
	if err != nil {
		t.Fatalf("grid.py %v: %v\n%s", args, err, problems.Bytes())
	}
	return string(out)
}

// arguments are those of the client for the grid.
func (g gridOfPodpac) arguments(args ...string) []string {
	return append([]string{filepath.Join(g.folder, "pipeline.json"), "--coordinates", filepath.Join(g.folder, "coordinates.json"), "--chunks", "lat=16,lon=10"}, args...)
}

// evaluations counts how often the function evaluated each chunk, by its log.
func (g gridOfPodpac) evaluations(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	logs := cloudwatchlogs.NewFromConfig(g.config())
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(g.outputs["LogGroupName"])})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range page.Events {
			var line struct {
				Event, Grid string
				Chunk       []int
				Status      int
			}
			if json.Unmarshal([]byte(aws.ToString(event.Message)), &line) == nil && line.Status == http.StatusOK && line.Event == "zarr_chunk" && line.Grid == "runs/killed/grid.json" {
				counts[fmt.Sprint(line.Chunk)]++
			}
		}
	}
	return counts
}

// TestGridOfPodpac evaluates 200 chunks by podpac. The client is killed midway, the run
// is canceled, and taken up again: the Zarr equals podpac's own evaluation.
func TestGridOfPodpac(t *testing.T) {
	t.Parallel()
	g := newGridOfPodpac(t)
	const total, concurrency = 200, 2

	if output, code := g.run(t, g.arguments("--zarr-chunks", "lat=12")...); code != 1 || !strings.Contains(output, "want chunks lat=12 or 24, or zarr_chunks lat=8 or 16") {
		t.Errorf("chunks that do not align: code %d:\n%s", code, output)
	}
	output, code := g.run(t, g.arguments("--estimate", "--concurrency", "2")...)
	for _, want := range []string{"lat 160, lon 200: 200 chunks of 16 × 10\n", "2 at a time, from a sample of 32", "  time    ", "  price   $", "which is spent"} {
		if code != 0 || !strings.Contains(output, want) {
			t.Errorf("estimate: code %d without %q:\n%s", code, want, output)
		}
	}
	if left := append(g.keys(t, "runs/"), g.keys(t, "output/")...); len(left) > 0 {
		t.Errorf("the estimate left %v", left)
	}

	client := g.eval(t, g.arguments("--name", "killed", "--concurrency", fmt.Sprint(concurrency))...)
	var printed bytes.Buffer
	client.Stdout, client.Stderr = &printed, &printed
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "done chunks", func() bool { return len(g.keys(t, "runs/killed/done/")) >= 10 })
	if err := client.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Fatalf("the client ended by itself:\n%s", printed.String())
	}
	if output, code := g.run(t, "--cancel", "killed"); code != 0 || !strings.Contains(output, "run killed: canceled") {
		t.Fatalf("cancel: code %d:\n%s", code, output)
	}
	if output, code := g.run(t, g.arguments("--name", "other", "--output", "output/killed.zarr")...); code != 1 || !strings.Contains(output, "/output/killed.zarr: exists; want another --output") {
		t.Errorf("a Zarr of another run: code %d:\n%s", code, output)
	}

	picture := filepath.Join(g.folder, "map.png")
	output, code = g.run(t, "--resume", "killed", "--preview", picture)
	for _, want := range []string{"run killed: attempt 2 evaluates ", "run killed: all 200 chunks are done\n", "s3://" + g.outputs["BucketName"] + "/output/killed.zarr\n", picture + ": "} {
		if code != 0 || !strings.Contains(output, want) {
			t.Errorf("resume: code %d without %q:\n%s", code, want, output)
		}
	}
	if content, err := os.ReadFile(picture); err != nil || !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Errorf("the preview is %d bytes, %v", len(content), err)
	}
	if got := g.python(t, "compare", g.outputs["BucketName"], "output/killed.zarr"); got != "equal: 200 chunks, 32000 values\n" {
		t.Errorf("comparison: %s", got)
	}

	counts, twice := g.evaluations(t), 0
	for chunk, count := range counts {
		switch count {
		case 1:
		case 2:
			twice++
		default:
			t.Errorf("chunk %s was evaluated %d times", chunk, count)
		}
	}
	if len(counts) != total || twice > concurrency {
		t.Errorf("%d chunks were evaluated, %d of them twice; want %d, and up to %d that were in flight", len(counts), twice, total, concurrency)
	}

	overwrite := g.arguments("--name", "other", "--output", "output/killed.zarr", "--overwrite", "--chunks", "lat=80,lon=100")
	if output, code := g.run(t, overwrite...); code != 0 || !strings.Contains(output, "run other: all 4 chunks are done\n") {
		t.Fatalf("overwrite: code %d:\n%s", code, output)
	}
	for _, command := range []string{"--resume", "--report"} {
		if output, code := g.run(t, command, "killed"); code != 1 || !strings.Contains(output, "run killed: run other has overwritten its Zarr s3://"+g.outputs["BucketName"]+"/output/killed.zarr") {
			t.Errorf("%s of an overwritten run: code %d:\n%s", command, code, output)
		}
	}
	if got := g.python(t, "compare", g.outputs["BucketName"], "output/killed.zarr"); got != "equal: 4 chunks, 32000 values\n" {
		t.Errorf("comparison: %s", got)
	}
}
