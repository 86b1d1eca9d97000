package mysql

import (
	"fmt"
	"strings"
	"testing"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

func TestExpensivePlanIsRefusedBeforeItRuns(t *testing.T) {
	d := openServer(t, nil, "")
	limits := database.Limits{PlanCost: 10_000, Rows: 10}
	const cheap, expensive = "SELECT COUNT(*) FROM seq_1_to_100", "SELECT COUNT(*) FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b"
	databasetest.MustQuery(t, d, cheap, limits)
	conn := d.conn
	if message := databasetest.RefusedPlan(t, d, expensive, limits); !strings.Contains(message, "and the limit is 10000 (max_plan_cost)") {
		t.Errorf("got %q", message)
	}
	if d.conn != conn {
		t.Error("a refusal costs the connection")
	}
	for _, sql := range []string{
		"SELECT * FROM (SELECT seq FROM seq_1_to_1000000 GROUP BY seq LIMIT 10) x",
		"(" + cheap + ") UNION ALL (SELECT seq FROM seq_1_to_1000000)",
		"WITH a AS (SELECT seq FROM seq_1_to_1000000 GROUP BY seq LIMIT 10) SELECT * FROM a",
		// 1,000 rows of a, each with 1,000 of b
		"SELECT (SELECT COUNT(*) FROM seq_1_to_1000 b WHERE b.seq < a.seq) FROM seq_1_to_1000 a",
	} {
		databasetest.RefusedPlan(t, d, sql, limits)
	}
	for _, sql := range []string{"EXPLAIN " + cheap, "DESCRIBE " + expensive, "ANALYZE " + expensive} {
		if _, err := d.Query(t.Context(), sql, limits); err == nil {
			t.Errorf("%s runs", sql)
		}
	}
	for _, sql := range []string{cheap, "SELECT 1", "SHOW TABLES", "SELECT * FROM seq_1_to_100 WHERE seq > (SELECT AVG(seq) FROM seq_1_to_100)"} {
		databasetest.MustQuery(t, d, sql, limits)
	}
	if _, err := d.Query(t.Context(), "SELECT nothing FROM nowhere", limits); err == nil || !strings.Contains(err.Error(), "nowhere' doesn't exist") {
		t.Errorf("an error of the statement: %v", err)
	}
	if err := d.Prepare(t.Context(), expensive, limits); err != nil {
		t.Errorf("Prepare, which runs nothing: %v", err)
	}
}

func TestPlanOfAViewNeedsItsRights(t *testing.T) {
	server.Query(t, accounts)
	creds := server.Creds()
	creds["user"], creds["password"], creds["database"] = "reader", "reads", "bank"
	server.Query(t, "USE bank; CREATE TABLE hidden (id int); CREATE OR REPLACE VIEW shown AS SELECT * FROM hidden; REVOKE ALL ON bank.* FROM reader; GRANT SELECT ON bank.shown TO reader")
	opened, err := New(creds, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	databasetest.MustQuery(t, opened, "SELECT * FROM shown", database.Limits{})
	if _, err := opened.Query(t.Context(), "SELECT * FROM shown", database.Limits{PlanCost: 1000}); err == nil || !strings.Contains(err.Error(), "GRANT SHOW VIEW") {
		t.Errorf("got %v", err)
	}
}

// TestPlanCostOfEachServer has plans in the forms of the servers' documentation.
func TestPlanCostOfEachServer(t *testing.T) {
	const block = `{"query_block": {"select_id": 1, %s "nested_loop": [
		{"table": {"table_name": "a", "rows_examined_per_scan": 100, "filtered": "50.00", "cost_info": {"read_cost": "9", "prefix_cost": "10.00"}}},
		{"table": {"table_name": "b", "rows_examined_per_scan": 10, "filtered": "100.00", "cost_info": {"prefix_cost": "70.00"}}}] %s}}`
	for name, test := range map[string]struct {
		plan string
		want float64
	}{
		"MySQL":                 {fmt.Sprintf(block, `"cost_info": {"query_cost": "70.50"},`, ""), 70.5},
		"MySQL, no table":       {`{"query_block": {"select_id": 1, "message": "No tables used"}}`, 0},
		"MySQL, union":          {`{"query_block": {"union_result": {"query_specifications": [{"dependent": false, "query_block": {"cost_info": {"query_cost": "2"}}}, {"query_block": {"cost_info": {"query_cost": "3"}}}]}}}`, 5},
		"MySQL, derived table":  {`{"query_block": {"cost_info": {"query_cost": "2"}, "table": {"rows_examined_per_scan": 5, "materialized_from_subquery": {"dependent": false, "query_block": {"cost_info": {"query_cost": "40"}}}}}}`, 42},
		"MySQL, subquery":       {fmt.Sprintf(block, `"cost_info": {"query_cost": "70.50"},`, `, "select_list_subqueries": [{"dependent": true, "query_block": {"cost_info": {"query_cost": "2"}}}]`), 70.5 + 2*500},
		"MySQL, one subquery":   {fmt.Sprintf(block, `"cost_info": {"query_cost": "70.50"},`, `, "attached_subqueries": [{"dependent": false, "query_block": {"cost_info": {"query_cost": "2"}}}]`), 72.5},
		"MySQL, version 2":      {`{"query": "…", "operation": "…", "query_type": "select", "estimated_rows": 1.0, "estimated_total_cost": 12.25, "inputs": [{"estimated_total_cost": 3}]}`, 12.25},
		"MySQL 9, version 2":    {`{"query": "…", "json_schema_version": "2.0", "query_plan": {"operation": "…", "estimated_total_cost": 12.25}}`, 12.25},
		"MariaDB 11":            {`{"query_block": {"select_id": 1, "cost": 0.0155, "nested_loop": [{"table": {"rows": 100, "loops": 1, "cost": 0.01, "filtered": 100}}]}}`, 0.0155},
		"MariaDB 11, subquery":  {`{"query_block": {"cost": 1, "nested_loop": [{"table": {"rows": 100, "filtered": 10}}], "subqueries": [{"expression_cache": {"state": "uninitialized", "query_block": {"cost": 3}}}]}}`, 31},
		"MariaDB before, joins": {`{"query_block": {"nested_loop": [{"table": {"rows": 100, "filtered": 50}}, {"block-nl-join": {"table": {"rows": 10, "filtered": 100}}}]}}`, 600},
	} {
		if got, err := planCost(test.plan); err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
	}
	for _, plan := range []string{"", "[]", "{}", `{"query_plan": {}}`, "EXPLAIN"} {
		if _, err := planCost(plan); err == nil {
			t.Errorf("%q has a cost", plan)
		}
	}
}
