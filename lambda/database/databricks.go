//go:build !onedriver || databricks

package database

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/hive"
)

func init() { openers["databricks"] = openDatabricks }

const (
	databricksRows  = 5000    // of one reply
	databricksBytes = 8 << 20 // of one reply, where the server knows of such a limit
)

// databricksDatabase is a Databricks warehouse or cluster, or a Spark Thrift
// server, and the session on it.
//
// It has no transactions. What keeps a statement from writing is, besides the
// guard, that the server describes it first, which it does of queries alone,
// and the user's rights.
//
// It is asked by the few messages of package hive, with results in columns.
// databricks-sql-go (3.4 MB zipped by itself) asks for Arrow without a way to
// say no, makes floats of decimals in structs, has one time limit a connection
// and tells Databricks how it is used. In columns everything but numbers comes
// as the text that SQL would print, with all its digits.
type databricksDatabase struct {
	config  databricksConfig
	http    *databricksHTTP
	session *databricksSession // nil until the first query, and when in doubt
}

func openDatabricks(creds connection.Creds, _ Surroundings) (Database, error) {
	config, err := newDatabricksConfig(creds)
	if err != nil {
		return nil, fmt.Errorf("open databricks: %w", err)
	}
	return &databricksDatabase{config: config, http: newDatabricksHTTP(config)}, nil
}

// Query implements Database.
func (d *databricksDatabase) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := guard.Databricks.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return d.query(ctx, sql, limits)
}

// Close implements Database.
func (d *databricksDatabase) Close() error {
	d.drop()
	d.http.client.CloseIdleConnections()
	return nil
}

// query runs a statement that the guard has let through.
func (d *databricksDatabase) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	timer := startTimer(ctx, limits.Time)
	running := ctx
	if timer.timeout > 0 {
		var cancel context.CancelFunc
		running, cancel = context.WithTimeout(ctx, timer.timeout)
		defer cancel()
	}
	result, err := d.run(running, sql, timer.timeout, limits)
	if err == nil {
		return result, nil
	}
	if errors.Is(err, context.DeadlineExceeded) && timer.own && ctx.Err() == nil {
		err = &hiveFailure{state: databricksStopped}
	}
	return nil, timer.explain(databricksError(ctx, err), databricksStopped)
}

// run describes the statement, runs it and encodes its rows.
func (d *databricksDatabase) run(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	columns, err := d.describe(ctx, sql, timeout)
	if err != nil {
		return nil, err
	}
	operation, err := d.execute(ctx, sql, timeout, limits)
	if err != nil {
		return nil, err
	}
	result, err := d.read(ctx, operation, columns, limits)
	d.end(ctx, operation, err != nil)
	return result, err
}

// column is a result's, by its name and its type as SQL writes it.
type column struct{ name, kind string }

// describe has the server say what columns the statement returns, which it can
// of a query alone: DESCRIBE QUERY takes nothing else. A session that has ended
// is opened anew.
func (d *databricksDatabase) describe(ctx context.Context, sql string, timeout time.Duration) ([]column, error) {
	kept := d.session != nil
	rows, err := d.texts(ctx, "DESCRIBE QUERY "+sql, timeout)
	if failed, ok := errors.AsType[*hiveFailure](err); ok && kept && failed.ofSession() {
		d.session = nil
		rows, err = d.texts(ctx, "DESCRIBE QUERY "+sql, timeout)
	}
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(rows))
	for i, row := range rows {
		if len(row) < 2 {
			return nil, &unreadableReply{errors.New("a description without types")}
		}
		columns[i] = column{row[0], row[1]}
	}
	return columns, nil
}

// texts returns the rows of a statement of our own whose columns are texts.
func (d *databricksDatabase) texts(ctx context.Context, sql string, timeout time.Duration) ([][]string, error) {
	operation, err := d.execute(ctx, sql, timeout, Limits{})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	err = d.batches(ctx, operation, databricksRows, func(b batch) bool {
		for i := range b.rows {
			row := make([]string, len(b.columns))
			for j, cells := range b.columns {
				if values, ok := cells.values.([]string); ok {
					row[j] = values[i]
				}
			}
			rows = append(rows, row)
		}
		return true
	})
	d.end(ctx, operation, err != nil)
	return rows, err
}

// execute starts a statement and waits until it has run. The server takes whole
// seconds for a limit; ctx has the exact one.
func (d *databricksDatabase) execute(ctx context.Context, sql string, timeout time.Duration, limits Limits) (operation hive.Struct, err error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	request := hive.Struct{
		1: d.session.handle, 2: sql, 4: true, 5: int64(math.Ceil(timeout.Seconds())),
		1282: false, 1283: false, // neither Arrow nor links to files
	}
	if limits.Rows > 0 && limits.Overflow == nil {
		request[1287] = int64(limits.Rows) + 1 // Databricks makes no more than these
	}
	started, err := d.http.call(ctx, "ExecuteStatement", request)
	if err != nil {
		if ctx.Err() != nil {
			d.drop() // with what it may have begun
		}
		return nil, err
	}
	operation = started.Struct(2)
	if err := d.wait(ctx, operation); err != nil {
		d.end(ctx, operation, true)
		return nil, err
	}
	return operation, nil
}

// wait asks until the operation is done, at first often.
func (d *databricksDatabase) wait(ctx context.Context, operation hive.Struct) error {
	const most = 500 * time.Millisecond
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, most) {
		status, err := d.http.call(ctx, "GetOperationStatus", hive.Struct{1: operation})
		if err != nil {
			return err
		}
		switch status.Int(2) {
		case stateFinished:
			return nil
		case stateInitialized, stateRunning, statePending:
		default:
			return operationFailure(status)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read encodes the operation's rows as they arrive.
func (d *databricksDatabase) read(ctx context.Context, operation hive.Struct, columns []column, limits Limits) (*Result, error) {
	names := make([]string, len(columns))
	encoders := make([]encoder, len(columns))
	for i, c := range columns {
		names[i], encoders[i] = c.name, databricksEncoder(c.kind)
	}
	most := databricksRows
	if limits.Rows > 0 && limits.Overflow == nil {
		most = min(most, limits.Rows+1)
	}
	rows := newRows(names, limits)
	err := d.batches(ctx, operation, most, func(b batch) bool {
		for i := range b.rows {
			if !rows.add(func(dst []byte) []byte { return b.append(dst, i, encoders) }) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return rows.result(), nil
}

// batches hands the operation's rows on, until no more are wanted. Databricks
// says of each batch whether more follow, Spark does not.
func (d *databricksDatabase) batches(ctx context.Context, operation hive.Struct, most int, take func(batch) bool) error {
	for {
		reply, err := d.http.call(ctx, "FetchResults", hive.Struct{1: operation, 2: int32(0), 3: int64(most), 1281: int64(databricksBytes)})
		if err != nil {
			return err
		}
		b, err := newBatch(reply.Struct(3))
		if err != nil {
			return err
		}
		last := d.session.extended && !reply.Bool(2)
		if !take(b) || b.rows == 0 || last {
			return nil
		}
	}
}

// end gives an operation up, and has the server stop it first if it may still
// work on it.
func (d *databricksDatabase) end(ctx context.Context, operation hive.Struct, stop bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	if stop {
		// Its own time limit ends one that does not hear of this.
		_, _ = d.http.call(ctx, "CancelOperation", hive.Struct{1: operation})
	}
	_, _ = d.http.call(ctx, "CloseOperation", hive.Struct{1: operation}) // the session's end would close it too
}
