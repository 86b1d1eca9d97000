package postgres

import (
	"strings"
	"testing"

	"defog-cdk/internal/rowsecurity"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

func TestExpensivePlanIsRefusedBeforeItRuns(t *testing.T) {
	d := databasetest.Open(t, New, server.Creds(), nil, "").(*db)
	limits := database.Limits{PlanCost: 1000, Rows: 10}
	const cheap, expensive = "SELECT count(*) FROM generate_series(1, 100)", "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
	databasetest.MustQuery(t, d, cheap, limits)
	conn := d.conn
	if message := databasetest.RefusedPlan(t, d, expensive, limits); !strings.Contains(message, "the limit is 1000 (max_plan_cost)") {
		t.Errorf("got %q", message)
	}
	for _, sql := range []string{
		"WITH a AS MATERIALIZED (" + expensive + ") SELECT * FROM a",
		"(" + expensive + ") UNION ALL SELECT 1",
		"SELECT (SELECT count(*) FROM generate_series(1, n) a, generate_series(1, 1000000) b) FROM generate_series(1, 1000) AS n",
	} {
		databasetest.RefusedPlan(t, d, sql, limits)
	}
	for _, sql := range []string{"EXPLAIN ANALYZE " + expensive, "EXPLAIN " + cheap, "explain (analyze) " + expensive, "explain(analyze) " + expensive} {
		if message := databasetest.RefusedPlan(t, d, sql, limits); !strings.Contains(message, "EXPLAIN has no plan") {
			t.Errorf("%s: %q", sql, message)
		}
	}
	for _, sql := range []string{cheap, "SHOW server_version", "VALUES (1), (2)", "TABLE pg_catalog.pg_am"} {
		databasetest.MustQuery(t, d, sql, limits)
	}
	if d.conn != conn {
		t.Error("a refusal costs the connection")
	}
	if _, err := d.Query(t.Context(), "SELECT nothing FROM nowhere", limits); err == nil || !strings.Contains(err.Error(), `relation "nowhere" does not exist`) {
		t.Errorf("an error of the statement: %v", err)
	}
	databasetest.MustQuery(t, d, "EXPLAIN "+expensive, database.Limits{Rows: 10}) // without a limit
	if err := d.Prepare(t.Context(), expensive, limits); err != nil {
		t.Errorf("Prepare, which runs nothing: %v", err)
	}
}

// TestPlanIsThatOfTheCaller has two callers whose rows differ. The message has no cost,
// which depends on all rows.
func TestPlanIsThatOfTheCaller(t *testing.T) {
	eachMode(t, func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		limits := as("a", mode)
		limits.PlanCost = 1e6
		if result := databasetest.MustQuery(t, d, "SELECT count(*) FROM orders", limits); string(result.Data) != "[[2]]" {
			t.Errorf("got %s", result.Data)
		}
		limits.PlanCost = 1e-3
		message := databasetest.RefusedPlan(t, d, "SELECT count(*) FROM orders", limits)
		if !strings.Contains(message, "its plan costs more than 0.001 (max_plan_cost)") {
			t.Errorf("got %q", message)
		}
		expectCaller(t, d, "a", mode)
		expectCaller(t, d, "b", mode)
	})
}

// TestErrorOfThePlanIsWithheld calls a user's function that fails while the statement is
// planned. Its message could hold what it read with another identity.
func TestErrorOfThePlanIsWithheld(t *testing.T) {
	eachMode(t, func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		s.Query(t, `CREATE FUNCTION betray() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'secret'; END $$;
			GRANT EXECUTE ON FUNCTION betray() TO PUBLIC`)
		for _, cost := range []float64{0, 1e6} { // with the limit, the error is EXPLAIN's
			limits := as("a", mode)
			limits.PlanCost = cost
			_, err := d.Query(t.Context(), "SELECT public.betray()", limits)
			if err == nil || !strings.Contains(err.Error(), "withheld") || strings.Contains(err.Error(), "secret") {
				t.Errorf("limit %v: got %v", cost, err)
			}
			expectCaller(t, d, "a", mode)
		}
	})
}
