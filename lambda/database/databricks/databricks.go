// Package databricks is the driver of Databricks and of Spark's Thrift server.
package databricks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databricks/hive"
	"defog-cdk/lambda/database/guard"
)

// Limits of one reply with rows.
const (
	batchRows  = 5000
	batchCells = 500_000 // a decoded cell takes at least 16 bytes
	batchBytes = 8 << 20 // ignored by Spark
)

// db is a Databricks warehouse or cluster, or a Spark Thrift server, and its
// one session.
//
// There are no transactions. Besides the guard and the user's privileges, a
// description before each statement prevents writes: the server describes
// queries only.
//
// The package has its own client, with results in columns, where all values
// but numbers are text with all digits. databricks-sql-go (3.4 MB zipped)
// always requests Arrow, converts decimals in structs to floats, has one time
// limit per connection, and sends telemetry to Databricks.
type db struct {
	guard   *guard.Guard
	config  config
	client  *client
	session *session // nil before the first query and after an error
}

// New prepares a Databricks warehouse or cluster. It implements
// database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds)
	if err != nil {
		return nil, fmt.Errorf("open databricks: %w", err)
	}
	return &db{guard: guard.Databricks.With(options.Guard()), config: config, client: newClient(config)}, nil
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return database.RunGuarded(ctx, d.guard, nil, d.query, sql, limits)
}

// Prepare implements database.Preparer: the server describes a query without running it.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	statement, err := database.CheckStatement(ctx, d.guard, nil, sql)
	if err != nil {
		return err
	}
	return d.within(ctx, limits.Time, func(ctx context.Context, timeout time.Duration) error {
		_, err := d.describe(ctx, statement.SQL, timeout)
		return err
	})
}

// Close implements database.Database.
func (d *db) Close() error {
	d.drop()
	d.client.http.CloseIdleConnections()
	return nil
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (result *database.Result, err error) {
	err = d.within(ctx, limits.Time, func(ctx context.Context, timeout time.Duration) (err error) {
		result, err = d.run(ctx, sql, timeout, limits)
		return err
	})
	return result, err
}

// within runs a step within a time limit, and explains its error.
func (d *db) within(ctx context.Context, limit time.Duration, step func(context.Context, time.Duration) error) error {
	timer := database.StartTimer(ctx, limit)
	running := ctx
	if timer.Timeout > 0 {
		var cancel context.CancelFunc
		running, cancel = context.WithTimeout(ctx, timer.Timeout)
		defer cancel()
	}
	err := step(running, timer.Timeout)
	if err == nil {
		return nil
	}
	if timer.LimitReached(ctx, err) {
		err = &failure{state: stateStopped}
	}
	return timer.Explain(newError(ctx, err), stateStopped)
}

// run describes the statement, runs it and encodes its rows.
func (d *db) run(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
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

// column is a column's name and its type in SQL.
type column struct{ name, typeName string }

// describe returns the columns of a query. DESCRIBE QUERY fails for every
// statement that is not a query. describe replaces an expired session.
func (d *db) describe(ctx context.Context, sql string, timeout time.Duration) ([]column, error) {
	kept := d.session != nil
	rows, err := d.texts(ctx, "DESCRIBE QUERY "+sql, timeout)
	if failed, ok := errors.AsType[*failure](err); ok && kept && failed.ofSession() {
		d.session = nil
		rows, err = d.texts(ctx, "DESCRIBE QUERY "+sql, timeout)
	}
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(rows))
	for i, row := range rows {
		if len(row) < 2 {
			return nil, &database.InvalidReplyError{Err: errors.New("DESCRIBE QUERY: got no types; want name and type")}
		}
		columns[i] = column{row[0], row[1]}
	}
	return columns, nil
}

// texts returns the rows of a statement whose columns are texts.
func (d *db) texts(ctx context.Context, sql string, timeout time.Duration) ([][]string, error) {
	operation, err := d.execute(ctx, sql, timeout, database.Limits{})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	err = d.fetch(ctx, operation, batchRows, func(b batch) bool {
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

// execute runs a statement and waits for its end. The server's timeout has
// whole seconds; that of ctx is exact.
func (d *db) execute(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (operation hive.Struct, err error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	request := hive.Struct{
		1: d.session.handle, 2: sql, 4: true, 5: int64(math.Ceil(timeout.Seconds())),
		1282: false, 1283: false, // neither Arrow nor links to files
	}
	if limits.Rows > 0 && limits.Overflow == nil {
		request[1287] = int64(limits.Rows) + 1 // Databricks computes no further rows
	}
	started, err := d.client.call(ctx, "ExecuteStatement", request)
	if err != nil {
		if ctx.Err() != nil {
			d.drop() // the server may have started the statement
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

// wait polls until the operation ends, at growing intervals.
func (d *db) wait(ctx context.Context, operation hive.Struct) error {
	const maxPause = 500 * time.Millisecond
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, maxPause) {
		status, err := d.client.call(ctx, "GetOperationStatus", hive.Struct{1: operation})
		if err != nil {
			return err
		}
		switch status.Int(2) {
		case operationFinished:
			return nil
		case operationInitialized, operationRunning, operationPending:
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
func (d *db) read(ctx context.Context, operation hive.Struct, columns []column, limits database.Limits) (*database.Result, error) {
	names := make([]string, len(columns))
	encoders := make([]database.Encoder, len(columns))
	for i, c := range columns {
		names[i], encoders[i] = c.name, newEncoder(c.typeName)
	}
	maxRows := min(batchRows, max(1, batchCells/max(1, len(columns))))
	if limits.Rows > 0 && limits.Overflow == nil {
		maxRows = min(maxRows, limits.Rows+1)
	}
	rows := database.NewRows(names, limits)
	err := d.fetch(ctx, operation, maxRows, func(b batch) bool {
		for i := range b.rows {
			if !rows.Add(func(dst []byte) []byte { return b.append(dst, i, encoders) }) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return rows.Result()
}

// fetch calls take with each batch of the operation's rows until take returns
// false. Databricks marks the last batch; after Spark's last follows an empty
// one.
func (d *db) fetch(ctx context.Context, operation hive.Struct, maxRows int, take func(batch) bool) error {
	for {
		reply, err := d.client.call(ctx, "FetchResults", hive.Struct{1: operation, 2: int32(0), 3: int64(maxRows), 1281: int64(batchBytes)})
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

// end closes an operation. With stop, the server stops it before.
func (d *db) end(ctx context.Context, operation hive.Struct, stop bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), database.CancelTimeout)
	defer cancel()
	if stop {
		// If the request fails, the operation ends at its own timeout.
		_, _ = d.client.call(ctx, "CancelOperation", hive.Struct{1: operation})
	}
	_, _ = d.client.call(ctx, "CloseOperation", hive.Struct{1: operation}) // the session's end closes it too
}
