package ask

import (
	"context"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"defog-cdk/internal/compare"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

const (
	// The limits of the rows of one sample. A sample with more agrees only with those of
	// the same statement.
	maxSampleRows  = 10_000
	maxSampleBytes = 256 << 10

	// maxSampleSteps is the limit of the search for the columns of two samples of few
	// rows. sampleStepRows is the number of rows that it may compare with many.
	maxSampleSteps = 500
	sampleStepRows = 100_000

	// compareTime limits the comparison of all samples: many columns with the same values
	// in other rows take longest.
	compareTime = 2 * time.Second
)

// modelAnswer is one of several answers of the model to a question, a sample.
type modelAnswer struct {
	query  generate.Query
	fail   *failure         // of the model or of the database
	result *database.Result // nil if no statement ran
}

// group is a number of samples that agree.
type group struct {
	first *modelAnswer
	size  int
	table *compare.Table // rows of the first; nil if they are not comparable
}

// isSampled reports whether the model answers the question several times. Only rows are
// compared, so a question for SQL is not.
func (x *exchange) isSampled(backend Backend) bool {
	return backend.Samples > 1 && backend.Database != nil && !x.request.sqlOnly && x.request.sql == ""
}

// sample has the model answer the question several times in parallel, and takes the
// answer that most samples agree on, the earlier one of two. A sample that fails agrees
// with none. If no statement runs, the first one is repaired.
func (x *exchange) sample(ctx context.Context, backend Backend, retries int, limits database.Limits) *failure {
	stored, ok, err := generate.Stored(ctx, backend.Generator, x.request.question)
	if err != nil {
		return generatorFailure(ctx, err)
	}
	if ok {
		x.take(stored)
		return x.repair(ctx, backend, retries, limits, x.execute(ctx, backend, limits))
	}
	samples := x.generateAll(ctx, backend)
	x.executeAll(ctx, backend, limits, samples)
	limited, cancel := context.WithTimeout(ctx, compareTime)
	best := largest(limited, samples)
	cancel()
	x.samples, x.confidence = len(samples), float64(best.size)/float64(len(samples))
	switch {
	case best.size == 0:
		return x.repairFirst(ctx, backend, retries, limits, samples)
	case best.first.query.Clarification != nil:
		x.current = best.first.query
		return clarify(*best.first.query.Clarification)
	}
	x.take(best.first.query)
	result := best.first.result
	if result.Truncated || result.RowCount > limits.Rows && limits.Rows > 0 || len(result.Data) > limits.Bytes {
		return x.repair(ctx, backend, retries, limits, x.execute(ctx, backend, limits)) // with the limits of an answer
	}
	x.result, x.executed = result, result.SQL
	return nil
}

// repairFirst repairs the first statement that another one can replace.
func (x *exchange) repairFirst(ctx context.Context, backend Backend, retries int, limits database.Limits, samples []modelAnswer) *failure {
	for _, s := range samples {
		if s.fail.code == StatementFailed && !s.fail.final {
			x.take(s.query)
			return x.repair(ctx, backend, retries, limits, s.fail)
		}
	}
	return samples[0].fail
}

// generateAll asks the model for all samples.
func (x *exchange) generateAll(ctx context.Context, backend Backend) []modelAnswer {
	samples := make([]modelAnswer, backend.Samples)
	start, end := time.Now(), x.tracer.Begin(ctx, "generate")
	var group sync.WaitGroup
	for i := range samples {
		s := &samples[i]
		group.Go(func() {
			defer s.recover()
			query, err := backend.Generator.Generate(ctx, x.request.question)
			if err != nil {
				s.fail = generatorFailure(ctx, err)
				return
			}
			query.SQL = x.secrets.RedactSQL(query.SQL)
			s.query = query
		})
	}
	group.Wait()
	failed := 0
	for _, s := range samples {
		if s.fail != nil {
			failed++
		}
	}
	end(failed == len(samples))
	x.generation = time.Since(start)
	return samples
}

// executeAll runs each different statement once, as many in parallel as there are
// connections.
func (x *exchange) executeAll(ctx context.Context, backend Backend, limits database.Limits, samples []modelAnswer) {
	limits.Rows, limits.Bytes = maxSampleRows, maxSampleBytes
	connections := make(chan database.Database, 1+len(backend.Spare))
	connections <- backend.Database
	for _, spare := range backend.Spare {
		connections <- spare
	}
	equal := map[string][]*modelAnswer{}
	var statements []string
	for i := range samples {
		sql := strings.TrimSpace(samples[i].query.SQL)
		if sql == "" {
			continue
		}
		if equal[sql] == nil {
			statements = append(statements, sql)
		}
		equal[sql] = append(equal[sql], &samples[i])
	}
	if len(statements) == 0 {
		return
	}
	x.report(answers.Running, statements[0])
	start, end := time.Now(), x.tracer.Begin(ctx, "query")
	var group sync.WaitGroup
	for _, sql := range statements {
		group.Go(func() {
			first := equal[sql][0]
			db := <-connections
			defer func() { connections <- db }()
			defer func() {
				for _, s := range equal[sql][1:] {
					s.result, s.fail = first.result, first.fail
				}
			}()
			defer first.recover()
			result, err := db.Query(ctx, first.query.SQL, limits)
			if err != nil {
				first.fail = databaseFailure(ctx, err, first.query.SQL)
				return
			}
			if result.SQL == "" {
				result.SQL = first.query.SQL
			}
			first.result = result
		})
	}
	group.Wait()
	end(false)
	x.execution = time.Since(start)
}

// recover turns a panic into the failure of the sample.
func (s *modelAnswer) recover() {
	if p := recover(); p != nil {
		s.fail = internal(panicked(p, debug.Stack()))
	}
}

// largest returns the largest group of samples that agree: that ask back, have the same
// statement, or the same rows in any order. After the context's end, it compares no rows.
func largest(ctx context.Context, samples []modelAnswer) group {
	var groups []*group
	for i := range samples {
		s := &samples[i]
		if s.fail != nil {
			continue
		}
		if found := find(ctx, groups, s); found != nil {
			found.size++
			continue
		}
		groups = append(groups, &group{first: s, size: 1, table: tableOf(s)})
	}
	var best group
	for _, g := range groups {
		if g.size > best.size {
			best = *g
		}
	}
	return best
}

// find returns the group that a sample agrees with, or nil.
func find(ctx context.Context, groups []*group, s *modelAnswer) *group {
	var table *compare.Table
	for _, g := range groups {
		asks, asked := s.query.Clarification != nil, g.first.query.Clarification != nil
		switch {
		case asks || asked:
			if asks && asked {
				return g
			}
			continue
		case s.result.SQL == g.first.result.SQL:
			return g
		case g.table == nil, ctx.Err() != nil:
			continue
		case table == nil:
			if table = tableOf(s); table == nil {
				continue
			}
		}
		// Each column takes a step, and some a second one.
		steps := min(maxSampleSteps, 4*len(table.Columns)+sampleStepRows/max(1, len(table.Rows)))
		rules := compare.Rules{Exact: true, Tolerance: compare.DefaultTolerance, Steps: steps}
		if rules.Compare(compare.Expected{Table: *g.table}, *table) == nil {
			return g
		}
	}
	return nil
}

// tableOf returns the rows of a sample, or nil if they are incomplete or there are none
// to compare.
func tableOf(s *modelAnswer) *compare.Table {
	if s.result == nil || s.result.Truncated {
		return nil
	}
	table, err := compare.Parse(s.result.Columns, s.result.Data)
	if err != nil {
		return nil // rows that only the same statement has
	}
	return &table
}
