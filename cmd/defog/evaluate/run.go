package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"defog-cdk/internal/compare"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// The kinds of outcomes. All but Right are misses.
const (
	Right           = "right"
	WrongRows       = "wrong_rows"           // the rows are others than those of each reference
	TooManyRows     = "too_many_rows"        // a result exceeds the limit of rows
	Refused         = "generator_refused"    // the generator has no SQL
	Ambiguous       = "clarification_needed" // the model asks back
	Unreachable     = "generator_unreachable"
	Slow            = "generator_timeout"
	StatementFailed = "statement_failed" // the database rejected the SQL of each attempt
	DatabaseSlow    = "database_timeout"
	ReferenceFailed = "reference_failed" // no reference statement ran
	RequestFailed   = "request_failed"   // of a deployed API
	TokenLimit      = "token_limit"      // the question needs more tokens than one question may
)

// Answer is what a system answers to a question.
type Answer struct {
	SQL     string
	Kind    string // "" if Table holds rows
	Message string // of a failure
	Table   compare.Table
	Retries int // -1 if unknown
	Usage   generate.Usage
	Time    time.Duration // of the generator, or of an API's answer
	Cut     bool          // the table lacks rows
}

// System answers questions. It serves one goroutine at a time.
type System interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Result is the outcome of one question.
type Result struct {
	ID         string              `json:"id"`
	Category   string              `json:"category,omitempty"`
	Question   string              `json:"question"`
	Outcome    string              `json:"outcome"`
	Message    string              `json:"message,omitempty"`
	SQL        string              `json:"sql,omitempty"`
	Reference  string              `json:"reference"` // the first reference statement
	Difference *compare.Difference `json:"difference,omitempty"`
	Retries    int                 `json:"retries"` // -1 if unknown
	Seconds    float64             `json:"seconds"` // of the generator, or of an API's answer
	Usage      generate.Usage      `json:"usage"`
}

// Right reports whether the answer has the rows of a reference.
func (r Result) Right() bool { return r.Outcome == Right }

// Limits bounds each result.
type Limits struct {
	Rows int
	Time time.Duration
}

// Run evaluates one question set.
type Run struct {
	DBType    string
	Questions []Question
	Rules     compare.Rules
	Limits    Limits

	// Workers are the systems, one a goroutine, and Databases the connections for the
	// reference statements, as many. A set with results needs none.
	Workers   []System
	Databases []database.Database

	Done     map[string]Result // of an earlier run, by id
	Finished func(Result)      // receives each new result; not called in parallel
}

// Evaluate returns the results in the order of the questions. It ends early with ctx.
func (r *Run) Evaluate(ctx context.Context) ([]Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]Result, len(r.Questions))
	todo := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	var problems []error
	for n := range r.Workers {
		group.Go(func() {
			for i := range todo {
				result, err := r.one(ctx, n, r.Questions[i])
				mu.Lock()
				switch {
				case err != nil:
					problems = append(problems, fmt.Errorf("question %s: %w", r.Questions[i].ID, err))
					cancel()
				case r.Finished != nil:
					r.Finished(result)
				}
				results[i] = result
				mu.Unlock()
			}
		})
	}
	for i, q := range r.Questions {
		if done, ok := r.Done[q.ID]; ok {
			results[i] = done
			continue
		}
		select {
		case todo <- i:
		case <-ctx.Done():
		}
	}
	close(todo)
	group.Wait()
	if len(problems) > 0 {
		return nil, problems[0] // the others follow from the end of ctx
	}
	return results, ctx.Err()
}

// one evaluates one question with a worker.
func (r *Run) one(ctx context.Context, worker int, q Question) (Result, error) {
	result := Result{ID: q.ID, Category: q.Category, Question: q.Text, Reference: q.SQL[0]}
	answer, err := r.Workers[worker].Ask(ctx, q)
	if err != nil {
		return result, err
	}
	result.SQL, result.Message, result.Retries, result.Usage = answer.SQL, answer.Message, answer.Retries, answer.Usage
	result.Seconds = answer.Time.Seconds()
	if answer.Kind != "" {
		result.Outcome = answer.Kind
		return result, nil
	}
	if answer.Cut {
		result.Outcome, result.Message = TooManyRows, fmt.Sprintf("the answer has more than %d rows", r.Limits.Rows)
		return result, nil
	}
	err = r.judge(ctx, worker, q, answer.Table, &result)
	return result, err
}

// judge compares an answer with each reference until one is equal.
func (r *Run) judge(ctx context.Context, worker int, q Question, got compare.Table, result *Result) error {
	var failed string
	for i, sql := range q.SQL {
		want, err := r.expected(ctx, worker, q, i)
		statement, isStatement := errors.AsType[*database.StatementError](err)
		switch {
		case isStatement:
			failed = statement.Message
			continue
		case errors.Is(err, errTooManyRows):
			result.Outcome, result.Message = TooManyRows, fmt.Sprintf("the reference has more than %d rows", r.Limits.Rows)
			return nil
		case err != nil:
			return fmt.Errorf("run the reference: %w", err)
		}
		difference := r.Rules.Compare(want, got)
		if difference == nil {
			result.Outcome, result.Reference, result.Difference = Right, sql, nil
			return nil
		}
		if result.Difference == nil {
			result.Outcome, result.Reference, result.Difference = WrongRows, sql, difference
		}
	}
	if result.Outcome == "" {
		result.Outcome, result.Message = ReferenceFailed, failed
	}
	return nil
}

// expected returns the result of a question's reference statement.
func (r *Run) expected(ctx context.Context, worker int, q Question, i int) (want compare.Expected, err error) {
	if len(q.Stored) == 0 {
		return r.reference(ctx, r.Databases[worker], q.SQL[i])
	}
	stored := q.Stored[i]
	want.Table, err = compare.Parse(stored.Columns, stored.Rows)
	want.Ordered, want.Groups = stored.Ordered, stored.Groups
	return want, err
}

// Store returns the questions with the results of their statements. Each must run.
func (r *Run) Store(ctx context.Context) ([]Question, error) {
	questions := slices.Clone(r.Questions)
	for n := range questions {
		q := &questions[n]
		q.Stored = nil
		for _, sql := range q.SQL {
			want, err := r.reference(ctx, r.Databases[0], sql)
			if err != nil {
				return nil, fmt.Errorf("question %s: run the reference: %w", q.ID, err)
			}
			rows, err := want.Data()
			if err != nil {
				return nil, fmt.Errorf("question %s: %w", q.ID, err)
			}
			q.Stored = append(q.Stored, Stored{want.Columns, rows, want.Ordered, want.Groups})
		}
	}
	return questions, nil
}

var errTooManyRows = errors.New("too many rows")

// reference returns the result of a reference statement. For an ORDER BY with other
// keys than columns, it runs the statement with these keys as columns.
func (r *Run) reference(ctx context.Context, db database.Database, sql string) (want compare.Expected, err error) {
	want.Table, err = r.run(ctx, db, sql)
	if err != nil {
		return want, err
	}
	order, ordered := orderingOf(r.DBType, sql, want.Columns)
	if !ordered {
		return want, nil
	}
	want.Ordered = true
	keys := want.Table
	if order.sql != "" {
		more, err := r.run(ctx, db, order.sql)
		if _, rejected := errors.AsType[*database.StatementError](err); err != nil && !rejected {
			return want, err
		}
		order.valid = err == nil && len(more.Rows) == len(want.Rows)
		if order.valid {
			// This result replaces the first, whose order can differ within equal keys.
			keys = more
			width := len(want.Columns)
			want.Rows = nil
			for _, row := range more.Rows {
				want.Rows = append(want.Rows, row[:width])
			}
		}
	}
	want.Groups = groups(keys, order)
	return want, nil
}

// groups returns the numbers of successive rows with the same keys. Without the keys,
// each row is a group.
func groups(keys compare.Table, order ordering) []int {
	var sizes []int
	for n, row := range keys.Rows {
		same := n > 0 && order.valid
		for _, column := range order.columns {
			same = same && row[column].String() == keys.Rows[n-1][column].String()
		}
		if same {
			sizes[len(sizes)-1]++
		} else {
			sizes = append(sizes, 1)
		}
	}
	return sizes
}

func (r *Run) run(ctx context.Context, db database.Database, sql string) (compare.Table, error) {
	result, err := db.Query(ctx, sql, database.Limits{Rows: r.Limits.Rows, Time: r.Limits.Time})
	if err != nil {
		return compare.Table{}, err
	}
	if result.Truncated {
		return compare.Table{}, errTooManyRows
	}
	return TableOf(result)
}

// TableOf returns the rows of a result. Rows that cannot be compared, such as JSON of
// thousands of levels, are a failure of their statement: they must not end a run.
func TableOf(result *database.Result) (compare.Table, error) {
	table, err := compare.Parse(result.Columns, result.Data)
	if err != nil {
		return table, &database.StatementError{Message: "the rows cannot be compared: " + err.Error(), Final: true}
	}
	return table, nil
}
