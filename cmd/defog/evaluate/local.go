package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defog-cdk/internal/compare"
	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/spending"
)

// Local is a System on this machine: a model, and a database for its SQL.
type Local struct {
	Model    Model
	Database database.Database
	Retries  int
	Limits   Limits
	Golden   []knowledge.Pair // held out of their own prompts
	Spending *spending.Limits // of each question; nil for none
	PlanCost float64          // limit of a generated statement's plan; 0 for none
}

// Ask implements System. Like the function, it returns a failed statement to the
// model.
func (l *Local) Ask(ctx context.Context, q Question) (a Answer, err error) {
	question := generate.Question{Text: q.Text, Options: generate.DefaultOptions(), HoldOut: isGolden(q.Text, l.Golden)}
	question.Options.Glossary = q.Evidence
	ctx = l.Spending.Question(ctx)
	reply, err := l.Model.Reply(ctx, question, nil)
	if err != nil {
		return a, err
	}
	a = Answer{SQL: reply.SQL, Kind: reply.Kind, Message: reply.Message}
	a.add(reply)
	if a.Kind != "" {
		return a, nil
	}
	for {
		result, table, err := l.query(ctx, a.SQL)
		failed, isStatement := errors.AsType[*database.StatementError](err)
		switch {
		case err == nil:
			a.Kind, a.Message, a.Cut, a.Table = "", "", result.Truncated, table
			return a, nil
		case !isStatement:
			return a, fmt.Errorf("run the SQL: %w", err)
		}
		a.Kind, a.Message = StatementFailed, failed.Message
		if failed.Message == database.LimitExceeded(failed.Code, l.Limits.Time).Message {
			a.Kind = DatabaseSlow
		}
		if failed.Final || a.Retries == l.Retries {
			return a, nil
		}
		a.Retries++
		next, err := l.Model.Reply(ctx, question, &generate.Failure{Attempt: a.Retries, First: reply.SQL, SQL: a.SQL, Message: failed.Message})
		if err != nil {
			return a, err
		}
		a.add(next)
		if next.Kind == TokenLimit {
			a.Kind, a.Message = next.Kind, next.Message
		}
		if next.Kind != "" {
			return a, nil // the failed statement is the answer
		}
		a.SQL = next.SQL
	}
}

// add adds the tokens and the time of a reply.
func (a *Answer) add(reply Reply) {
	a.Usage = a.Usage.Add(reply.Usage)
	a.Time += time.Duration(reply.Seconds * float64(time.Second))
}

// query runs the SQL of an answer.
func (l *Local) query(ctx context.Context, sql string) (result *database.Result, table compare.Table, err error) {
	result, err = l.Database.Query(ctx, sql, database.Limits{Rows: l.Limits.Rows, Time: l.Limits.Time, PlanCost: l.PlanCost})
	if err == nil {
		table, err = TableOf(result)
	}
	return result, table, err
}
