package sqlserver

import (
	"context"
	"database/sql/driver"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/lambda/database"
)

// codeNoShowplan is the number of the error of a user without the permission SHOWPLAN.
const codeNoShowplan = 262

// checkPlan checks the cost of a statement's plan in its transaction. While SHOWPLAN_XML
// is on, the server runs no statement, and returns its plan. Both settings must be
// batches of their own.
// https://learn.microsoft.com/en-us/sql/t-sql/statements/set-showplan-xml-transact-sql
func (d *db) checkPlan(ctx context.Context, sql string, limits database.Limits) error {
	planned, err := limits.NeedsPlan(sql)
	if err != nil || !planned {
		return err
	}
	if err := exec(ctx, d.conn, "SET SHOWPLAN_XML ON"); err != nil {
		return err
	}
	plan, err := d.readPlan(ctx, sql)
	// The session must not stay in this mode, in which no statement returns rows. After an
	// error that ended the transaction, the driver sends nothing but the rollback.
	if off := exec(context.WithoutCancel(ctx), d.conn, "SET SHOWPLAN_XML OFF"); off != nil {
		d.drop()
		if err == nil {
			return off
		}
	}
	if failed, ok := errors.AsType[mssql.Error](err); ok && failed.Number == codeNoShowplan {
		return &database.StatementError{Code: strconv.Itoa(codeNoShowplan), Final: true,
			Message: failed.Message + " max_plan_cost requires the permission: GRANT SHOWPLAN TO the database user"}
	}
	if err != nil {
		return err
	}
	cost, err := planCost(plan)
	if err != nil {
		return err
	}
	return limits.CheckPlan(cost)
}

// readPlan returns the plan of a statement.
func (d *db) readPlan(ctx context.Context, sql string) (plan string, err error) {
	d.socket.reset()
	rows, err := sendBatch(ctx, d.conn, sql)
	if err != nil {
		return "", err
	}
	source := pacedRows{rows, d.socket}
	values := make([]driver.Value, max(1, len(source.Columns())))
	if err = source.Next(values); err == nil {
		switch value := values[0].(type) {
		case string:
			plan = value
		case []byte:
			plan = string(value)
		}
	} else if errors.Is(err, io.EOF) {
		err = database.PlanUnknown()
	}
	return plan, errors.Join(err, source.Close())
}

// planCost returns the estimated cost of the statements in a plan.
// https://schemas.microsoft.com/sqlserver/2004/07/showplan
func planCost(plan string) (float64, error) {
	// The text is UTF-16 in its declaration, and UTF-8 here.
	if start := strings.Index(plan, "<ShowPlanXML"); start > 0 {
		plan = plan[start:]
	}
	decoder := xml.NewDecoder(strings.NewReader(plan))
	total, found := 0.0, false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && found {
			return total, nil
		}
		if err != nil {
			return 0, database.PlanUnknown()
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, attribute := range element.Attr {
			if attribute.Name.Local != "StatementSubTreeCost" {
				continue
			}
			cost, err := strconv.ParseFloat(attribute.Value, 64)
			if err != nil {
				return 0, database.PlanUnknown()
			}
			total, found = total+cost, true
		}
	}
}
