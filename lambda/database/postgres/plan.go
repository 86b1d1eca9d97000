package postgres

import (
	"encoding/json"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/lambda/database"
)

// checkPlan sends a statement's EXPLAIN after the prologue, waits for the plan, and
// checks its cost. EXPLAIN without ANALYZE only plans. The error is that of the
// statement, also if it has no plan.
// https://www.postgresql.org/docs/current/sql-explain.html
func (d *db) checkPlan(pipeline *pgconn.Pipeline, prologue int, checks bool, sql string, limits database.Limits) error {
	pipeline.SendQueryParams("EXPLAIN (FORMAT JSON) "+sql, nil, nil, nil, nil)
	pipeline.SendFlushRequest() // no synchronization, which would end the transaction's error
	if err := pipeline.Flush(); err != nil {
		return err
	}
	if err := skipPrologue(pipeline, prologue, checks); err != nil {
		return err
	}
	results, err := pipeline.GetResults()
	reader, ok := results.(*pgconn.ResultReader)
	if err != nil || !ok {
		return d.withheld(err)
	}
	result := reader.Read()
	if result.Err != nil {
		return d.withheld(result.Err)
	}
	var plans []struct {
		Plan struct {
			Cost *float64 `json:"Total Cost"`
		}
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) != 1 || json.Unmarshal(result.Rows[0][0], &plans) != nil || len(plans) != 1 || plans[0].Plan.Cost == nil {
		return database.PlanUnknown()
	}
	return limits.CheckPlan(*plans[0].Plan.Cost)
}

// withheld returns the error of a statement. It is without its text if the statement
// calls functions of users, which also run while it is planned.
func (d *db) withheld(err error) error {
	switch {
	case err == nil:
		return database.PlanUnknown()
	case d.verified:
		return withhold(err)
	}
	return err
}
