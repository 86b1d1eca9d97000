package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/evaluate"
	"defog-cdk/cmd/defog/golden"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/internal/compare"
	"defog-cdk/internal/history"
	"defog-cdk/internal/history/bucket"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/catalog/check"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/lex"
	"defog-cdk/lambda/generate"
)

func newGolden(d *deployment) *cobra.Command {
	command := &cobra.Command{
		Use:     "golden",
		Short:   "Suggest golden queries from the feedback of callers",
		Long:    `Golden adds to golden.json, the questions with known SQL.`,
		Example: `  defog golden suggest -c app_name=shop`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newSuggest(d))
	return command
}

// suggestCommand holds the flags of golden suggest.
type suggestCommand struct {
	*deployment
	history, since         string
	write                  bool
	output, json, markdown string
	questions              string
	noEvaluation           bool
	concurrency, maxRows   int
	timeout                time.Duration
}

func newSuggest(d *deployment) *cobra.Command {
	s := suggestCommand{deployment: d}
	command := &cobra.Command{
		Use:   "suggest",
		Short: "Suggest golden queries from the feedback of callers",
		Long: `Suggest reads the feedback that callers gave to answers. It runs each statement that a
caller approved or corrected again, read-only and through the guard. It removes
duplicates, and statements that do not run. It reports conflicts, and leaves them to
you: one question with different SQL, or SQL that one caller approved and another
judged wrong.

Suggest changes no file without --write or --output. A statement becomes a golden
query only when you deploy golden.json.

The feedback is in the bucket of the deployed stack (setting history), or in a copy of
it that --history names. The statements run in the database of connection_file or
credentials_secret. The generator of the settings then answers the golden questions
and the suggested ones, without the suggestions and with them.`,
		Example: `  defog golden suggest -c app_name=shop
  defog golden suggest --history feedback.jsonl --write
  defog golden suggest --no-evaluation --output - > golden.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.history, "history", "", "a `folder` with a copy of the bucket, or a file with lines of feedback (default: the bucket of the deployed stack)")
	flags.StringVar(&s.since, "since", "", "only feedback to answers from this `date` on, such as 2026-11-28")
	flags.BoolVar(&s.write, "write", false, "add the suggestions to golden.json in the folder of function_source_dependencies_zip")
	flags.StringVar(&s.output, "output", "", "write the changed golden.json to a `file`, - for standard output")
	flags.StringVar(&s.json, "json", "", "write the report to a `file` as JSON")
	flags.StringVar(&s.markdown, "markdown", "", "write the report to a `file` as Markdown")
	flags.StringVar(&s.questions, "questions", "", "evaluate with this `set` in place of the golden questions")
	flags.BoolVar(&s.noEvaluation, "no-evaluation", false, "do not ask the SQL generator")
	flags.IntVar(&s.concurrency, "concurrency", 4, "the `number` of questions at a time in the evaluation")
	flags.IntVar(&s.maxRows, "max-rows", 1000, "the maximum `number` of rows by which two statements are compared")
	flags.DurationVar(&s.timeout, "timeout", time.Minute, "the timeout for one statement")
	command.MarkFlagsMutuallyExclusive("write", "output")
	command.MarkFlagsMutuallyExclusive("questions", "no-evaluation")
	return command
}

// check returns all invalid flags, and the day of --since.
func (s *suggestCommand) check() (since time.Time, err error) {
	if s.since != "" {
		if since, err = time.Parse(time.DateOnly, s.since); err != nil {
			err = fmt.Errorf("--since: %q is invalid; want a date such as 2026-11-28", s.since)
		}
	}
	return since, errors.Join(err, checkLimits(s.concurrency, s.maxRows, s.timeout))
}

func (s *suggestCommand) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	since, err := s.check()
	if err != nil {
		return err
	}
	human := stdout
	if s.output == "-" {
		human = stderr
	}
	e := evaluateCommand{
		deployment: s.deployment, columns: "superset", tolerance: compare.DefaultTolerance,
		concurrency: s.concurrency, maxRows: 100_000, timeout: s.timeout,
	}
	if e.folder, err = os.MkdirTemp("", "defog-golden-"); err != nil {
		return fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(e.folder)) }()
	file, err := s.open(ctx, &e)
	if err != nil {
		return err
	}
	ratings, err := s.ratings(ctx, since)
	if err != nil {
		return err
	}
	report, err := s.suggest(ctx, &e, file.pairs, ratings, stderr)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; no file is changed")
	case err != nil:
		return err
	}
	content, err := golden.Insert(file.content, report.Pairs())
	if err == nil {
		err = knowledge.Check(generate.TypeOpenAI, knowledge.GoldenFile, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file.name(), err)
	}
	secrets := secretsOf(e.conn)
	show := func(text string) { fmt.Fprint(human, terminal.Text(secrets.Redact(text))) }
	show(report.Text())
	if file.restricted && len(report.Pairs()) > 0 {
		show("\nNote: callers have different rights. A golden query shows its question and its SQL to all callers, unless you add callers to it.\n")
	}
	var change *golden.Change
	if len(report.Pairs()) > 0 && !s.noEvaluation {
		if change, err = s.evaluate(ctx, e, file, content, report.Pairs(), stderr); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted; no file is changed")
			}
			return fmt.Errorf("evaluate the suggestions: %w; no file is changed; --no-evaluation skips the evaluation", err)
		}
		show(change.Text())
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; no file is changed")
	}
	done, err := s.store(file, content, len(report.Pairs()), stdout)
	if err != nil {
		return err
	}
	show(done)
	return s.writeReports(report, change, secrets.Redact)
}

// goldenFile is the golden.json that suggestions are added to.
type goldenFile struct {
	path    string // in the working folder; "" in a zip
	content []byte // nil without a file
	pairs   []knowledge.Pair

	restricted bool // callers differ in what they may see
}

// open reads the settings, the dependencies and golden.json.
func (s *suggestCommand) open(ctx context.Context, e *evaluateCommand) (file goldenFile, err error) {
	if err := e.load(ctx); err != nil {
		return file, err
	}
	folder := e.conf.Dependencies
	if folder == "" {
		folder = "dependencies" // that of schema
		if exists(folder) {
			if err := linkEntries(e.folder, folder); err != nil {
				return file, err
			}
		}
	}
	file.path = filepath.Join(relative(folder), knowledge.GoldenFile)
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		file.path = ""
		if s.write {
			return file, fmt.Errorf("--write: function_source_dependencies_zip is a zip, %s; want a folder, or --output", folder)
		}
	}
	files, err := knowledge.Read(generate.TypeOpenAI, knowledge.Folder(e.folder))
	if err != nil {
		return file, err
	}
	file.pairs = files.Golden
	e.golden = files.Golden
	file.restricted = rowsecurity.Mode(e.conf.RowSecurity).Enabled() || files.Schema.Restricted() ||
		slices.ContainsFunc(files.Golden, func(p knowledge.Pair) bool { return p.Callers != nil })
	file.content, err = os.ReadFile(filepath.Join(e.folder, knowledge.GoldenFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return file, err
}

// ratings reads the feedback.
func (s *suggestCommand) ratings(ctx context.Context, since time.Time) ([]history.Feedback, error) {
	if s.history == "" {
		cfg, stack, err := s.stack(ctx)
		if err != nil {
			return nil, err
		}
		name := stack.Output(client.HistoryOutput)
		if name == "" {
			return nil, fmt.Errorf("stack %s has no history; deploy it with -c history=true, or name a copy with --history", stack.Name)
		}
		ratings, err := history.Ratings(ctx, bucket.Bucket{Client: s3.NewFromConfig(cfg), Name: name}, since)
		if err != nil && bucket.IsDenied(err) {
			err = fmt.Errorf("%w; want s3:ListBucket on the bucket, and s3:GetObject on %s*", err, history.FeedbackPrefix)
		}
		return ratings, err
	}
	info, err := os.Stat(s.history)
	if err != nil {
		return nil, fmt.Errorf("--history: %w; want a folder or a file", err)
	}
	if info.IsDir() {
		ratings, err := history.Ratings(ctx, history.Folder{FS: os.DirFS(s.history)}, since)
		if err != nil {
			return nil, fmt.Errorf("--history: %s: %w", s.history, err)
		}
		return ratings, nil
	}
	content, err := os.ReadFile(s.history)
	if err != nil {
		return nil, fmt.Errorf("--history: %w", err)
	}
	ratings, err := history.Decode[history.Feedback](content)
	if err != nil {
		return nil, fmt.Errorf("--history: %s: %w", s.history, err)
	}
	return golden.Latest(ratings, since), nil
}

// suggest runs the statements of the feedback.
func (s *suggestCommand) suggest(ctx context.Context, e *evaluateCommand, pairs []knowledge.Pair, ratings []history.Feedback, stderr io.Writer) (report golden.Report, err error) {
	mode := rowsecurity.Mode(e.conf.RowSecurity)
	db, err := drivers().Open(e.conn, database.Options{
		Directory: e.folder, Token: e.databaseToken, AllowedFunctions: e.conf.AllowedFunctions, MaxSQLBytes: e.conf.MaxSQLBytes, RowSecurity: mode,
	})
	if err != nil {
		return report, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if len(ratings) > 0 {
		if err := checkLogin(ctx, db, e.conf.AllowPrivilegedLogin); err != nil {
			return report, explainDatabase(err)
		}
	}
	identities := check.Identities(mode, e.conf.RowSecurityRoles, nil)
	scanner := guard.Of(e.conn.DBType)
	suggester := golden.Suggester{
		Golden: pairs,
		Run: func(ctx context.Context, sql string) (golden.Outcome, error) {
			return s.runSQL(ctx, db, identities, sql)
		},
		Key:        func(sql string) string { return statementKey(scanner, sql) },
		HasComment: func(sql string) bool { return hasComment(scanner, sql) },
		Progress:   progressOf(stderr, "questions"),
	}
	report, err = suggester.Suggest(ctx, ratings)
	return report, explainDatabase(err)
}

// checkLogin returns an error for a database that accepts a write, and for a user with
// unsafe powers. The function refuses both, too.
func checkLogin(ctx context.Context, db database.Database, isPrivileged bool) error {
	checker, ok := db.(database.ReadOnlyChecker)
	if !ok {
		return nil
	}
	privileges, err := checker.CheckReadOnly(ctx)
	if err != nil {
		return fmt.Errorf("check the database user: %w", err)
	}
	if err := privileges.Accept(isPrivileged); err != nil {
		return fmt.Errorf("db_creds: %w", err)
	}
	return nil
}

// runSQL runs a statement as the first of the callers for whom it runs.
func (s *suggestCommand) runSQL(ctx context.Context, db database.Database, identities []*database.Identity, sql string) (outcome golden.Outcome, err error) {
	for _, identity := range identities {
		result, err := db.Query(ctx, sql, database.Limits{Rows: s.maxRows, Time: s.timeout, Identity: identity})
		var table compare.Table
		if err == nil {
			table, err = evaluate.TableOf(result)
		}
		if failed, ok := errors.AsType[*database.StatementError](err); ok {
			if outcome.Failure == "" {
				outcome.Failure = failed.Message
			}
			continue
		}
		if err != nil {
			return outcome, err
		}
		return golden.Outcome{SQL: result.SQL, Table: table, Rows: result.RowCount, Cut: result.Truncated}, nil
	}
	return outcome, nil
}

// statementKey returns the tokens of a statement, whose names are in lower case.
func statementKey(scanner *guard.Guard, sql string) string {
	tokens, err := scanner.Tokens(sql)
	if err != nil {
		return strings.Join(strings.Fields(sql), " ")
	}
	var key strings.Builder
	for _, token := range tokens {
		if token.Is(";") {
			continue
		}
		text := token.SQL
		if token.Kind == lex.Word {
			text = token.Text
		}
		key.WriteString(strconv.Itoa(int(token.Kind)) + text + "\x00")
	}
	return key.String()
}

// hasComment reports whether a statement has more than white space between its tokens.
func hasComment(scanner *guard.Guard, sql string) bool {
	tokens, err := scanner.Tokens(sql)
	if err != nil {
		return true
	}
	end := 0
	for _, token := range tokens {
		start := len(sql) - token.Rest
		if strings.TrimSpace(sql[end:start]) != "" {
			return true
		}
		end = start + token.Size
	}
	return strings.TrimSpace(sql[end:]) != ""
}

// evaluate asks the golden questions and the suggested ones, without the suggestions and
// with them.
func (s *suggestCommand) evaluate(ctx context.Context, e evaluateCommand, file goldenFile, content []byte, pairs []knowledge.Pair, stderr io.Writer) (_ *golden.Change, err error) {
	if rowsecurity.Mode(e.conf.RowSecurity).Enabled() {
		return &golden.Change{Skipped: "with row_security, each statement requires a caller"}, nil
	}
	questions := golden.Set(file.pairs, pairs)
	if s.questions != "" {
		if questions, err = evaluate.Read(s.questions, e.conn.DBType); err != nil {
			return nil, err
		}
	}
	after := e
	if after.folder, err = os.MkdirTemp("", "defog-golden-"); err != nil {
		return nil, fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(after.folder)) }()
	if err := os.WriteFile(filepath.Join(after.folder, knowledge.GoldenFile), content, 0o600); err != nil {
		return nil, fmt.Errorf("write the changed golden.json: %w", err)
	}
	if err := linkEntries(after.folder, e.folder); err != nil {
		return nil, err
	}
	after.golden = append(file.pairs[:len(file.pairs):len(file.pairs)], pairs...)
	change := &golden.Change{}
	if e.conf.Generator != generate.TypeGolden || len(file.pairs) > 0 {
		fmt.Fprintf(stderr, "evaluating without the suggestions: %d questions\n", len(questions))
		results, name, err := e.evaluate(ctx, questions, stderr)
		if err != nil {
			return nil, err
		}
		change.Before = new(evaluate.NewReport(name, results, e.prices()))
	}
	fmt.Fprintf(stderr, "evaluating with the suggestions: %d questions\n", len(questions))
	results, name, err := after.evaluate(ctx, questions, stderr)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(results, func(r evaluate.Result) bool { return r.Outcome != evaluate.Unreachable && r.Outcome != evaluate.Slow }) {
		return nil, fmt.Errorf("the generator answered no question: %s", results[0].Message)
	}
	change.After = new(evaluate.NewReport(name, results, e.prices()))
	if change.Before != nil {
		change.After.Compare(*change.Before)
	}
	return change, nil
}

// store writes the changed golden.json where the flags name a file, and returns what was
// done.
func (s *suggestCommand) store(file goldenFile, content []byte, pairs int, stdout io.Writer) (string, error) {
	switch {
	case s.output == "-":
		_, err := stdout.Write(content)
		return "", err
	case s.output != "":
		if err := replaceFile(s.output, content); err != nil {
			return "", err
		}
		return fmt.Sprintf("\n%s: written, with %s\n", s.output, count(pairs, "new golden query", "new golden queries")), nil
	case pairs == 0:
		return "", nil
	case !s.write:
		return "\nNo file is changed: --write adds the new ones to " + file.name() + ", and --output writes another file.\n", nil
	}
	return s.replace(file, content, pairs)
}

// replace replaces golden.json, unless it has changed since it was read.
func (s *suggestCommand) replace(file goldenFile, content []byte, pairs int) (string, error) {
	current, err := os.ReadFile(file.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", file.path, err)
	}
	if !bytes.Equal(current, file.content) {
		return "", fmt.Errorf("%s: has changed meanwhile, and is left as it is; run the command again", file.path)
	}
	path := file.path
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the folder is deployed
		return "", fmt.Errorf("make the folder: %w", err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := replaceFile(path, content); err != nil {
		return "", err
	}
	return fmt.Sprintf("\n%s: %s added. Review the change, and deploy it.\n", file.path, count(pairs, "golden query", "golden queries")), nil
}

// relative returns a path below the current folder without the latter.
func relative(path string) string {
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
			return short
		}
	}
	return path
}

func (f goldenFile) name() string {
	if f.path == "" {
		return knowledge.GoldenFile
	}
	return f.path
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// writeReports writes the report to the files of the flags.
func (s *suggestCommand) writeReports(report golden.Report, change *golden.Change, redact func(string) string) error {
	text, err := json.MarshalIndent(struct {
		golden.Report
		Evaluation *golden.Change `json:"evaluation,omitempty"`
	}{report, change}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	for _, output := range []struct{ path, text string }{{s.json, string(text) + "\n"}, {s.markdown, report.Markdown() + change.Markdown()}} {
		if output.path == "" {
			continue
		}
		// The report can hold questions of callers.
		if err := os.WriteFile(output.path, []byte(redact(output.text)), 0o600); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}
