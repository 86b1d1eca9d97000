package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed client.py
var clientProgram string

//go:embed zarr.py
var zarrProgram string

// client has podpac's own client evaluate a node with the function.
func (f flow) client(ctx context.Context, out io.Writer) error {
	var settings bytes.Buffer
	describe := f.DefogCommand(ctx, &settings, slices.Concat([]string{"describe", "--podpac"}, f.app())...)
	describe.Stderr = out
	if err := describe.Run(); err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	return f.podpac(ctx, out, "-c", settings.String()+clientProgram).Run()
}

// viewer fetches the page with the map of the published layers.
func (f flow) viewer(ctx context.Context, _ io.Writer) error {
	address, err := f.output(ctx, "EvalUrl")
	if err != nil {
		return err
	}
	page, err := f.ask(ctx, address+"/map", "text/html")
	if err == nil && !strings.Contains(string(page), "viewer.js") {
		err = fmt.Errorf("the page is %.300q", page)
	}
	return err
}

// evaluateGrid evaluates the layer at a grid, in chunks by several functions at once. It
// shows the command and its progress.
func (f flow) evaluateGrid(ctx context.Context) (time.Duration, error) {
	coordinates := filepath.Join(f.Directory, "grid.json")
	if err := os.WriteFile(coordinates, encode(fine), 0o600); err != nil {
		return 0, fmt.Errorf("write the grid: %w", err)
	}
	flags := []string{"--chunks", chunks, "--concurrency", "4", "--name", "demo", "--preview", preview}
	fmt.Fprintf(f.Out, "\n$ defog eval %s --coordinates grid.json %s\n", layer, strings.Join(flags, " "))
	begin := time.Now()
	command := f.DefogCommand(ctx, f.Out, slices.Concat([]string{"eval", layer, "--coordinates", coordinates}, f.app(), flags)...)
	if err := command.Run(); err != nil {
		return 0, fmt.Errorf("%s: evaluate the grid: %w", f.stage, err)
	}
	took := time.Since(begin)
	fmt.Fprintln(f.Out)
	return took, f.Step(f.stage+": compare the Zarr with podpac's own values", func(out io.Writer) error {
		bucket, err := f.output(ctx, "BucketName")
		if err != nil {
			return err
		}
		compare := f.podpac(ctx, out, "-c", zarrProgram, layer)
		compare.Stdin = bytes.NewReader(encode(object{"bucket": bucket, "prefix": "output/demo.zarr", "coordinates": fine}))
		return compare.Run()
	})
}

// keepRunning leaves the local AWS running, and prints where the map is.
func (d *demo) keepRunning(ctx context.Context, f flow) error {
	address, err := f.output(ctx, "EvalUrl")
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/map", nil)
	if err != nil {
		return fmt.Errorf("find the map: %w", err)
	}
	d.AWS.Direct(request)
	pid, err := d.AWS.Keep()
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(d.AWS.Address(), ":")
	fmt.Fprintf(d.Out, `
The local AWS stays up. To see the layer in a browser, open:

http://%s:%s%s

To stop it:

kill %d
`, request.Host, port, request.URL.Path, pid)
	return nil
}
