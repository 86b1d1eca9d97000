package mysql

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"defog-cdk/lambda/database"
)

// checkPlan checks the cost of a statement's plan in its transaction. EXPLAIN only plans.
func (d *db) checkPlan(ctx context.Context, sql string, limits database.Limits) error {
	planned, err := limits.NeedsPlan(sql)
	if err != nil || !planned {
		return err
	}
	row, err := queryRow(ctx, d.conn, "EXPLAIN FORMAT=JSON "+sql)
	if errorCode(err) == codeViewNoExplain {
		return database.Refusal(strconv.Itoa(codeViewNoExplain), "max_plan_cost requires the plan of each view; the database user needs GRANT SHOW VIEW on it, and SELECT on its tables")
	}
	if err != nil {
		return err
	}
	cost, err := planCost(row[0])
	if err != nil {
		return err
	}
	return limits.CheckPlan(cost)
}

// planCost returns the cost of a plan in JSON, whose form differs by server.
//
//	MySQL             cost_info.query_cost of each query block
//	MySQL, version 2  estimated_total_cost of the whole plan (explain_json_format_version)
//	MariaDB from 11   cost of each query block
//	MariaDB before    none: the estimated number of rows that the plan reads
//
// https://dev.mysql.com/doc/refman/8.4/en/explain.html
// https://mariadb.com/docs/server/reference/sql-statements/administrative-sql-statements/analyze-and-explain-statements/explain-format-json
func planCost(text string) (float64, error) {
	var plan map[string]any
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return 0, database.PlanUnknown()
	}
	for _, root := range []any{plan, plan["query_plan"]} {
		if node, ok := root.(map[string]any); ok {
			if total, found := number(node["estimated_total_cost"]); found {
				return total, nil
			}
		}
	}
	block, ok := plan["query_block"].(map[string]any)
	if !ok {
		return 0, database.PlanUnknown()
	}
	return blockCost(block), nil
}

// blockCost returns the cost of a query block with the blocks inside it. One that depends
// on the rows of this block counts for each of them.
func blockCost(block map[string]any) float64 {
	w := walker{rows: 1}
	w.walk(block)
	cost, found := number(block["cost"])
	if info, ok := block["cost_info"].(map[string]any); ok && !found {
		cost, found = number(info["query_cost"])
	}
	if !found {
		cost = w.read
	}
	return cost + w.inner + w.repeated*max(1, w.rows)
}

// walker sums a query block without the blocks inside it, which it sums apart.
type walker struct {
	rows     float64 // of the joined tables so far
	read     float64 // rows that are read for them
	inner    float64 // cost of blocks that run once
	repeated float64 // cost of blocks that run for each row
}

// walk visits the lists of a plan in their order, which is that of a join.
func (w *walker) walk(node any) {
	switch node := node.(type) {
	case []any:
		for _, part := range node {
			w.walk(part)
		}
	case map[string]any:
		dependent := node["dependent"] == true
		if table, ok := node["table"].(map[string]any); ok {
			w.join(table)
		}
		for name, part := range node {
			inner, isBlock := part.(map[string]any)
			switch {
			case name == "query_block" && isBlock && dependent:
				w.repeated += blockCost(inner)
			case name == "query_block" && isBlock:
				w.inner += blockCost(inner)
			case name == "expression_cache" && isBlock: // MariaDB's cache for a subquery that depends on rows
				within := walker{rows: 1}
				within.walk(inner)
				w.repeated += within.inner + within.repeated
			default:
				w.walk(part)
			}
		}
	}
}

// join counts the rows of a table for each row of the tables before it.
func (w *walker) join(table map[string]any) {
	rows, found := number(table["rows_examined_per_scan"])
	if !found {
		if rows, found = number(table["rows"]); !found {
			return // such as "No tables used"
		}
	}
	w.read += w.rows * rows
	filtered, found := number(table["filtered"])
	if !found {
		filtered = 100
	}
	w.rows *= rows * filtered / 100
}

// number returns a number, or the number in a text: MySQL writes costs as texts.
func number(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return n, err == nil
	}
	return 0, false
}
