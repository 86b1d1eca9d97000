package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed reference.py
var referenceProgram string

// flow is one way to bring the zips: a stage of the app, with its settings.
type flow struct {
	*demo
	stage    string
	settings []string
	all      bool // also podpac's client, the viewer and a grid
}

// outcome is how long the parts of a flow took.
type outcome struct {
	flow  string
	parts []part
}

type part struct {
	what string
	took time.Duration
}

// run deploys and has everything evaluated. What differs from podpac's own is an
// error.
func (f flow) run(ctx context.Context) (outcome, error) {
	parts := []step{
		{"deploy with `cdk deploy`", timed(f.deploy)},
		{"first answer (an array)", timed(f.evaluates(object{"Array": array}, arrayData))},
		{"second answer (its mean)", timed(f.evaluates(object{"Array": array, "Mean": mean}, meanData))},
		{"map by a WMS request", f.draws(wms(), picture)},
		{"map by a WCS request", f.draws(wcs(), filepath.Join(f.Directory, "coverage.png"))},
		{"result through S3", timed(f.throughS3)},
	}
	if f.all {
		parts = append(parts,
			step{"answer to podpac's own client", timed(f.client)},
			step{"page with the map for browsers", timed(f.viewer)})
	}
	result := outcome{flow: f.stage}
	for _, p := range parts {
		var took time.Duration
		if err := f.Step(f.stage+": "+p.what, func(out io.Writer) (err error) {
			took, err = p.do(ctx, out)
			return err
		}); err != nil {
			if f.Verbose {
				fmt.Fprintf(f.Out, "The end of the local AWS's log:\n%s\n", f.AWS.Log())
			}
			return result, err
		}
		result.parts = append(result.parts, part{p.what, took})
	}
	if f.all {
		took, err := f.evaluateGrid(ctx)
		if err != nil {
			return result, err
		}
		result.parts = append(result.parts, part{"grid of 48 chunks by 4 functions", took})
	}
	return result, nil
}

// step is a part of a flow to do.
type step struct {
	what string
	do   func(context.Context, io.Writer) (time.Duration, error)
}

func timed(do func(context.Context, io.Writer) error) func(context.Context, io.Writer) (time.Duration, error) {
	return func(ctx context.Context, out io.Writer) (time.Duration, error) {
		begin := time.Now()
		err := do(ctx, out)
		return time.Since(begin), err
	}
}

// app names the flow's stack.
func (f flow) app() []string { return []string{"-c", "app_name=podpac-demo", "-c", "stage=" + f.stage} }

func (f flow) deploy(ctx context.Context, out io.Writer) error {
	return f.AWS.Deploy(ctx, out, slices.Concat(f.app(), f.settings, []string{
		"-c", "function_runtime=python" + f.python,
		"-c", `function_triggers=["eval","S3","APIGateway"]`,
		"-c", "api_auth=none", // for the map in a browser
		"-c", "fan_out=true",
	})...)
}

// eval evaluates a pipeline with `defog eval`, and returns the result.
func (f flow) eval(ctx context.Context, out io.Writer, pipeline object, format string, flags ...string) ([]byte, error) {
	file, result := filepath.Join(f.Directory, "pipeline.json"), filepath.Join(f.Directory, "result")
	if err := os.WriteFile(file, event(pipeline, format), 0o600); err != nil {
		return nil, fmt.Errorf("write the pipeline: %w", err)
	}
	args := slices.Concat([]string{"eval", "-o", result}, f.app(), flags, []string{file})
	if err := f.DefogCommand(ctx, out, args...).Run(); err != nil {
		return nil, errors.New("the pipeline was not evaluated")
	}
	return os.ReadFile(result)
}

// evaluates has a pipeline evaluated, whose data must be these.
func (f flow) evaluates(pipeline object, want string) func(context.Context, io.Writer) error {
	return func(ctx context.Context, out io.Writer) error {
		result, err := f.eval(ctx, out, pipeline, "json")
		if err != nil {
			return err
		}
		return hasData(result, want)
	}
}

func hasData(result []byte, want string) error {
	var got struct{ Data json.RawMessage }
	if err := json.Unmarshal(result, &got); err != nil {
		return fmt.Errorf("the result is not JSON: %w: %.200q", err, result)
	}
	if string(got.Data) != want {
		return fmt.Errorf("the data are %s, want %s", got.Data, want)
	}
	return nil
}

// throughS3 has a pipeline evaluated that is an object.
func (f flow) throughS3(ctx context.Context, out io.Writer) error {
	result, err := f.eval(ctx, out, object{"Array": array, "Mean": mean}, "json", "--s3", "--timeout", "5m")
	if err != nil {
		return err
	}
	return hasData(result, meanData)
}

// draws asks the API for a map, which must be podpac's own to the byte, and
// keeps it in a file. The API's part of that is timed.
func (f flow) draws(query url.Values, file string) func(context.Context, io.Writer) (time.Duration, error) {
	return func(ctx context.Context, out io.Writer) (time.Duration, error) {
		address, err := f.output(ctx, "EvalUrl")
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		got, err := f.ask(ctx, address+"?"+query.Encode(), "image/png")
		took := time.Since(begin)
		if err != nil {
			return 0, err
		}
		want, err := f.referenceMap(ctx, out, query)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(got, want) {
			return 0, fmt.Errorf("the API's map (%d bytes) is not podpac's own (%d bytes)", len(got), len(want))
		}
		if err := os.WriteFile(file, got, 0o600); err != nil {
			return 0, fmt.Errorf("keep the map: %w", err)
		}
		return took, nil
	}
}

// ask sends a query to the deployed API, and returns the answer of this media type.
func (f flow) ask(ctx context.Context, address, want string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the API: %w", err)
	}
	response, err := f.AWS.Client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the API: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the API's answer: %w", err)
	}
	if content := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(content, want) {
		return nil, fmt.Errorf("the API answered %d with %s: %.300q", response.StatusCode, content, body)
	}
	return body, nil
}

// output returns an output of the flow's stack from `defog describe`.
func (f flow) output(ctx context.Context, key string) (string, error) {
	var printed, wrong bytes.Buffer
	command := f.DefogCommand(ctx, &printed, slices.Concat([]string{"describe", "--json"}, f.app())...)
	command.Stderr = &wrong
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("describe: %w: %s", err, &wrong)
	}
	var described struct {
		Stack struct{ Outputs []struct{ Key, Value string } }
	}
	if err := json.Unmarshal(printed.Bytes(), &described); err != nil {
		return "", fmt.Errorf("describe: %w", err)
	}
	for _, output := range described.Stack.Outputs {
		if output.Key == key {
			return output.Value, nil
		}
	}
	return "", fmt.Errorf("the stack has no output %s", key)
}

// referenceMap returns the map that podpac draws without AWS.
func (f flow) referenceMap(ctx context.Context, out io.Writer, query url.Values) ([]byte, error) {
	parameters := object{}
	for name := range query {
		parameters[name] = query.Get(name)
	}
	var drawn bytes.Buffer
	program := f.podpac(ctx, out, "-c", referenceProgram)
	program.Stdin, program.Stdout = bytes.NewReader(encode(parameters)), &drawn
	if err := program.Run(); err != nil {
		return nil, fmt.Errorf("draw the map with podpac: %w", err)
	}
	return drawn.Bytes(), nil
}
