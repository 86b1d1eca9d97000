package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"defog-cdk/bench/stage"
	"defog-cdk/bench/table"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/postgres"
)

// row is one of the rows, ready to be encoded.
type row struct {
	ID      int64
	Name    string
	Balance string
	Since   string
	Note    *string
}

// largeRows makes n rows of some 100 bytes.
const largeRows = `SELECT n AS id, 'Customer "' || n || '" of ours' AS name, n * 1.25 AS balance, ` +
	`timestamp '2024-02-29 12:00' + n * interval '1 minute' AS since, CASE WHEN n %% 2 = 0 THEN 'a note' END AS note ` +
	`FROM generate_series(1, %d) AS n`

// compareEncoding encodes the same rows from the database and from structs.
// What it takes to receive them is measured without any encoding, and taken
// off. All times are this process's CPU time: the server works meanwhile.
func compareEncoding(ctx context.Context, s *stage.Stage) error {
	db, err := postgres.New(s.Connection().DBCreds, database.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := pgx.Connect(ctx, s.Postgres.URL())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)

	rows := table.New("rows", "JSON", "this project", "encoding/json", "speed ratio", "allocations")
	for _, n := range []int{14_000, 140_000} {
		sql := fmt.Sprintf(largeRows, n)
		var result *database.Result
		query := func() (err error) {
			result, err = db.Query(ctx, sql, database.Limits{})
			return err
		}
		if err := query(); err != nil {
			return err
		}
		ready, err := decode(result.Data)
		if err != nil {
			return err
		}
		ours, allocations, err := best(query)
		if err != nil {
			return err
		}
		receiving, _, err := best(func() error { return receive(ctx, conn, sql) })
		if err != nil {
			return err
		}
		its, _, err := best(func() error { _, err := json.Marshal(ready); return err })
		if err != nil {
			return err
		}
		rows.Row(strconv.Itoa(n), fmt.Sprintf("%.1f MB", float64(len(result.Data))/1e6), (ours - receiving).Round(10*time.Microsecond).String(), its.Round(10*time.Microsecond).String(),
			fmt.Sprintf("%.2f", float64(its)/float64(ours-receiving)), strconv.FormatUint(allocations, 10))
	}
	return rows.Write(os.Stdout)
}

// decode makes rows of structs of the database's JSON.
func decode(data []byte) ([]row, error) {
	var values [][5]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("decode the rows: %w", err)
	}
	rows := make([]row, len(values))
	for i, value := range values {
		r := &rows[i]
		for column, field := range []any{&r.ID, &r.Name, &r.Balance, &r.Since, &r.Note} {
			if err := json.Unmarshal(value[column], field); err != nil {
				return nil, fmt.Errorf("decode the rows: %w", err)
			}
		}
	}
	return rows, nil
}

// receive takes the rows from the server and does nothing with them.
func receive(ctx context.Context, conn *pgx.Conn, sql string) error {
	reader := conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil)
	for reader.NextRow() {
	}
	_, err := reader.Close()
	return err
}

// best returns the least CPU time of many runs, and the fewest allocations.
func best(run func() error) (shortest time.Duration, fewest uint64, err error) {
	shortest, fewest = time.Hour, 1<<63
	for range 30 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began, err := cpuTime()
		if err == nil {
			err = run()
		}
		if err != nil {
			return 0, 0, err
		}
		ended, err := cpuTime()
		if err != nil {
			return 0, 0, err
		}
		runtime.ReadMemStats(&after)
		shortest, fewest = min(shortest, ended-began), min(fewest, after.Mallocs-before.Mallocs)
	}
	return shortest, fewest, nil
}

// cpuTime returns how long this process has kept CPUs busy.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read the CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
