package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"defog-cdk/bench/table"
)

//go:embed chunks.py
var oneProcess string

const (
	chunk   = 256 // points of a side
	columns = 10  // chunks
	packed  = ".build/podpac-client"
	python  = ".venv/bin/python" // of the local AWS, too
)

// chunks evaluates a grid of n chunks by the fan-out, and in one process, which must
// have the same values. It prints the times.
func (d *deployment) chunks(ctx context.Context, n int) error {
	if n%columns != 0 {
		return fmt.Errorf("-chunks: %d is invalid; want a multiple of %d", n, columns)
	}
	if reason, err := os.ReadFile(filepath.Join(packed, "unavailable")); err == nil {
		fmt.Printf("Without a grid of podpac: %s\n", bytes.TrimSpace(reason))
		return nil
	}
	version, err := exec.CommandContext(ctx, python, "-c", `import sys; print("python%d.%d" % sys.version_info[:2], end="")`).Output()
	if err != nil {
		return fmt.Errorf("ask Python for its version: %w", err)
	}
	outputs, err := d.deploy(ctx, "bench-podpac", "function_runtime="+string(version), "function_source_dist_zip=examples/podpac/function", "function_source_dependencies_zip="+packed+"/podpac_deps.zip")
	if err != nil {
		return fmt.Errorf("podpac, which `make .build/podpac-client/installed` installs: %w", err)
	}
	source := object{"coords": []object{side("lat", 9), side("lon", 9)}, "crs": "EPSG:4326"}
	pipeline := object{
		"source": object{"node": "data.Array", "attrs": object{"source": waves(9), "coordinates": source}},
		"grid":   object{"node": "interpolators.Interpolate", "inputs": object{"source": "source"}, "attrs": object{"interpolation": "bilinear"}},
	}
	coordinates := object{"coords": []object{side("lat", chunk*n/columns), side("lon", chunk*columns)}, "crs": "EPSG:4326"}
	for file, content := range map[string]object{"pipeline.json": pipeline, "coordinates.json": coordinates} {
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(d.path(file), text, 0o600); err != nil {
			return err
		}
	}

	functions := runtime.NumCPU()
	var times []time.Duration
	for _, run := range []string{"first", "second"} {
		var log bytes.Buffer
		began := time.Now()
		eval := d.eval(ctx, &log, "bench-podpac", d.path("pipeline.json"), "--coordinates", d.path("coordinates.json"), "--name", run,
			"--chunks", fmt.Sprintf("lat=%d,lon=%[1]d", chunk), "--concurrency", strconv.Itoa(functions), "--tolerate", "0")
		if err := eval.Run(); err != nil {
			return fmt.Errorf("defog eval --chunks: %w\n%s", err, &log)
		}
		times = append(times, time.Since(began))
	}
	alone, err := d.alone(ctx, object{"pipeline": pipeline, "coordinates": coordinates, "chunk": chunk, "bucket": outputs["BucketName"], "zarr": "output/second.zarr"})
	if err != nil {
		return err
	}
	results := table.New(fmt.Sprintf("%d chunks of %d × %[2]d", n, chunk), "seconds", "ms per chunk")
	for _, row := range []struct {
		what string
		took time.Duration
	}{
		{"one process, without its start", alone},
		{fmt.Sprintf("`defog eval --chunks`, %d functions", functions), times[1]},
		{"… that start first", times[0]},
	} {
		results.Row(row.what, fmt.Sprintf("%.1f", row.took.Seconds()), fmt.Sprintf("%.0f", row.took.Seconds()*1000/float64(n)))
	}
	return results.Write(os.Stdout)
}

type object = map[string]any

// side is a coordinate with its size.
func side(name string, size int) object {
	return object{"name": name, "start": -60, "stop": 60, "size": size}
}

// waves are values of a square.
func waves(size int) (rows [][]int) {
	for i := range size {
		var row []int
		for j := range size {
			row = append(row, (i*i+3*j)%17)
		}
		rows = append(rows, row)
	}
	return rows
}

// alone runs the program in one process.
func (d *deployment) alone(ctx context.Context, run object) (time.Duration, error) {
	input, err := json.Marshal(run)
	if err != nil {
		return 0, err
	}
	program := exec.CommandContext(ctx, python, "-c", oneProcess)
	program.Env = append(d.Environ(os.Environ()), "PYTHONPATH="+packed+"/packages", "PYTHONDONTWRITEBYTECODE=1", "HOME="+d.directory, "TMPDIR="+d.directory)
	var wrong bytes.Buffer
	program.Stdin, program.Stderr = bytes.NewReader(input), &wrong
	printed, err := program.Output()
	if err != nil {
		return 0, fmt.Errorf("evaluate in one process: %w\n%s", err, &wrong)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(printed)), 64)
	return time.Duration(seconds * float64(time.Second)), err
}
