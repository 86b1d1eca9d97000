package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/invoke"
)

// evalCommand holds the flags of eval.
type evalCommand struct {
	*deployment
	async, s3 bool
	output    string
	timeout   time.Duration
	runs      runFlags
	grid      gridFlags
}

func newEval(d *deployment) *cobra.Command {
	e := evalCommand{deployment: d, runs: runFlags{deployment: d}}
	command := &cobra.Command{
		Use:   "eval file.json",
		Short: "Evaluate an event with the deployed function",
		Long: `Eval invokes the deployed function with the JSON in a file (- is standard input) and
writes the result. The result is the function's answer, or the body of an answer in
API Gateway's format.

With --async it does not wait for the result. With --s3 it uploads the event below
the input prefix, as large events and long evaluations require. The function writes
the result below the output prefix under the same name. A failure that PODPAC's
example logs ends the wait.

Lambda refuses NaN and Infinity, which Python writes into JSON, such as into PODPAC's
definitions. Such an event passes through the bucket without --s3, too.

With --each it evaluates each line of a file, many at once, as a run on AWS. This
requires the setting fan_out. The run continues when this command ends. --resume
takes it up again, and evaluates only what is not done.

With --chunks it evaluates PODPAC's pipeline at the coordinates of a grid, as a run.
Its functions write a Zarr in the stack's bucket. --estimate evaluates a sample of the
chunks, and prints time and price.

The exit code is 0 if the function succeeded, otherwise 1. For a run it is 0 if every
item is done.`,
		Example: `  defog eval -c app_name=podpac -o map.png pipeline.json
  defog eval --s3 -o result.nc pipeline.json

  defog eval --each items.jsonl --concurrency 500 --tolerate 1%
  defog eval pipeline.json --coordinates coords.json --chunks lat=64,lon=64 --preview map.png
  defog eval --resume items-20261129-120000-k3xq`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkEmpty(cmd); err != nil {
				return err
			}
			isGrid, err := e.grid.check(cmd)
			if err != nil {
				return err
			}
			if isGrid && len(args) == 0 {
				return argumentError(cmd, args)
			}
			if isGrid {
				return e.runGrid(cmd, args[0])
			}
			if err := e.runs.check(cmd, args); err != nil {
				return err
			}
			if e.runs.isRun() {
				return e.runs.run(cmd, e.grid)
			}
			if len(args) == 0 {
				return argumentError(cmd, args)
			}
			return e.run(cmd.Context(), args[0], newInput(cmd.Context(), cmd.InOrStdin()), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.BoolVar(&e.async, "async", false, "do not wait for the result")
	flags.BoolVar(&e.s3, "s3", false, "pass the event and the result through the function's bucket")
	flags.StringVarP(&e.output, "output", "o", "", "the `file` for the result (default: standard output)")
	flags.DurationVar(&e.timeout, "timeout", 15*time.Minute, "the timeout for the result")
	e.runs.add(command)
	e.grid.add(command)
	command.MarkFlagsMutuallyExclusive("async", "s3")
	command.MarkFlagsMutuallyExclusive("async", "output")
	return command
}

func (e *evalCommand) run(ctx context.Context, file string, stdin io.Reader, stdout, stderr io.Writer) error {
	event, constant, err := readEvent(file, stdin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	cfg, stack, err := e.stack(ctx)
	if err != nil {
		return err
	}
	evaluation := invoke.New(cfg, stack)
	if constant != "" && !e.s3 {
		if err := evaluation.CheckBucket(); err != nil {
			return fmt.Errorf("the event holds %s, which Lambda accepts only through S3: %w", constant, err)
		}
		fmt.Fprintf(stderr, "The event holds %s, which Lambda refuses in an invoke. It passes through the bucket, as with --s3.\n", constant)
	}
	var result []byte
	if e.s3 || constant != "" {
		result, err = e.throughBucket(ctx, evaluation, filepath.Base(file), event, stdout, stderr)
	} else {
		result, err = e.invoke(ctx, evaluation, event, stdout)
	}
	switch {
	case err == nil && e.async:
		return nil
	case err == nil:
		return invoke.Write(result, e.output, stdout)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no result within %s (--timeout); see defog logs", e.timeout)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return err
}

func (e *evalCommand) invoke(ctx context.Context, evaluation invoke.Evaluation, event []byte, stdout io.Writer) ([]byte, error) {
	if !e.async {
		return evaluation.Invoke(ctx, event)
	}
	id, err := evaluation.Start(ctx, event)
	if err == nil {
		fmt.Fprintf(stdout, "Lambda accepted the event. Read the function's log with:\n  defog logs --request %s\n", id)
	}
	return nil, err
}

func (e *evalCommand) throughBucket(ctx context.Context, evaluation invoke.Evaluation, name string, event []byte, stdout, stderr io.Writer) ([]byte, error) {
	upload, err := evaluation.Upload(ctx, name, event)
	if err != nil {
		return nil, err
	}
	if !e.async {
		return upload.Wait(ctx, func() {
			fmt.Fprintf(stderr, "Waiting for %s*, up to %s (--timeout). See what the function does with:\n  %s --follow\n", upload, e.timeout, e.again("logs"))
		})
	}
	fmt.Fprintf(stdout, "The bucket has the event. The function writes the result to:\n  %s*\n", upload)
	return nil, nil
}

// readEvent reads the event, and returns the first constant in it that only Python's
// JSON has.
func readEvent(file string, stdin io.Reader) (event []byte, constant string, err error) {
	if file == "-" {
		file = "standard input"
		event, err = io.ReadAll(stdin)
	} else {
		event, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the event: %w", err)
	}
	if constant, err = invoke.CheckEvent(event); err != nil {
		return nil, "", fmt.Errorf("%s: %w", file, err)
	}
	return event, constant, nil
}
