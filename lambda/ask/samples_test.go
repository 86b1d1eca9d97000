package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// turns is a generator with an answer for each request, in order of arrival.
type turns struct {
	mu      sync.Mutex
	answers []func() (generate.Query, error)
}

func (s *turns) Generate(context.Context, generate.Question) (generate.Query, error) {
	s.mu.Lock()
	answer := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	return answer()
}

func (s *turns) Retry(context.Context, generate.Question, generate.Failure) (generate.Query, error) {
	return generate.Query{}, errors.New("no retry")
}

func writes(sql string) func() (generate.Query, error) {
	return func() (generate.Query, error) { return generate.Query{SQL: sql, Source: generate.FromModel}, nil }
}

// connections are databases that refuse to serve two statements at once.
type connections struct {
	mu      sync.Mutex
	results map[string]database.Result
	limits  []database.Limits
}

type connection struct {
	*connections
	busy sync.Mutex
}

func (c *connection) Query(_ context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if !c.busy.TryLock() {
		return nil, errors.New("the connection is busy")
	}
	defer c.busy.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = append(c.limits, limits)
	if sql == "panic" {
		panic("the database panics")
	}
	result, ok := c.results[sql]
	if !ok {
		return nil, &database.StatementError{Message: "no"}
	}
	if limits.Rows < result.RowCount {
		result.RowCount, result.Truncated, result.Data = limits.Rows, true, json.RawMessage("[]")
	}
	return &result, nil
}

func (c *connection) Close() error { return nil }

// askSamples asks a question of samples, with a number of connections.
func askSamples(t *testing.T, answers []func() (generate.Query, error), open int, results map[string]database.Result) (map[string]any, *connections, string) {
	t.Helper()
	shared := &connections{results: results}
	h, log := newHandler(&fake{})
	h.Retries = 0
	h.Open = func(context.Context) (Backend, error) {
		backend := Backend{Generator: &turns{answers: answers}, Database: &connection{connections: shared}, Samples: len(answers)}
		for range open - 1 {
			backend.Spare = append(backend.Spare, &connection{connections: shared})
		}
		return backend, nil
	}
	h.ToolRows = 5
	var fields map[string]any
	if err := json.Unmarshal([]byte(invoke(t, h, `{"tool": "ask", "arguments": {"question": "How many?"}, "caller": {"sub": "jane"}}`)), &fields); err != nil {
		t.Fatal(err)
	}
	return fields, shared, log.String()
}

func result(data string) database.Result {
	rows := strings.Count(data, "[") - 1
	return database.Result{Columns: []string{"n"}, Data: json.RawMessage(data), RowCount: rows}
}

func TestSamplesShareConnections(t *testing.T) {
	answers := []func() (generate.Query, error){}
	results := map[string]database.Result{}
	for i := range 9 {
		sql := fmt.Sprintf("SELECT %d", i)
		answers, results[sql] = append(answers, writes(sql)), result("[[1]]")
	}
	for open := 1; open <= 9; open += 4 {
		got, shared, _ := askSamples(t, answers, open, results)
		if got["confidence"] != 1.0 || got["samples"] != 9.0 || len(shared.limits) != 9 {
			t.Errorf("%d connections: got %v after %d statements", open, got, len(shared.limits))
		}
	}
}

func TestFailedSamplesAgreeWithNone(t *testing.T) {
	panics := func() (generate.Query, error) { panic("the generator panics") }
	refuses := func() (generate.Query, error) {
		return generate.Query{}, &generate.Error{Kind: generate.Refused, Message: "No."}
	}
	got, _, _ := askSamples(t, []func() (generate.Query, error){panics, refuses, writes("panic"), writes("SELECT 1"), writes("SELECT x"), writes("SELECT 2")}, 2,
		map[string]database.Result{"SELECT 1": result("[[1],[2]]"), "SELECT 2": result("[[2],[1]]")})
	if got["confidence"] != 0.33 || got["row_count"] != 2.0 {
		t.Errorf("got %v", got)
	}

	got, _, log := askSamples(t, []func() (generate.Query, error){panics, panics}, 2, nil)
	if got["error_code"] != "internal" || got["confidence"] != nil || !strings.Contains(log, "the generator panics") {
		t.Errorf("only panics: got %v\n%s", got, log)
	}
}

// TestLongResultsAgreeByTheirStatement has results over the limits of an answer and of a
// sample.
func TestLongResultsAgreeByTheirStatement(t *testing.T) {
	ten := result("[" + strings.TrimSuffix(strings.Repeat("[1],", 10), ",") + "]")
	got, shared, _ := askSamples(t, []func() (generate.Query, error){writes("SELECT 1"), writes("SELECT 2")}, 2,
		map[string]database.Result{"SELECT 1": ten, "SELECT 2": ten})
	if got["confidence"] != 1.0 || got["truncated"] != true || got["row_count"] != 5.0 || len(shared.limits) != 3 {
		t.Errorf("more rows than the answer may have: got %v after %d statements", got, len(shared.limits))
	}
	wantRows := []int{maxSampleRows, maxSampleRows, 5}
	var rows []int
	for _, limits := range shared.limits {
		rows = append(rows, limits.Rows)
	}
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Errorf("limits: -want +got:\n%s", diff)
	}

	huge := ten
	huge.RowCount = maxSampleRows + 1
	got, _, _ = askSamples(t, []func() (generate.Query, error){writes("SELECT 1"), writes("SELECT 2"), writes("SELECT 2 ")}, 2,
		map[string]database.Result{"SELECT 1": huge, "SELECT 2": huge, "SELECT 2 ": huge})
	if got["confidence"] != 0.67 {
		t.Errorf("more rows than are compared: got %v", got)
	}
}

// flags returns a result with columns of 0 and 1, beginning with one of them.
func flags(rows, columns, first int) *database.Result {
	values := make([][]int, rows)
	names := make([]string, columns)
	for i := range values {
		values[i] = make([]int, columns)
		for c := range columns {
			column := (c + first) % columns
			values[i][c] = i / (column + 1) % 2
			names[c] = fmt.Sprintf("c%d", column)
		}
	}
	data, _ := json.Marshal(values)
	return &database.Result{SQL: fmt.Sprintf("SELECT %d", first), Columns: names, Data: data, RowCount: rows}
}

func TestColumnsOfManyRowsAreFoundInFewSteps(t *testing.T) {
	const rows, columns = 4_000, 8
	same := []modelAnswer{{result: flags(rows, columns, 0)}, {result: flags(rows, columns, 5)}}
	if got := largest(t.Context(), same); got.size != 2 {
		t.Errorf("columns in another order: got %d equal samples", got.size)
	}
}

func TestSamplesAreNotComparedWithoutTime(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	one := &database.Result{SQL: "SELECT 1", Columns: []string{"n"}, Data: json.RawMessage("[[1]]"), RowCount: 1}
	other := *one
	other.SQL = "SELECT 2 - 1"
	samples := []modelAnswer{{result: one}, {result: &other}, {result: &other}}
	if got := largest(ended, samples); got.size != 2 || got.first.result.SQL != other.SQL {
		t.Errorf("after the end: got %d samples with %q", got.size, got.first.result.SQL)
	}
	if got := largest(t.Context(), samples); got.size != 3 {
		t.Errorf("before the end: got %d equal samples", got.size)
	}
}
