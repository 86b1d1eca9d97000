package sqlserver

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	tds "defog-cdk/internal/testserver/sqlserver"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// planOf is a plan in the form of SQL Server's documentation.
func planOf(cost string) string {
	return `<ShowPlanXML xmlns="http://schemas.microsoft.com/sqlserver/2004/07/showplan" Version="1.564" Build="16.0.1000.6"><BatchSequence><Batch><Statements>` +
		`<StmtSimple StatementText="SELECT 1" StatementId="1" StatementCompId="1" StatementType="SELECT" StatementSubTreeCost="` + cost + `" StatementEstRows="1">` +
		`<QueryPlan><RelOp NodeId="0" PhysicalOp="Compute Scalar" EstimatedTotalSubtreeCost="` + cost + `"/></QueryPlan></StmtSimple></Statements></Batch></BatchSequence></ShowPlanXML>`
}

// planning is a stand-in that plans while SHOWPLAN_XML is on, and runs otherwise.
func planning(t *testing.T, plans map[string]string) (*tds.Server, *db) {
	t.Helper()
	var on atomic.Bool
	s := tds.Start(t, func(statement string) (tds.Result, bool) {
		switch statement = strings.TrimSpace(statement); {
		case strings.HasPrefix(statement, "SET SHOWPLAN_XML"):
			on.Store(strings.HasSuffix(statement, " ON"))
			return tds.Result{}, true
		case strings.HasPrefix(statement, "SET "):
			return tds.Result{}, true
		case !on.Load():
			return answer(statement)
		case plans[statement] == "denied":
			return tds.Result{Errors: []tds.Error{{Number: codeNoShowplan, Class: 14, Message: "SHOWPLAN permission denied in database 'shop'."}}}, true
		}
		rows := slices.Values([][]tds.Value{{tds.Pieces(tds.UTF16(plans[statement]))}})
		return tds.Result{Columns: []tds.Column{{Name: "Microsoft SQL Server 2005 XML Showplan", Type: tds.NVarChar(0)}}, Rows: rows}, true
	})
	return s, databasetest.Open(t, New, s.Creds(), nil, "").(*db)
}

func TestExpensivePlanIsRefusedBeforeItRuns(t *testing.T) {
	s, d := planning(t, map[string]string{"SELECT 1": planOf("0.0033"), busyQuery: planOf("1.5e+006"), "SELECT 1 AS n, 2 AS n": "denied", failingQuery: "<nothing/>"})
	limits := database.Limits{PlanCost: 10}
	databasetest.MustQuery(t, d, "SELECT 1", limits)
	conn := d.conn
	for sql, want := range map[string]struct{ code, message string }{
		busyQuery:               {"max_plan_cost", "its plan costs 1500000, and the limit is 10 (max_plan_cost)"},
		"SELECT 1 AS n, 2 AS n": {"262", "GRANT SHOWPLAN"},
		failingQuery:            {"max_plan_cost", "no cost of its plan"},
	} {
		before := len(s.Statements())
		_, err := d.Query(t.Context(), sql, limits)
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || failed.Code != want.code || !strings.Contains(failed.Message, want.message) || failed.Final != (want.code == "262") {
			t.Errorf("%.40s: got %v", sql, err)
		}
		ran := s.Statements()[before:]
		// The session leaves the mode by its setting or, after an error, by its end.
		begin, off := slices.Index(ran, "SET SHOWPLAN_XML ON"), slices.Contains(ran, "SET SHOWPLAN_XML OFF")
		if begin < 1 || ran[begin-1] != "BEGIN TRANSACTION" || ran[begin+1] != "\n"+sql || slices.Contains(ran[begin+2:], "\n"+sql) || off != (d.conn == conn) {
			t.Errorf("%.40s: the server got %q", sql, ran)
		}
		if dropped := d.conn == nil; dropped != (want.code == "262") {
			t.Errorf("%.40s: the connection ends: %t", sql, dropped)
		}
		databasetest.MustQuery(t, d, "SELECT 1", limits)
		conn = d.conn
	}
	databasetest.MustQuery(t, d, "SELECT 1 AS n, 2 AS n", database.Limits{})
}

func TestPlanCostIsThatOfTheStatement(t *testing.T) {
	for plan, want := range map[string]float64{
		planOf("0.0032831"): 0.0032831,
		`<?xml version="1.0" encoding="utf-16"?>` + planOf("12"): 12,
	} {
		if got, err := planCost(plan); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	for _, plan := range []string{"", "<ShowPlanXML/>", planOf("much"), planOf("1")[:200]} {
		if _, err := planCost(plan); err == nil {
			t.Errorf("%.80q has a cost", plan)
		}
	}
}
