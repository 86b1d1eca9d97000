package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/fanout"
	"defog-cdk/cmd/defog/fanout/grid"
	"defog-cdk/cmd/defog/invoke"
	"defog-cdk/internal/localaws"
)

// gridFlags are the flags of eval for one grid of PODPAC, which many functions evaluate.
type gridFlags struct {
	coordinates, chunks, zarrChunks, preview string
	overwrite, estimate                      bool
}

func (g *gridFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&g.chunks, "chunks", "", "evaluate a pipeline in chunks of these `sizes`, such as lat=64,lon=64,time=1, as a run")
	flags.StringVar(&g.coordinates, "coordinates", "", "the `file` with the coordinates of the grid (default: those of the event)")
	flags.StringVar(&g.zarrChunks, "zarr-chunks", "", "the `sizes` of the Zarr's chunks (default: those of --chunks)")
	flags.BoolVar(&g.overwrite, "overwrite", false, "delete an existing Zarr first")
	flags.BoolVar(&g.estimate, "estimate", false, "evaluate a sample of the chunks, and print time and price of the run")
	flags.StringVar(&g.preview, "preview", "", "draw the result of the run to a PNG `file`")
	for _, mode := range []string{"each", "resume", "cancel", "report", "runs", "async", "s3"} {
		command.MarkFlagsMutuallyExclusive("chunks", mode)
	}
	command.MarkFlagsMutuallyExclusive("estimate", "preview")
	command.MarkFlagsMutuallyExclusive("estimate", "overwrite")
}

// check returns an error for flags that have no effect. isGrid reports whether they are
// for a grid.
func (g *gridFlags) check(cmd *cobra.Command) (isGrid bool, err error) {
	flags := cmd.Flags()
	if isGrid = flags.Changed("chunks"); isGrid {
		return isGrid, nil
	}
	for _, flag := range []string{"coordinates", "zarr-chunks", "overwrite", "estimate"} {
		if flags.Changed(flag) {
			return isGrid, fmt.Errorf("--%s: not used without --chunks", flag)
		}
	}
	if flags.Changed("preview") && !flags.Changed("resume") {
		return isGrid, errors.New("--preview: not used without --chunks or --resume; -o writes the result of one evaluation")
	}
	return isGrid, nil
}

// document reads the files and the sizes of the flags.
func (g *gridFlags) document(pipelineFile string, stdin io.Reader) (document grid.Document, err error) {
	pipeline, _, err := readEvent(pipelineFile, stdin)
	if err != nil {
		return document, err
	}
	var coordinates []byte
	if g.coordinates != "" {
		if coordinates, _, err = readEvent(g.coordinates, stdin); err != nil {
			return document, fmt.Errorf("--coordinates: %w", err)
		}
	}
	if document, err = grid.ReadPipeline(pipeline, coordinates); err != nil {
		return document, err
	}
	var problems [2]error
	document.Chunks, problems[0] = grid.ParseSizes("--chunks", g.chunks)
	document.ZarrChunks, problems[1] = grid.ParseSizes("--zarr-chunks", g.zarrChunks)
	return document, errors.Join(problems[:]...)
}

// runGrid evaluates a grid in chunks, or estimates that.
func (e *evalCommand) runGrid(cmd *cobra.Command, pipelineFile string) error {
	ctx, r := cmd.Context(), e.runs
	if err := r.options().Validate(); err != nil {
		return err
	}
	document, err := e.grid.document(pipelineFile, newInput(ctx, cmd.InOrStdin()))
	if err != nil {
		return err
	}
	cfg, stack, err := e.stack(ctx)
	if err != nil {
		return err
	}
	c, err := fanout.Open(cfg, stack)
	if err != nil {
		return err
	}
	follower := newFollower(cmd, e.deployment, cfg, stack, c)
	name := r.name
	if name == "" {
		name = fanout.NewName(pipelineFile, time.Now())
	}
	if err := fanout.ValidateName("--name", name); err != nil {
		return err
	}
	output := e.output
	if e.grid.estimate {
		// Its Zarr is deleted, so that no other run may have its name.
		name, output = "estimate-"+fanout.NewName(pipelineFile, time.Now()), ""
	}
	bucket, err := stack.Need(client.BucketOutput, "bucket (fan_out=true)")
	if err != nil {
		return err
	}
	zarr, err := grid.ParseOutput(output, bucket, stack.Output(client.OutputOutput), name)
	if err != nil {
		return err
	}
	evaluated := grid.New(cfg, stack, bucket, name, zarr)
	if e.grid.estimate {
		return e.grid.printEstimate(ctx, follower, evaluated, document, r.concurrency)
	}
	// Before a Zarr is deleted for a run that could not start.
	if err := c.CheckName(ctx, name); err != nil {
		return err
	}
	plan, err := e.grid.create(ctx, c, evaluated, document)
	if err != nil {
		return interrupted(ctx, err, "interrupted before the start of the run")
	}
	fmt.Fprintln(follower.stderr, plan)
	run := fanout.Run{Name: name, Kind: fanout.Chunks, Result: zarr, Options: r.options()}
	follower.addMeter(ctx, grid.ItemOf(plan))
	return e.grid.draw(ctx, follower, run, follower.start(ctx, run, evaluated.Events(plan)))
}

// interrupted returns an error with the text instead of those of canceled requests.
func interrupted(ctx context.Context, err error, text string) error {
	if err != nil && ctx.Err() != nil {
		return errors.New(text)
	}
	return err
}

// maxChunks limits the chunks of a run: the list of more has some gigabytes.
const maxChunks = 10_000_000

// create writes the grid's document and the Zarr without its data.
func (g *gridFlags) create(ctx context.Context, c *fanout.Client, evaluated grid.Grid, document grid.Document) (plan grid.Plan, err error) {
	exists, err := evaluated.Exists(ctx)
	if err != nil {
		return plan, err
	}
	if exists && !g.overwrite {
		return plan, fmt.Errorf("%s: exists; want another --output, --overwrite, or --resume with the name of its run", evaluated)
	}
	if err := evaluated.Write(ctx, document); err != nil {
		return plan, err
	}
	// A grid that is refused creates and deletes nothing.
	if plan, err = evaluated.Plan(ctx); err == nil && plan.Items() > maxChunks {
		err = fmt.Errorf("--chunks: make %d chunks; want up to %d, by larger chunks", plan.Items(), maxChunks)
	}
	if err == nil && exists {
		err = checkIdle(ctx, c, evaluated)
	}
	if err == nil && exists {
		err = evaluated.DeleteZarr(ctx)
	}
	if err == nil {
		plan, err = evaluated.Create(ctx)
	}
	if err != nil {
		return plan, errors.Join(err, cleanUp(ctx, evaluated.DeleteDocument))
	}
	return plan, nil
}

// cleanUpTime limits deletions after an interrupt.
const cleanUpTime = time.Minute

// cleanUp deletes objects, also after an interrupt.
func cleanUp(ctx context.Context, deletions ...func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	var problems []error
	for _, remove := range deletions {
		problems = append(problems, remove(ctx))
	}
	return errors.Join(problems...)
}

// checkIdle returns an error if another run still writes the Zarr.
func checkIdle(ctx context.Context, c *fanout.Client, evaluated grid.Grid) error {
	owner, err := evaluated.Owner(ctx)
	if err != nil || owner.Run == "" || owner.Fits {
		return err
	}
	_, outcome, err := c.Latest(ctx, owner.Run)
	if _, missing := errors.AsType[*fanout.NoRunError](err); missing {
		return nil
	}
	if err == nil && outcome.Status == types.ExecutionStatusRunning {
		err = fmt.Errorf("--overwrite: run %s writes %s; want --cancel %[1]s first, or another --output", owner.Run, evaluated)
	}
	return err
}

// printEstimate evaluates a sample of the chunks into a Zarr of its own, and deletes it.
// After an interrupt it waits for the functions that run, which could write after the
// deletion.
func (g *gridFlags) printEstimate(ctx context.Context, f follower, evaluated grid.Grid, document grid.Document, concurrency int) (err error) {
	function, err := client.ReadFunction(ctx, f.cfg, f.stack)
	if err != nil {
		return fmt.Errorf("--estimate: needs the memory of the function: %w", err)
	}
	fmt.Fprintln(f.stderr, "Evaluating a sample of the chunks …")
	limit := time.Duration(function.TimeoutS) * time.Second
	calls, stop := outlast(ctx, limit, func() {
		fmt.Fprintf(f.stderr, "Waiting for the functions that run, up to %s, to delete their results. Ctrl-C ends this.\n", limit)
	})
	defer stop()
	if err := evaluated.Write(calls, document); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(interrupted(ctx, err, "interrupted before the estimate"), cleanUp(ctx, evaluated.DeleteZarr, evaluated.DeleteDocument))
		if calls.Err() != nil {
			err = fmt.Errorf("%w\nFunctions that still run can write to %s/: delete it after %s", err, evaluated, limit)
		}
	}()
	plan, err := evaluated.Create(calls)
	if err != nil {
		return err
	}
	overhead := grid.Overhead(localaws.IsEndpoint(aws.ToString(f.cfg.BaseEndpoint)))
	estimated, err := evaluated.Estimate(ctx, calls, plan, grid.Run{Concurrency: concurrency, Function: priceOf(function), Overhead: overhead})
	if err != nil {
		return err
	}
	return estimated.Write(f.stdout)
}

// checkRun returns an error for a preview of a run without a map.
func (g *gridFlags) checkRun(ctx context.Context, c *fanout.Client, name string) error {
	if g.preview == "" {
		return nil
	}
	run, err := c.ReadRun(ctx, name)
	if err == nil && run.Kind != fanout.Chunks {
		err = errors.New("--preview: is for a run of --chunks only")
	}
	return err
}

// draw writes the preview of a run that has ended, and returns the error of the run.
func (g *gridFlags) draw(ctx context.Context, f follower, run fanout.Run, ended error) error {
	_, incomplete := errors.AsType[*incompleteError](ended)
	if g.preview == "" || ended != nil && !incomplete {
		return ended
	}
	picture, err := f.grid(run).Preview(ctx)
	if err == nil {
		err = invoke.Write(picture, g.preview, f.stdout)
	}
	if err != nil {
		err = interrupted(ctx, fmt.Errorf("--preview: %w", err), "interrupted before the preview; --resume with --preview draws it")
	}
	return errors.Join(ended, err)
}
