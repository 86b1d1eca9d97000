package main

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/bigquery"
	"defog-cdk/internal/testserver/databricks"
	"defog-cdk/internal/testserver/snowflake"
	"defog-cdk/internal/testserver/sqlserver"
)

// largeAnswer is a scripted answer of a stand-in: equal rows of texts. A name of
// largeAnswers is its table.
type largeAnswer struct {
	columns    int
	rows       int
	value      string
	name       string // of each column, before its number
	compressed bool   // the stand-in compresses its replies
}

// largeAnswers are larger than an answer of Lambda, a row, or a reply may be.
var largeAnswers = map[string]largeAnswer{
	"value_over_answer": {columns: 1, rows: 1, value: strings.Repeat("x", 7<<20)},
	"value_over_row":    {columns: 1, rows: 1, value: strings.Repeat("x", 10<<20)},
	"value_at_cap":      {columns: 1, rows: 1, value: strings.Repeat("x", 15<<20)},
	"value_over_cap":    {columns: 1, rows: 1, value: strings.Repeat("x", 30<<20)},
	"escapes":           {columns: 1, rows: 1, value: strings.Repeat("\x01", 3<<20)},
	"escapes_at_cap":    {columns: 1, rows: 1, value: strings.Repeat("\x01", 15<<18)},
	"quotes":            {columns: 1, rows: 1, value: strings.Repeat(`"`, 7<<20)},
	"wide_row":          {columns: 1000, rows: 1, value: strings.Repeat("x", 15_000)},
	"wide_row_over_cap": {columns: 1000, rows: 1, value: strings.Repeat("x", 30_000)},
	"wide_rows":         {columns: 100, rows: 20_000, value: "12345678"},
	"cells":             {columns: 1000, rows: 10_000, value: "1"},
	"many_rows":         {columns: 1, rows: 200_000, value: strings.Repeat("x", 50)},
	"large_rows":        {columns: 1, rows: 14, value: strings.Repeat("x", 1<<20)},
	"large_rows_over":   {columns: 1, rows: 40, value: strings.Repeat("x", 1<<20)},
	"large_pieces":      {columns: 1, rows: 20_000, value: strings.Repeat("x", 7000)},
	"huge_names":        {columns: 2000, rows: 1, value: strings.Repeat("x", 2000), name: strings.Repeat("\x01", 250)},
	"compressed":        {columns: 1, rows: 1, value: strings.Repeat("x", 15<<20), compressed: true},
	"inflated":          {columns: 1, rows: 1, value: strings.Repeat("x", 64<<20), compressed: true},
}

// largeStatements returns a statement for each of largeAnswers.
func largeStatements() []string {
	var statements []string
	for _, table := range slices.Sorted(maps.Keys(largeAnswers)) {
		statements = append(statements, "SELECT * FROM "+table)
	}
	return statements
}

// largeAnswerOf returns the answer of a statement of largeStatements.
func largeAnswerOf(sql string) (largeAnswer, bool) {
	_, table, _ := strings.Cut(sql, " FROM ")
	answer, ok := largeAnswers[strings.Trim(table, " `\"[];\n")]
	return answer, ok
}

// columnName returns the name of a column.
func (a largeAnswer) columnName(i int) string { return a.name + strconv.Itoa(i) }

// compressor compresses the replies of an HTTP server on demand.
type compressor struct {
	http.Handler
	compresses atomic.Bool
}

// ServeHTTP implements http.Handler.
func (c *compressor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := httptest.NewRecorder()
	c.Handler.ServeHTTP(reply, r)
	maps.Copy(w.Header(), reply.Header())
	if !c.compresses.Load() {
		w.WriteHeader(reply.Code)
		_, _ = io.Copy(w, reply.Body) // the client may be gone
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(reply.Code)
	compressed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	_, _ = io.Copy(compressed, reply.Body)
	_ = compressed.Close()
}

// startCompressor serves a stand-in through a compressor, and returns its address.
func startCompressor(t *testing.T, c *compressor) string {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return server.URL
}

// arrayTable is a table of BigQuery with an array of many elements.
const arrayTable = "array_of_numbers"

func startLargeBigQuery(t *testing.T) connection.Creds {
	t.Helper()
	server, err := bigquery.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := &compressor{Handler: server}
	array := `{"f":[{"v":[` + strings.TrimSuffix(strings.Repeat(`{"v":"1"},`, 2_000_000), ",") + `]}]}`
	server.Answer = func(sql string) bigquery.Statement {
		if strings.HasSuffix(sql, arrayTable) {
			return bigquery.Statement{
				Type: "SELECT", Schema: `[{"name":"n","type":"INTEGER","mode":"REPEATED"}]`,
				Rows: 1, Row: func(int) string { return array },
			}
		}
		answer, ok := largeAnswerOf(sql)
		if !ok {
			return bigquery.Statement{Fault: &bigquery.Fault{Status: http.StatusNotFound, Reason: "notFound", Message: sql}}
		}
		c.compresses.Store(answer.compressed)
		type field struct {
			Name string `json:"name"`
			Type string `json:"type"`
		}
		fields := make([]field, answer.columns)
		for i := range fields {
			fields[i] = field{answer.columnName(i), "STRING"}
		}
		row := `{"f":[` + strings.TrimSuffix(strings.Repeat(`{"v":`+mustJSON(answer.value)+`},`, answer.columns), ",") + `]}`
		return bigquery.Statement{Type: "SELECT", Schema: mustJSON(fields), Rows: answer.rows, Row: func(int) string { return row }}
	}
	creds, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	creds["endpoint"] = startCompressor(t, c)
	return creds
}

// mustJSON encodes texts or structs of texts, which are valid.
func mustJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func startLargeDatabricks(t *testing.T) connection.Creds {
	t.Helper()
	server, err := databricks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := &compressor{Handler: server}
	server.Answer = func(sql string) (databricks.Table, bool) {
		answer, ok := largeAnswerOf(sql)
		if !ok {
			return databricks.Table{}, false
		}
		c.compresses.Store(answer.compressed)
		table := databricks.Table{Rows: answer.rows, Text: func(int, int) string { return answer.value }}
		for i := range answer.columns {
			table.Columns = append(table.Columns, answer.columnName(i))
		}
		return table, true
	}
	creds := server.Creds()
	creds["endpoint"] = startCompressor(t, c)
	return creds
}

func startLargeSnowflake(t *testing.T) connection.Creds {
	t.Helper()
	c := &compressor{}
	server := snowflake.Start(t, func(sql string) (snowflake.Result, bool) {
		answer, ok := largeAnswerOf(sql)
		switch {
		case sql == "SELECT CURRENT_ROLE()":
			role := "READER"
			return snowflake.Result{Columns: []snowflake.Column{{Name: "role", Type: "text"}}, Rows: slices.Values([][]*string{{&role}})}, true
		case !ok:
			return snowflake.Result{Error: snowflake.Error{Code: "003001", State: "42501", Message: "Insufficient privileges"}}, true
		}
		c.compresses.Store(answer.compressed)
		var result snowflake.Result
		for i := range answer.columns {
			result.Columns = append(result.Columns, snowflake.Column{Name: answer.columnName(i), Type: "text"})
		}
		row := slices.Repeat([]*string{&answer.value}, answer.columns)
		result.Rows = slices.Values(slices.Repeat([][]*string{row}, answer.rows))
		return result, true
	})
	c.Handler = server
	creds := server.Creds()
	host, port, err := net.SplitHostPort(strings.TrimPrefix(startCompressor(t, c), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	creds["host"], creds["port"], creds["sslmode"] = host, port, "disable"
	return creds
}

func startLargeSQLServer(t *testing.T) connection.Creds {
	t.Helper()
	return sqlserver.Start(t, func(sql string) (sqlserver.Result, bool) {
		answer, ok := largeAnswerOf(sql)
		switch {
		case strings.HasPrefix(sql, "SET "):
			return sqlserver.Result{}, true
		case strings.Contains(sql, "sys.tables"): // of the read-only check
			return sqlserver.Result{Columns: []sqlserver.Column{{Name: "name", Type: sqlserver.NVarChar(128)}}}, true
		case !ok:
			return sqlserver.Result{Errors: []sqlserver.Error{{Number: 262, Class: 14, Message: "The permission was denied."}}}, true
		}
		var result sqlserver.Result
		for i := range answer.columns {
			result.Columns = append(result.Columns, sqlserver.Column{Name: answer.columnName(i), Type: sqlserver.VarChar(0)})
		}
		row := slices.Repeat([]sqlserver.Value{sqlserver.Pieces([]byte(answer.value))}, answer.columns)
		result.Rows = slices.Values(slices.Repeat([][]sqlserver.Value{row}, answer.rows))
		return result, true
	}).Creds()
}
