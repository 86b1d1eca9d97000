package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"defog-cdk/cmd/defog/evaluate"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/compare"
	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/spending"
)

// evaluateCommand holds the flags of evaluate.
type evaluateCommand struct {
	*deployment
	url, auth              string
	deployed               bool
	columns                string
	tolerance              float64
	concurrency, maxRows   int
	seed                   int
	timeout                time.Duration
	roleARN, save          string
	record, replay, resume string
	json, junit, markdown  string
	baseline               string
	minAccuracy            float64
	seedGiven              bool
	conf                   config.Config
	conn                   connection.Connection
	folder                 string // with the dependencies
	golden                 []knowledge.Pair
}

func newEvaluate(d *deployment) *cobra.Command {
	e := evaluateCommand{deployment: d}
	command := &cobra.Command{
		Use:   "evaluate questions.json",
		Short: "Measure the SQL generator by questions with known SQL",
		Long: `Evaluate asks each question of a set, runs the generated SQL and the reference SQL,
and compares the rows. It prints misses and accuracies.

The set is golden.json, JSON lines or CSV, also with the fields of public sets. A
list of sql holds acceptable statements.

Rows are compared as a bag. If the reference has an ORDER BY, they are a list, in
which rows with equal keys may change places. Columns are compared by their values,
whatever their names and order.

Without --deployed and --url, the generator of the settings runs on this machine. A
golden query is held out of its own prompt. The reference SQL always runs in the
database of connection_file or credentials_secret. A set with results, from
--save-results, needs no database with --url.

The exit code is 0 if the accuracy is at least --min-accuracy, otherwise 1.`,
		Example: `  defog evaluate dependencies/golden.json
  defog evaluate questions.csv --json new.json --baseline old.json
  defog evaluate questions.json --deployed -c app_name=shop --min-accuracy 0.8`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e.seedGiven = cmd.Flags().Changed("seed")
			return e.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.BoolVar(&e.deployed, "deployed", false, "ask the API of the deployed stack")
	flags.StringVar(&e.url, "url", "", "ask the API at this `URL`")
	flags.StringVar(&e.auth, "auth", "", authUsage)
	flags.StringVar(&e.roleARN, "role-arn", "", "the `ARN` of a role to assume for the questions to an API")
	flags.StringVar(&e.save, "save-results", "", "run the reference SQL only, and write the set with its rows to a `file`")
	flags.StringVar(&e.columns, "columns", "superset", "the columns of an answer: exact, or superset to allow more than the reference has")
	flags.Float64Var(&e.tolerance, "tolerance", compare.DefaultTolerance, "the relative difference of two equal fractions")
	flags.IntVar(&e.concurrency, "concurrency", 4, "the `number` of questions at a time")
	flags.IntVar(&e.maxRows, "max-rows", 100_000, "the maximum `number` of rows that are compared")
	flags.IntVar(&e.seed, "seed", 0, "the seed of the model, with the generator openai")
	flags.DurationVar(&e.timeout, "timeout", time.Minute, "the timeout for one statement, and for one answer of an API")
	flags.StringVar(&e.record, "record", "", "write the replies of the generator to a `file`")
	flags.StringVar(&e.replay, "replay", "", "read the replies from a recorded `file`, in place of the generator")
	flags.StringVar(&e.resume, "resume", "", "keep results in a `file`, and continue an interrupted run with it")
	flags.StringVar(&e.json, "json", "", "write the report to a `file` as JSON")
	flags.StringVar(&e.junit, "junit", "", "write the report to a `file` as JUnit's XML")
	flags.StringVar(&e.markdown, "markdown", "", "write the report to a `file` as Markdown")
	flags.StringVar(&e.baseline, "baseline", "", "compare with the JSON report of an earlier run")
	flags.Float64Var(&e.minAccuracy, "min-accuracy", 0, "the lowest accuracy of exit code 0, from 0 to 1")
	command.MarkFlagsMutuallyExclusive("record", "replay", "url", "deployed", "save-results")
	return command
}

func (e *evaluateCommand) check() error {
	var problems []error
	require := func(valid bool, format string, values ...any) {
		if !valid {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	require(e.columns == "exact" || e.columns == "superset", "--columns: %q is unknown; want exact or superset", e.columns)
	require(e.minAccuracy >= 0 && e.minAccuracy <= 1, "--min-accuracy: %v is invalid; want a number from 0 to 1", e.minAccuracy)
	require(e.tolerance >= 0, "--tolerance: %v is invalid; want at least 0", e.tolerance)
	return errors.Join(append(problems, checkLimits(e.concurrency, e.maxRows, e.timeout))...)
}

// checkLimits returns all invalid ones of the flags --concurrency, --max-rows and
// --timeout.
func checkLimits(concurrency, maxRows int, timeout time.Duration) error {
	var problems []error
	if concurrency < 1 {
		problems = append(problems, fmt.Errorf("--concurrency: %d is invalid; want at least 1", concurrency))
	}
	if maxRows < 1 {
		problems = append(problems, fmt.Errorf("--max-rows: %d is invalid; want at least 1", maxRows))
	}
	if timeout <= 0 {
		problems = append(problems, fmt.Errorf("--timeout: %s is invalid; want a duration above 0, such as 30s", timeout))
	}
	return errors.Join(problems...)
}

func (e *evaluateCommand) run(ctx context.Context, path string, stdout, stderr io.Writer) (err error) {
	if err := e.check(); err != nil {
		return err
	}
	var baseline *evaluate.Report
	if e.baseline != "" {
		read, err := evaluate.ReadReport(e.baseline)
		if err != nil {
			return err
		}
		baseline = &read
	}
	if e.folder, err = os.MkdirTemp("", "defog-evaluate-"); err != nil {
		return fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(e.folder)) }()
	questions, err := e.read(ctx, path)
	if err != nil {
		return err
	}
	if e.save != "" {
		return e.saveResults(ctx, questions, stdout)
	}
	results, name, err := e.evaluate(ctx, questions, stderr)
	if err != nil {
		return err
	}
	report := evaluate.NewReport(name, results, e.prices())
	if baseline != nil {
		report.Compare(*baseline)
	}
	if err := e.write(report, stdout); err != nil {
		return err
	}
	if report.Summary.Accuracy < e.minAccuracy {
		return fmt.Errorf("the accuracy is %.3f; want at least %.3f (--min-accuracy)", report.Summary.Accuracy, e.minAccuracy)
	}
	return nil
}

// read reads the questions, and before them what decides how they are evaluated.
func (e *evaluateCommand) read(ctx context.Context, path string) ([]evaluate.Question, error) {
	if e.url != "" {
		// The database is unknown. A set with results needs none.
		if questions, err := evaluate.Read(path, ""); err == nil && evaluate.HasResults(questions) {
			return questions, nil
		}
	}
	if err := e.load(ctx); err != nil {
		return nil, err
	}
	return evaluate.Read(path, e.conn.DBType)
}

// saveResults writes the set with the rows of its reference statements.
func (e *evaluateCommand) saveResults(ctx context.Context, questions []evaluate.Question, stdout io.Writer) error {
	run := e.newRun(questions)
	db, err := e.openDatabase()
	if err != nil {
		return err
	}
	defer db.Close()
	run.Databases = []database.Database{db}
	stored, err := run.Store(ctx)
	if err != nil {
		return explainDatabase(err)
	}
	if err := evaluate.WriteSet(e.save, stored); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d questions with results\n", terminal.Line(e.save), len(stored))
	return nil
}

func (e *evaluateCommand) newRun(questions []evaluate.Question) evaluate.Run {
	return evaluate.Run{
		DBType: e.conn.DBType, Questions: questions,
		Rules:  compare.Rules{Exact: e.columns == "exact", Tolerance: e.tolerance},
		Limits: evaluate.Limits{Rows: e.maxRows, Time: e.timeout},
	}
}

func (e *evaluateCommand) openDatabase() (database.Database, error) {
	db, err := drivers().Open(e.conn, database.Options{
		Directory: e.folder, Token: e.databaseToken, AllowedFunctions: e.conf.AllowedFunctions, MaxSQLBytes: e.conf.MaxSQLBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// load reads the settings, the connection and the dependencies.
func (e *evaluateCommand) load(ctx context.Context) error {
	values, err := e.values()
	if err != nil {
		return err
	}
	if e.conf, err = config.Load(values); err != nil {
		return err
	}
	e.conn = e.conf.Connection
	if e.conf.CredentialsSecret != "" {
		if e.conn, err = e.readSecret(ctx, e.conf.CredentialsSecret); err != nil {
			return err
		}
	}
	if len(e.conn.DBCreds) == 0 {
		return errors.New("db_creds: are empty; want the database's credentials, because evaluate runs the SQL")
	}
	if err := gather(e.folder, defaultDependencies, e.conf.Dependencies); err != nil {
		return err
	}
	if e.conf.Generator == generate.TypeGolden {
		return nil // it has no prompt
	}
	files, err := knowledge.Read(generate.TypeOpenAI, knowledge.Folder(e.folder))
	e.golden = files.Golden
	return err
}

// evaluate returns the results and the name of the evaluated system.
func (e *evaluateCommand) evaluate(ctx context.Context, questions []evaluate.Question, stderr io.Writer) (_ []evaluate.Result, name string, err error) {
	run := e.newRun(questions)
	newSystem, name, closeSystem, err := e.system(ctx, run.Limits)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, closeSystem()) }()
	for range min(e.concurrency, len(questions)) {
		var db database.Database
		if e.conn.DBType != "" {
			if db, err = e.openDatabase(); err != nil {
				return nil, "", err
			}
			defer db.Close()
		}
		run.Databases, run.Workers = append(run.Databases, db), append(run.Workers, newSystem(db))
	}
	bar := evaluate.Bar{Out: stderr, Total: len(questions), Terminal: isTerminal(stderr)}
	run.Finished = bar.Add
	if e.resume == "" {
		results, err := run.Evaluate(ctx)
		return results, name, explainDatabase(err)
	}
	identity, err := e.identity(questions, name)
	if err != nil {
		return nil, "", err
	}
	state, err := evaluate.OpenState(e.resume, identity)
	if err != nil {
		return nil, "", fmt.Errorf("--resume: %w", err)
	}
	run.Done = state.Done
	for _, result := range state.Done {
		bar.Add(result)
	}
	var lost error
	run.Finished = func(result evaluate.Result) {
		lost = errors.Join(lost, state.Add(result))
		bar.Add(result)
	}
	results, err := run.Evaluate(ctx)
	return results, name, errors.Join(explainDatabase(err), lost, state.Close(err == nil))
}

// explainDatabase adds the cause of an unreachable database, which the operator may
// see.
func explainDatabase(err error) error {
	if failed, ok := errors.AsType[*database.ConnectionError](err); ok {
		return fmt.Errorf("%w: %w", err, failed.Cause)
	}
	return err
}

// system returns a function that makes a worker's system, and the system's name.
func (e *evaluateCommand) system(ctx context.Context, limits evaluate.Limits) (newSystem func(database.Database) evaluate.System, name string, closeSystem func() error, err error) {
	closeSystem = func() error { return nil }
	if e.url != "" || e.deployed {
		cfg, err := e.session(ctx)
		if err != nil {
			return nil, "", nil, err
		}
		api, err := e.api(ctx, cfg, e.url, e.auth)
		if err != nil {
			return nil, "", nil, err
		}
		if e.roleARN != "" {
			if cfg, err = assume(ctx, cfg, e.roleARN); err != nil {
				return nil, "", nil, err
			}
		}
		return func(database.Database) evaluate.System {
			return &evaluate.API{Config: cfg, Target: api, Golden: e.golden, Limit: e.timeout}
		}, "API " + api.URL, closeSystem, nil
	}
	name = strings.TrimSpace("generator " + e.conf.Generator + " " + e.conf.GeneratorModel)
	var model evaluate.Model
	if e.replay != "" {
		if model, err = evaluate.OpenRecording(e.replay); err != nil {
			return nil, "", nil, fmt.Errorf("--replay: %w", err)
		}
	} else {
		generator, err := e.newSeededGenerator(ctx)
		if err != nil {
			return nil, "", nil, err
		}
		model = evaluate.Live{Generator: generator}
	}
	if e.record != "" {
		file, err := os.OpenFile(e.record, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, "", nil, fmt.Errorf("--record: %w", err)
		}
		model, closeSystem = evaluate.NewRecorder(model, file), file.Close
	}
	return func(db database.Database) evaluate.System {
		return &evaluate.Local{Model: model, Database: db, Retries: e.conf.Retries, Limits: limits, Golden: e.golden, Spending: e.spendingLimits(), PlanCost: e.conf.MaxPlanCost}
	}, name, closeSystem, nil
}

func (e *evaluateCommand) newSeededGenerator(ctx context.Context) (generate.Generator, error) {
	var seed *int
	if e.seedGiven {
		if e.conf.Generator != generate.TypeOpenAI {
			return nil, fmt.Errorf("--seed: not used by generator %s; want generator openai, whose API has one", e.conf.Generator)
		}
		seed = &e.seed
	}
	if e.conf.Generator == generate.TypeBedrock {
		if err := e.checkBedrockSession(ctx); err != nil {
			return nil, err
		}
	}
	return e.newGenerator(ctx, e.conf.Settings, e.conn, e.folder, seed)
}

// checkBedrockSession returns the error that would make every question fail.
func (e *evaluateCommand) checkBedrockSession(ctx context.Context) error {
	cfg, err := e.session(ctx)
	if err != nil {
		return err
	}
	if e.conf.GeneratorRegion == "" {
		if err := session.RequireRegion(cfg); err != nil {
			return err
		}
	}
	return session.Check(ctx, cfg)
}

// identity identifies the questions and what decides their results.
func (e *evaluateCommand) identity(questions []evaluate.Question, name string) (string, error) {
	text, err := json.Marshal([]any{questions, name, e.columns, e.tolerance, e.maxRows, e.seed, e.conf.Retries})
	if err != nil {
		return "", fmt.Errorf("encode the questions: %w", err)
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:16]), nil
}

// spendingLimits returns the limits of one question. The day's cost is the deployed
// stack's, which questions on this machine do not reach.
func (e *evaluateCommand) spendingLimits() *spending.Limits {
	if e.conf.MaxTokensPerQuestion == nil {
		return nil
	}
	return &spending.Limits{Tokens: *e.conf.MaxTokensPerQuestion, Log: slog.New(slog.DiscardHandler)}
}

func (e *evaluateCommand) prices() *generate.Prices {
	if e.conf.GeneratorPrice == nil || e.url != "" || e.deployed {
		return nil
	}
	prices := generate.Prices(*e.conf.GeneratorPrice)
	return &prices
}

// write writes the report to stdout and to the files of the flags.
func (e *evaluateCommand) write(report evaluate.Report, stdout io.Writer) error {
	for _, output := range []struct {
		path  string
		write func(io.Writer) error
	}{{e.json, report.WriteJSON}, {e.junit, report.WriteJUnit}, {e.markdown, report.WriteMarkdown}} {
		if output.path == "" {
			continue
		}
		var text strings.Builder
		if err := output.write(&text); err != nil {
			return err
		}
		// The report can hold rows of the database.
		if err := os.WriteFile(output.path, []byte(text.String()), 0o600); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return report.WriteText(stdout)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
