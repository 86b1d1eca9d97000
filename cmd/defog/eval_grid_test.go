package main

import (
	"os"
	"strings"
	"testing"
)

// newGridCloud has a stack with fan_out, and a folder with pipeline and coordinates.
func newGridCloud(t *testing.T) *cloud {
	t.Helper()
	c := newCloud(t)
	c.outputs["FanOutArn"] = "arn:aws:states:eu-central-1:123456789012:stateMachine:fn-fan-out"
	for name, content := range map[string]string{"pipeline.json": `{"a": {"nan_val": NaN}}`, "coords.json": `{"coords": []}`} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestFlagsOfGridsAreChecked(t *testing.T) {
	c := newGridCloud(t)
	for args, want := range map[string]string{
		"--chunks lat=1": `eval: the argument "file.json" is missing`,
		"pipeline.json --coordinates coords.json":                                     "--coordinates: not used without --chunks",
		"pipeline.json --estimate":                                                    "--estimate: not used without --chunks",
		"pipeline.json --zarr-chunks lat=1":                                           "--zarr-chunks: not used without --chunks",
		"pipeline.json --overwrite":                                                   "--overwrite: not used without --chunks",
		"pipeline.json --preview a.png":                                               "--preview: not used without --chunks or --resume; -o writes the result of one evaluation",
		"pipeline.json --chunks lat=1 --each x":                                       "none of the others can be; [chunks each] were all set",
		"pipeline.json --chunks lat=1 --s3":                                           "none of the others can be; [chunks s3] were all set",
		"pipeline.json --chunks lat=1 --resume a":                                     "none of the others can be; [chunks resume] were all set",
		"pipeline.json --chunks lat=1":                                                "--coordinates: is missing, and the event has no coordinates",
		"pipeline.json --chunks 1 --coordinates x":                                    "--coordinates: read the event: open x: no such file or directory",
		"pipeline.json --chunks lat=0 --zarr-chunks lon --coordinates coords.json":    `--chunks: "lat=0" is invalid; want sizes from 1`,
		"pipeline.json --chunks lat=1 --zarr-chunks lon --coordinates coords.json":    `--zarr-chunks: "lon" is invalid; want sizes from 1`,
		"pipeline.json --chunks lat=1 --coordinates coords.json --name ../a":          `--name: "../a" is invalid`,
		"pipeline.json --chunks lat=1 --coordinates coords.json --retry 11":           "--retry: 11 is invalid; want 0 to 10",
		"pipeline.json --chunks lat=1 --coordinates coords.json -o out/a":             "--output: out/a is invalid; want s3://bucket/out/‹name›.zarr",
		"pipeline.json --chunks lat=1 --coordinates coords.json -o s3://b/out/a.zarr": "--output: s3://b/out/a.zarr is in another bucket; want s3://bucket/out/‹name›.zarr",
	} {
		code, stdout, stderr := defog(t, append([]string{"eval"}, strings.Fields(args)...)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %q", args, code, stderr)
		}
	}
	if len(c.objects) > 0 || len(c.invoked) > 0 {
		t.Errorf("objects %v, events %v: want none", c.objects, c.invoked)
	}
}

func TestGridKeepsAnExistingZarr(t *testing.T) {
	c := newGridCloud(t)
	c.objects["out/a.zarr/.zattrs"] = "{}"
	code, _, stderr := defog(t, "eval", "pipeline.json", "--chunks", "lat=1", "--coordinates", "coords.json", "-o", "s3://bucket/out/a.zarr")
	if code != 1 || !strings.Contains(stderr, "s3://bucket/out/a.zarr: exists; want another --output, --overwrite, or --resume") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	if len(c.objects) != 1 || len(c.invoked) > 0 {
		t.Errorf("objects %v, events %v: want the Zarr alone", c.objects, c.invoked)
	}
}

func TestGridNeedsTheStateMachine(t *testing.T) {
	c := newGridCloud(t)
	delete(c.outputs, "FanOutArn")
	code, _, stderr := defog(t, "eval", "pipeline.json", "--chunks", "lat=1", "--coordinates", "coords.json")
	if code != 1 || !strings.Contains(stderr, "it has no state machine (fan_out=true)") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestGridWithNameOfARunDeletesNothing(t *testing.T) {
	for name, test := range map[string]struct{ key, content, want string }{
		"a run":             {"runs/a/run.json", `{"name": "a", "stack": "defog-lambda-dev", "items": 1}`, "run a exists; want another --name, or --resume a"},
		"an unfinished run": {"runs/a/grid.json", "{}", "run a: another client starts it, or was interrupted before its start; want another --name"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newGridCloud(t)
			c.objects["out/z.zarr/.zattrs"], c.objects[test.key] = "{}", test.content
			code, _, stderr := defog(t, "eval", "pipeline.json", "--chunks", "lat=1", "--coordinates", "coords.json", "-o", "out/z.zarr", "--overwrite", "--name", "a")
			if code != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, %q", code, stderr)
			}
			if len(c.objects) != 2 || len(c.invoked) > 0 {
				t.Errorf("objects %v, events %v: want the run and the Zarr alone", c.objects, c.invoked)
			}
		})
	}
}

func TestPreviewOfARunWithoutAMapStartsNothing(t *testing.T) {
	c := newGridCloud(t)
	c.objects["runs/a/run.json"] = `{"name": "a", "stack": "defog-lambda-dev", "kind": "each", "items": 1}`
	code, _, stderr := defog(t, "eval", "--resume", "a", "--preview", "a.png")
	if code != 1 || stderr != "defog: --preview: is for a run of --chunks only\n" || len(c.objects) != 1 {
		t.Errorf("exit code %d, %q, objects %v", code, stderr, c.objects)
	}
}
