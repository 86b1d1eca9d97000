package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/fanout"
	"defog-cdk/cmd/defog/fanout/grid"
	"defog-cdk/cmd/defog/fanout/price"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
)

// runFlags are the flags of eval for runs: many items, by the state machine of the
// setting fan_out.
type runFlags struct {
	*deployment
	each, name, resume, cancel, report string
	list                               bool

	concurrency, retry int
	tolerate           percent
}

// percent is a flag such as 5%.
type percent float64

func (p *percent) String() string { return strconv.FormatFloat(float64(*p), 'g', -1, 64) + "%" }
func (p *percent) Type() string   { return "percent" }

// Set implements pflag.Value.
func (p *percent) Set(text string) error {
	value, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil {
		return errors.New("want a number of per cent such as 5%")
	}
	*p = percent(value)
	return nil
}

func (r *runFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&r.each, "each", "", "evaluate each line of a `file` with JSON values (- is standard input) as a run")
	flags.StringVar(&r.resume, "resume", "", "follow the `run`, or evaluate what it has not done")
	flags.StringVar(&r.cancel, "cancel", "", "stop the `run`")
	flags.StringVar(&r.report, "report", "", "print what the `run` has done, and its errors")
	flags.BoolVar(&r.list, "runs", false, "list the runs of the last 90 days")
	flags.StringVar(&r.name, "name", "", "the `name` of the new run (default: from the file and the time)")
	r.tolerate = 5
	flags.IntVar(&r.concurrency, "concurrency", 100, "evaluations of the run at once")
	flags.Var(&r.tolerate, "tolerate", "failed items above which the run ends")
	flags.IntVar(&r.retry, "retry", 2, "further evaluations of an item that fails")
	modes := []string{"each", "resume", "cancel", "report", "runs"}
	command.MarkFlagsMutuallyExclusive(modes...)
	for _, mode := range modes {
		for _, single := range []string{"async", "s3", "output"} {
			command.MarkFlagsMutuallyExclusive(mode, single)
		}
	}
}

// isRun reports whether the flags are for a run, and not for one evaluation.
func (r *runFlags) isRun() bool { return r.each+r.resume+r.cancel+r.report != "" || r.list }

// optionFlags are the flags of fanout.Options.
var optionFlags = [...]string{"concurrency", "tolerate", "retry"}

// checkEmpty returns an error for a flag with an empty value, such as of a variable that
// a script has not set. Without the flag, eval would do something else.
func checkEmpty(cmd *cobra.Command) error {
	for _, flag := range []string{"each", "name", "resume", "cancel", "report", "chunks", "coordinates", "zarr-chunks", "preview"} {
		if found := cmd.Flags().Lookup(flag); found.Changed && found.Value.String() == "" {
			return fmt.Errorf("--%s: is empty; want a value, or no --%s", flag, flag)
		}
	}
	return nil
}

// check returns an error for flags that have no effect.
func (r *runFlags) check(cmd *cobra.Command, args []string) error {
	if !r.isRun() {
		for _, flag := range append(optionFlags[:], "name") {
			if cmd.Flags().Changed(flag) {
				return fmt.Errorf("--%s: not used without a run; want --each, --chunks or --resume with it", flag)
			}
		}
		return nil
	}
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q; want none with --each, --resume, --cancel, --report and --runs", args[0])
	}
	if r.each == "" && r.name != "" {
		return errors.New("--name: not used without --each or --chunks")
	}
	if r.each+r.resume == "" {
		for _, flag := range optionFlags {
			if cmd.Flags().Changed(flag) {
				return fmt.Errorf("--%s: not used with --cancel, --report and --runs; want --each, --chunks or --resume with it", flag)
			}
		}
	}
	for _, given := range []struct{ flag, name string }{{"--name", r.name}, {"--resume", r.resume}, {"--cancel", r.cancel}, {"--report", r.report}} {
		if given.name != "" {
			if err := fanout.ValidateName(given.flag, given.name); err != nil {
				return err
			}
		}
	}
	return r.options().Validate()
}

func (r *runFlags) options() fanout.Options {
	return fanout.Options{Concurrency: r.concurrency, Tolerate: float64(r.tolerate), Retry: r.retry}
}

func (r *runFlags) run(cmd *cobra.Command, drawing gridFlags) error {
	ctx := cmd.Context()
	cfg, stack, err := r.stack(ctx)
	if err != nil {
		return err
	}
	c, err := fanout.Open(cfg, stack)
	if err != nil {
		return err
	}
	follower := newFollower(cmd, r.deployment, cfg, stack, c)
	if r.each != "" || r.resume != "" {
		follower.addMeter(ctx, price.RunItem)
	}
	switch {
	case r.list:
		return listRuns(ctx, c, cmd.OutOrStdout())
	case r.report != "":
		attempt, outcome, err := c.Latest(ctx, r.report)
		if err != nil {
			return err
		}
		return follower.report(ctx, attempt, outcome)
	case r.cancel != "":
		return r.stop(ctx, c, cmd.OutOrStdout())
	case r.resume != "":
		if err := drawing.checkRun(ctx, c, r.resume); err != nil {
			return err
		}
		attempt, ended := r.takeUp(cmd, follower)
		return drawing.draw(ctx, follower, attempt.Run, ended)
	}
	items, err := openItems(r.each, newInput(ctx, cmd.InOrStdin()))
	if err != nil {
		return err
	}
	defer items.Close()
	source := r.each
	if source == "-" {
		source = "standard input"
	}
	name := r.name
	if name == "" {
		name = fanout.NewName(r.each, time.Now())
	}
	return follower.start(ctx, fanout.Run{Name: name, Kind: fanout.Each, Options: r.options()}, fanout.ReadItems(source, items))
}

func openItems(path string, stdin io.Reader) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--each: %w", err)
	}
	return file, nil
}

// takeUp follows the run, or starts what it has not done.
func (r *runFlags) takeUp(cmd *cobra.Command, follower follower) (fanout.Attempt, error) {
	changed := func(options *fanout.Options) {
		flags, given := cmd.Flags(), r.options()
		if flags.Changed("concurrency") {
			options.Concurrency = given.Concurrency
		}
		if flags.Changed("tolerate") {
			options.Tolerate = given.Tolerate
		}
		if flags.Changed("retry") {
			options.Retry = given.Retry
		}
	}
	attempt, state, err := follower.client.Resume(cmd.Context(), r.resume, changed, follower.checkResult)
	if err != nil {
		return attempt, err
	}
	switch state {
	case fanout.Complete:
		fmt.Fprintf(follower.stderr, "run %s: nothing is left\n", r.resume)
	case fanout.Running:
		fmt.Fprintf(follower.stderr, "run %s: continues\n", r.resume)
		for _, flag := range optionFlags {
			if cmd.Flags().Changed(flag) {
				fmt.Fprintf(follower.stderr, "--%s: not used, because the run continues with its own\n", flag)
			}
		}
	default:
		fmt.Fprintf(follower.stderr, "run %s: attempt %d evaluates %d of %d items\n", r.resume, attempt.Number, attempt.Items, attempt.Run.Items)
	}
	if state == fanout.Complete {
		follower.checked = true
		return attempt, follower.report(cmd.Context(), attempt, fanout.Outcome{})
	}
	return attempt, follower.follow(cmd.Context(), attempt)
}

func (r *runFlags) stop(ctx context.Context, c *fanout.Client, stdout io.Writer) error {
	_, stopped, err := c.Cancel(ctx, r.cancel)
	switch {
	case err != nil:
		return err
	case stopped:
		fmt.Fprintf(stdout, "run %s: canceled; evaluations that run end by themselves\n  %s --resume %s   evaluates what is not done\n", r.cancel, r.again("eval"), r.cancel)
	default:
		fmt.Fprintf(stdout, "run %s: does not run\n", r.cancel)
	}
	return nil
}

func listRuns(ctx context.Context, c *fanout.Client, stdout io.Writer) error {
	runs, err := c.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tATTEMPT\tSTATUS\tSTARTED")
	for _, run := range runs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", terminal.Line(run.Run), terminal.Line(run.Attempt), run.Status, run.Started.Local().Format(time.DateTime))
	}
	return table.Flush()
}

// follower starts runs, shows their progress and reports their end.
type follower struct {
	client         *fanout.Client
	cfg            aws.Config
	stack          client.Stack
	command        string // eval for this deployment
	stdout, stderr io.Writer
	meter          fanout.Meter // nil without prices
	checked        bool         // checkResult has just returned no error
}

func newFollower(cmd *cobra.Command, d *deployment, cfg aws.Config, stack client.Stack, c *fanout.Client) follower {
	return follower{client: c, cfg: cfg, stack: stack, command: d.again("eval"), stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
}

// grid returns the grid of a run of chunks.
func (f follower) grid(run fanout.Run) grid.Grid {
	return grid.New(f.cfg, f.stack, f.stack.Output(client.BucketOutput), run.Name, run.Result)
}

// checkResult returns an error if the run's Zarr is not its own any more.
func (f follower) checkResult(ctx context.Context, run fanout.Run) error {
	if run.Result == "" || f.checked {
		return nil
	}
	return f.grid(run).Check(ctx)
}

// addMeter adds prices, if the caller may read the function's memory.
func (f *follower) addMeter(ctx context.Context, item price.Item) {
	function, err := client.ReadFunction(ctx, f.cfg, f.stack)
	if err != nil {
		fmt.Fprintf(f.stderr, "no prices: %s\n", terminal.Line(err.Error()))
		return
	}
	f.meter = &price.Meter{PerSecond: priceOf(function).PerSecond(), PerItem: item.Sum()}
}

// priceOf returns what the price of the function's time depends on.
func priceOf(function client.Function) price.Function {
	return price.Function{Architecture: function.Architecture, MemoryMB: int(function.MemoryMB), StorageMB: int(function.StorageMB)}
}

// start writes the items, starts the run and follows it.
func (f follower) start(ctx context.Context, run fanout.Run, items iter.Seq2[json.RawMessage, error]) error {
	attempt, err := f.client.Create(ctx, run, items)
	if err != nil {
		return interrupted(ctx, err, "interrupted before the start of the run")
	}
	fmt.Fprintf(f.stderr, "run %s: %d %s\n", run.Name, attempt.Items, run.Noun())
	if err := f.client.Start(ctx, attempt); err != nil {
		return fmt.Errorf("%s\nThe start of the run failed. Start it with:\n  %s --resume %s", explained(ctx, err), f.command, run.Name)
	}
	return f.follow(ctx, attempt)
}

// follow shows the progress until the end, and reports it. The error of a run with
// items that are not done names the next command.
func (f follower) follow(ctx context.Context, attempt fanout.Attempt) error {
	display := fanout.Display{Output: f.stderr, Noun: attempt.Run.Noun(), Meter: f.meter, Terminal: isTerminal(f.stderr), Width: func() int { return widthOf(f.stderr) }}
	outcome, err := f.client.Follow(ctx, attempt, display.Show)
	display.End()
	name := attempt.Run.Name
	if err != nil {
		return fmt.Errorf("%s\nThe run continues on AWS.\n  %s --resume %s   follows it\n  %[2]s --cancel %[3]s   stops it", explained(ctx, err), f.command, name)
	}
	err = f.report(ctx, attempt, outcome)
	if _, incomplete := errors.AsType[*incompleteError](err); err == nil || incomplete {
		return err
	}
	return fmt.Errorf("%s\nThe run has ended. Read its report with:\n  %s --report %s", explained(ctx, err), f.command, name)
}

// explained returns an error as text that main prints as it is, with what follows.
func explained(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return "interrupted"
	}
	return session.Explain(explainRefusal(err, os.Getenv("AWS_ENDPOINT_URL"))).Error()
}

// incompleteError reports items that are not done.
type incompleteError struct {
	run     fanout.Run
	missing int
	running bool
	command string // that takes the run up
}

func (e *incompleteError) Error() string {
	next := "Evaluate them again with"
	if e.running {
		next = "Follow the run with"
	}
	return fmt.Sprintf("run %s: %d of %d %s are not done. %s:\n  %s --resume %s", e.run.Name, e.missing, e.run.Items, e.run.Noun(), next, e.command, e.run.Name)
}

func (f follower) report(ctx context.Context, attempt fanout.Attempt, outcome fanout.Outcome) error {
	report, err := f.client.Report(ctx, attempt, outcome)
	if err != nil {
		return err
	}
	report.Write(f.stdout)
	if missing := report.Missing(); missing > 0 {
		return &incompleteError{attempt.Run, missing, outcome.Status == types.ExecutionStatusRunning, f.command}
	}
	if err := f.checkResult(ctx, attempt.Run); err != nil {
		return err
	}
	if attempt.Run.Result != "" {
		fmt.Fprintln(f.stdout, terminal.Line(f.client.URL(attempt.Run.Result)))
	}
	return nil
}

// widthOf returns the width of a terminal.
func widthOf(w io.Writer) int {
	const usual = 80
	file, ok := w.(*os.File)
	if !ok {
		return usual
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		return usual
	}
	return width
}
