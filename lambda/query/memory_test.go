package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/internal/testserver/runtimeapi"
)

const (
	functionMB = 128 // Lambda's default
	mostMB     = 100 // for the process
)

// repeat returns a SELECT list of n times an expression.
func repeat(n int, expression string) string {
	return "SELECT " + strings.TrimSuffix(strings.Repeat(expression+", ", n), ", ")
}

// TestLargeAnswersFitIntoMemory runs the function as Lambda does in its default
// memory. Each statement is answered, and the process keeps below the limit.
// Databases without a local server are stand-ins in the test's process.
func TestLargeAnswersFitIntoMemory(t *testing.T) {
	const escapes = `E'\x01'`
	for dbType, database := range map[string]struct {
		creds      func(t *testing.T) connection.Creds
		statements []string
	}{
		"sqlite": {
			func(t *testing.T) connection.Creds {
				shop := filepath.Join(t.TempDir(), "shop.sqlite")
				writeShop(t, shop)
				return connection.Creds{"database": shop}
			},
			[]string{
				repeat(20, "zeroblob(60000000)"),
				repeat(20, "zeroblob(8000000)"),
				repeat(20, "printf('%.*c', 8000000, 'a')"),
				repeat(3, "printf('%.*c', 8000000, 'a')"),
				"SELECT replace(printf('%.*c', 8000000, 'a'), 'a', char(1))",
				"SELECT hex(zeroblob(4000000)), randomblob(3000000)",
				"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT group_concat(printf('%.*c', 100000, 'a')) FROM t",
				"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT json_group_array(n) FROM t",
				"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n, printf('%.*c', 1000000, char(1)) FROM t",
				"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t ORDER BY random()",
				"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t",
				`WITH t AS (SELECT 1 AS "` + strings.Repeat("x", 30_000) + `") ` + repeat(1000, "a.*") + " FROM t AS a",
				"SELECT printf('%.*c', 2000000, 'a') LIKE '%' || printf('%.*c', 40000, 'a') || 'b'",
				"SELECT instr(printf('%.*c', 8000000, 'a'), printf('%.*c', 4000000, 'a') || 'b')",
			},
		},
		"mysql": {
			func(t *testing.T) connection.Creds {
				return mariadb.Start(t, mariadb.Setting("max_allowed_packet", "1G")).Creds()
			},
			[]string{
				repeat(10, "REPEAT('x', 16777215)"),
				repeat(10, "REPEAT('x', 50000000)"),
				"SELECT REPEAT(CHAR(1), 16777215)",
				"SELECT REPEAT(CHAR(1), 8000000)",
				"SELECT REPEAT('\"', 8000000)",
				"SELECT UNHEX(REPEAT('00', 7000000))",
				"SELECT CONCAT('[', REPEAT('1,', 4000000), '1]')",
				"SELECT GROUP_CONCAT(REPEAT('x', 1000000)) FROM seq_1_to_100",
				"SELECT REPEAT('x', 7000000) FROM seq_1_to_100",
				"SELECT seq, seq, seq, seq FROM seq_1_to_100000000",
				repeat(1000, "REPEAT('x', 1000000)"),
				"SELECT CAST(REPEAT('x', 5000000) AS DATE)",
			},
		},
		"postgres": {
			func(t *testing.T) connection.Creds { return postgres.Start(t).ReaderCreds() },
			[]string{
				"SELECT repeat(" + escapes + ", 5000000)",
				"SELECT repeat(" + escapes + ", 100000000)",
				repeat(10, "repeat('x', 50000000)"),
				repeat(7, "repeat("+escapes+", 1000000)"),
				`SELECT repeat('"', 8000000)`,
				"SELECT decode(repeat('00', 4000000), 'hex')",
				"SELECT array_fill(true, ARRAY[1000, 3000])",
				"SELECT array_fill(repeat(" + escapes + ", 1000), ARRAY[7000])",
				"SELECT jsonb_agg(repeat('x', 1000)) FROM generate_series(1, 8000)",
				"SELECT string_agg(repeat('x', 1000000), '') FROM generate_series(1, 100)",
				"SELECT repeat('x', 7000000) FROM generate_series(1, 100)",
				"SELECT n, n, n, n FROM generate_series(1, 100000000) AS n",
				"SELECT CAST(repeat('x', 7000000) AS int)",
				repeat(1600, "repeat('x', 4000)"),
			},
		},
		"bigquery":   {startLargeBigQuery, append(largeStatements(), "SELECT * FROM "+arrayTable)},
		"databricks": {startLargeDatabricks, largeStatements()},
		"snowflake":  {startLargeSnowflake, largeStatements()},
		"sqlserver":  {startLargeSQLServer, largeStatements()},
	} {
		t.Run(dbType, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "bootstrap")
			if err := runtimeapi.Build(t.Context(), program, dbType); err != nil {
				t.Fatal(err)
			}
			checkMemory(t, program, connection.Connection{APIKey: apiKey, DBType: dbType, DBCreds: database.creds(t)}, database.statements)
		})
	}
}

// checkMemory runs each statement as a question of one process.
func checkMemory(t *testing.T, program string, conn connection.Connection, statements []string) {
	t.Helper()
	// A busy machine slows a statement down by far; the benchmarks measure the time.
	const never = 2 * time.Minute
	generator, url := newGenerator(t)
	conn.BaseURL = url
	credentials, err := conn.Encode()
	if err != nil {
		t.Fatal(err)
	}
	limit := "3"
	for i, sql := range statements {
		generator.Teach(strconv.Itoa(i), sql)
		if _, scripted := largeAnswerOf(sql); scripted {
			limit = "25" // the statements of stand-ins end, and are tested for another error
		}
	}
	f, err := runtimeapi.Start(runtimeapi.Config{Command: []string{program}, Environment: map[string]string{
		"TMPDIR": t.TempDir(), environ.Credentials: credentials, environ.StatementTimeout: limit, environ.Retries: "0",
		environ.AllowPrivilegedLogin:      "true", // the user of the test server for MariaDB
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(functionMB),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Stop() })
	if err := limitProcess(t.Context(), f.Process().Pid); err != nil {
		t.Logf("the system does not limit the process, whose memory is only measured: %v", err)
	}
	for i, sql := range statements {
		_, scripted := largeAnswerOf(sql)
		payloads := []string{
			fmt.Sprintf(`{"question":"%d"}`, i),
			fmt.Sprintf(`{"requestContext":{"http":{"method":"POST"}},"body":"{\"question\":\"%d\"}"}`, i),
		}
		if scripted {
			payloads = payloads[1:] // the larger answer; the stand-ins are slow
		}
		for _, payload := range payloads {
			began := time.Now()
			answer, err := f.Invoke([]byte(payload))
			took := time.Since(began)
			if err != nil {
				t.Fatalf("%.80s: %v", sql, err)
			}
			text := string(answer)
			if !strings.Contains(text, "truncated") && !strings.Contains(text, "statement_failed") {
				t.Errorf("%.80s: got %.400s, want a truncated answer or an error of the statement", sql, text)
			}
			if scripted && strings.Contains(text, "statement_failed") && !strings.Contains(text, "select ") {
				t.Errorf("%.80s: got %.400s, want an error with the limit and how to stay below it", sql, text)
			}
			peak, err := f.PeakMemory()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.60s: %d bytes in %s, peak %d MB", sql, len(answer), took.Round(time.Millisecond), peak>>20)
			if took > never {
				t.Errorf("%.80s: took %s, want an answer at the time limit of the statement", sql, took)
			}
			if peak > mostMB<<20 {
				t.Fatalf("%.80s: the process took %d MB, want at most %d", sql, peak>>20, mostMB)
			}
		}
	}
}

// limitProcess puts a process into a memory control group of Lambda's size.
func limitProcess(ctx context.Context, pid int) error {
	var failed error
	for _, version := range []struct{ root, limit string }{
		{"/sys/fs/cgroup", "memory.max"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	} {
		group := filepath.Join(version.root, fmt.Sprintf("defog-%d", pid))
		limit := filepath.Join(group, version.limit)
		if _, err := os.Stat(filepath.Join(version.root, "cgroup.procs")); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := os.Mkdir(group, 0o700); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		context.AfterFunc(ctx, func() { _ = os.Remove(group) }) // empty once the process has ended
		err := errors.Join(
			os.WriteFile(limit, []byte(strconv.Itoa(functionMB<<20)), 0o600),
			os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600))
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
