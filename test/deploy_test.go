package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/testserver/generator"
)

// TestDeploy deploys a query function. Each step needs the deployment alone, so
// that it can run without the others; the last one removes the stack.
func TestDeploy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "endtoend", plainAWS)
	d.postgres.Query(t, schema)
	d.deploy(t)

	for _, step := range []struct {
		name string
		test func(*testing.T, *deployment)
	}{
		{"types have the text of the old app", testTypes},
		{"rows equal those of the SQL without the app", testRows},
		{"retry sends failed SQL back to the generator", testRetry},
		{"errors have the right status and no secret", testErrors},
		{"read-only SQL leaves the database unchanged", testReadOnly},
		{"ask prints the rows of the stack's function", testAskCommand},
		{"mcp answers agents without a setting of the stack", testMCPCommand},
		{"diff is empty after a deploy", testNoDiff},
		{"update applies the setting that diff shows", testUpdate},
		{"rollback of a failed update restores the function", testRollback},
		{"secret holds the credentials", testSecret},
		{"destroy removes the stack", testDestroy},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(t, d) }) {
			t.FailNow()
		}
	}
}

const schema = `
CREATE TABLE types (
	small smallint, big bigint, exact numeric, money numeric(12,2), float float8, flag boolean, day date, noon time,
	moment timestamp, zoned timestamptz, span interval, id uuid, doc json, docb jsonb, words text[], numbers int[][], bytes bytea, nothing text, note text);
INSERT INTO types VALUES (
	-1, 9223372036854775807, 123456789012345678901234567890.123456789, 12.50, 0.1, true, '2024-02-29', '12:00:00',
	'2024-02-29 12:00:00.5', '2024-02-29 12:00:00+00', '1 day 2:03:04.5', '8e7ee1a5-2d4c-4f1a-9d1e-6f0d9a3b5c7e', '{"a": [1, null]}', '{"b": true}',
	'{one,"two, three",NULL}', '{{1,2},{3,4}}', '\xdeadbeef', NULL, E'line\n"quoted" ünïcode 🎉');
CREATE TABLE orders (
	id int PRIMARY KEY, customer text NOT NULL, amount numeric(10,2) NOT NULL, ordered_on date NOT NULL, placed_at timestamp NOT NULL,
	paid boolean NOT NULL, tags text[], reference uuid, note text);
INSERT INTO orders
	SELECT n, 'customer ' || n % 17, (n * 37 % 10000) / 100.0, date '2024-01-01' + n % 400, timestamp '2024-01-01' + n * interval '61 minutes',
		n % 3 = 0, CASE WHEN n % 4 > 0 THEN array_fill('tag ' || n % 5, ARRAY[n % 4]) END, md5(n::text)::uuid, CASE WHEN n % 7 > 0 THEN 'note ' || n END
	FROM generate_series(1, 1000) n;`

func testTypes(t *testing.T, d *deployment) {
	got := d.ask(t, `SELECT *, 1 AS small, 'NaN'::float8 AS nan, '-Infinity'::float8 AS infinity FROM types`)
	want := map[string]string{
		"big": `9223372036854775807`, "exact": `"123456789012345678901234567890.123456789"`, "money": `"12.50"`, "float": `0.1`,
		"flag": `true`, "day": `"2024-02-29"`, "noon": `"12:00:00"`, "moment": `"2024-02-29 12:00:00.500000"`, "zoned": `"2024-02-29 12:00:00+00:00"`,
		"span": `"1 day, 2:03:04.500000"`, "id": `"8e7ee1a5-2d4c-4f1a-9d1e-6f0d9a3b5c7e"`, "doc": `{"a": [1, null]}`, "docb": `{"b": true}`,
		"words": `["one", "two, three", null]`, "numbers": `[[1, 2], [3, 4]]`, "bytes": `"\\xdeadbeef"`, "nothing": `null`,
		"note": `"line\n\"quoted\" ünïcode 🎉"`, "nan": `"NaN"`, "infinity": `"-Infinity"`,
	}
	for i, column := range got.Columns {
		if text, ok := want[column]; ok {
			if diff := cmp.Diff(compact(t, []byte(text)), compact(t, got.Data[0][i])); diff != "" {
				t.Errorf("%s: -want +got:\n%s", column, diff)
			}
			delete(want, column)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing columns: %v", want)
	}
	if first, last := slices.Index(got.Columns, "small"), len(got.Columns)-3; got.Columns[last] != "small" || string(got.Data[0][first]) != "-1" || string(got.Data[0][last]) != "1" {
		t.Errorf("columns with the same name: %v = %s", got.Columns, got.Data[0])
	}
}

// testRows compares 300 answers with the rows that the database returns for the
// same SQL without the app.
func testRows(t *testing.T, d *deployment) {
	random := rand.New(rand.NewPCG(1, 2))
	columns := []string{"id", "customer", "amount", "ordered_on", "placed_at", "paid", "tags", "reference", "note"}
	for range 300 {
		random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		selected := strings.Join(columns[:1+random.IntN(len(columns))], ", ")
		sql := fmt.Sprintf("SELECT %s FROM orders WHERE id %% %d = %d AND amount > %d ORDER BY orders.id LIMIT %d",
			selected, 1+random.IntN(20), random.IntN(20), random.IntN(90), random.IntN(40))
		if random.IntN(3) == 0 {
			sql = fmt.Sprintf("SELECT customer, count(*), sum(amount), avg(amount), max(ordered_on), min(placed_at), bool_or(paid) FROM orders WHERE id > %d GROUP BY customer ORDER BY customer", random.IntN(1100))
		}
		got := d.ask(t, sql)
		var rows [][]string
		for _, row := range got.Data {
			texts := make([]string, len(row))
			for i, value := range row {
				texts[i] = asPostgres(t, value)
			}
			rows = append(rows, texts)
		}
		if diff := cmp.Diff(d.postgres.Query(t, sql), rows); diff != "" || !got.RanSuccessfully || got.SQL != sql || got.RowCount != len(got.Data) {
			t.Fatalf("%s: -direct +answer:\n%s", sql, diff)
		}
	}
}

func testRetry(t *testing.T, d *deployment) {
	const wrong, right = "SELECT custmer FROM orders", "SELECT count(*) FROM orders"
	d.generator.Teach("How many?", wrong)
	d.generator.TeachFix(wrong, right)
	status, body := d.post(t, `{"question": "How many?", "hard_filters": "customer 1 only"}`)
	got := decode(t, body)
	if status != http.StatusOK || !got.RanSuccessfully || got.SQL != right || string(got.Data[0][0]) != "1000" {
		t.Errorf("status %d: %s", status, body)
	}
	retries := d.generator.Requests(generator.RetryPath)
	if len(retries) != 1 || !strings.Contains(fmt.Sprint(retries[0].Body["error"]), "custmer") {
		t.Errorf("the generator received %v", retries)
	}
}

func testErrors(t *testing.T, d *deployment) {
	if status, body := d.send(t, `{"question": "x"}`, func(*http.Request) error { return nil }); status != http.StatusForbidden {
		t.Errorf("unsigned: status %d: %s", status, body)
	}
	d.generator.Teach("A wrong table?", "SELECT * FROM nowhere")
	tests := []struct {
		name, body string
		fault      http.Handler
		status     int
		want       string
	}{
		{"no JSON", `{"question": `, nil, http.StatusBadRequest, "JSON"},
		{"no question", `{}`, nil, http.StatusBadRequest, "question"},
		{"wrong type", `{"question": 5}`, nil, http.StatusBadRequest, "question"},
		{"empty body", ``, nil, http.StatusBadRequest, "empty"},
		{"misspelled field", `{"question": "x", "hard_filter": ""}`, nil, http.StatusBadRequest, "hard_filters"},
		{"SQL that fails again", `{"question": "A wrong table?"}`, nil, http.StatusOK, "nowhere"},
		{"generator fails", `{"question": "A wrong table?"}`, generator.Status(http.StatusInternalServerError), http.StatusBadGateway, ""},
		{"generator sends HTML", `{"question": "A wrong table?"}`, generator.Text("<html>"), http.StatusBadGateway, ""},
	}
	for _, test := range tests {
		if test.fault != nil {
			d.generator.Fail(test.fault)
		}
		status, body := d.post(t, test.body)
		got := decode(t, body)
		if status != test.status || got.RanSuccessfully || got.ErrorMessage == "" || !strings.Contains(got.ErrorMessage, test.want) {
			t.Errorf("%s: status %d: %s", test.name, status, body)
		}
		for _, secret := range []string{apiKey, d.postgres.Password()} {
			if strings.Contains(string(body), secret) {
				t.Errorf("%s: a secret in %s", test.name, body)
			}
		}
	}
}

func testReadOnly(t *testing.T, d *deployment) {
	const state = `SELECT count(*), sum(amount) FROM orders UNION ALL SELECT count(*), 0 FROM pg_class UNION ALL SELECT count(*), 0 FROM pg_roles`
	before := d.postgres.Query(t, state)
	for _, sql := range []string{
		"DELETE FROM orders",
		"WITH gone AS (DELETE FROM orders RETURNING 1) SELECT * FROM gone",
		"SELECT 1; DROP TABLE orders",
		"COMMIT; DROP TABLE orders",
		"CREATE TABLE x (y int)",
		"SELECT * INTO x FROM orders",
		"CREATE ROLE mallory SUPERUSER",
		"SELECT pg_read_file('/etc/passwd')",
		"COPY orders TO PROGRAM 'touch /tmp/defog-was-here'",
		"SELECT lo_import('/etc/passwd')",
	} {
		if got := d.ask(t, sql); got.RanSuccessfully || got.ErrorMessage == "" {
			t.Errorf("%s: %+v", sql, got)
		}
	}
	if diff := cmp.Diff(before, d.postgres.Query(t, state)); diff != "" {
		t.Errorf("the database changed:\n%s", diff)
	}
	if _, err := os.Stat("/tmp/defog-was-here"); err == nil {
		t.Error("a program ran on the database host")
	}
}

func testAskCommand(t *testing.T, d *deployment) {
	d.generator.Teach("Which customers paid most?", "SELECT customer, sum(amount) AS total FROM orders WHERE paid GROUP BY customer ORDER BY total DESC, customer LIMIT 2")
	environ := d.aws.Environ(os.Environ())
	for _, target := range [][]string{{"-c", "app_name=" + d.app}, {"--function", d.resources(t, "AWS::Lambda::Function")[0]}} {
		output, code := command(t, environ, defog.get(t), append([]string{"ask", "Which customers paid most?"}, target...)...)
		if code != 0 || !strings.Contains(output, "customer") || !strings.Contains(output, "2 rows") {
			t.Errorf("%s: exit code %d:\n%s", target, code, output)
		}
	}
	output, code := command(t, environ, defog.get(t), "ask", "-c", "app_name="+d.app, "What is not in the list?")
	if code == 0 || !strings.Contains(output, "has no SQL for this question") {
		t.Errorf("exit code %d:\n%s", code, output)
	}
}

func testNoDiff(t *testing.T, d *deployment) {
	output := d.cdk(t, "diff", "--fail")
	if !strings.Contains(output, "There were no differences") {
		t.Error(output)
	}
}

func testUpdate(t *testing.T, d *deployment) {
	output := d.cdk(t, "diff", "-c", "max_rows=3")
	for _, want := range []string{"DEFOG_MAX_ROWS", "10000", "3"} {
		if !strings.Contains(output, want) {
			t.Errorf("diff does not show %s:\n%s", want, output)
		}
	}
	url := d.url
	d.deploy(t, "-c", "max_rows=3")
	if d.url != url {
		t.Errorf("the URL changed from %s to %s", url, d.url)
	}
	if got := d.ask(t, "SELECT id FROM orders ORDER BY id"); !got.Truncated || got.RowCount != 3 || len(got.Data) != 3 {
		t.Errorf("got %+v", got)
	}
}

func testSecret(t *testing.T, d *deployment) {
	missing := d.settings("-c", "credentials_secret="+d.app+"/absent", "-c", "db_type=postgres")
	var out bytes.Buffer
	err := d.aws.Deploy(t.Context(), &out, missing...)
	if want := "credentials_secret: " + d.app + "/absent does not exist in " + region; err == nil || !strings.Contains(out.String(), want) {
		t.Errorf("deploy with an absent secret: %v; want %s in\n%s", err, want, out.String())
	}
	if output := d.cdk(t, slices.Concat([]string{"ls"}, missing)...); !strings.Contains(output, d.stack()) {
		t.Errorf("ls with an absent secret:\n%s", output)
	}
	d.deploy(t, d.createSecret(t)...)
	if got := d.ask(t, "SELECT count(*) FROM orders"); len(got.Data) != 1 || string(got.Data[0][0]) != "1000" {
		t.Errorf("got %+v", got)
	}
}

func testDestroy(t *testing.T, d *deployment) {
	run(t, "cdk destroy", func(out io.Writer) error { // without the connection file
		return d.aws.CDK(t.Context(), out, "destroy", "--force", "-c", "app_name="+d.app, "-c", "connection_file="+d.connectionFile+".absent")
	})
	output, code := command(t, d.aws.Environ(os.Environ()), defog.get(t), "ask", "-c", "app_name="+d.app, "How many?")
	if code == 0 || !strings.Contains(output, d.stack()) {
		t.Errorf("exit code %d:\n%s", code, output)
	}
	if output := d.cdk(t, "ls"); !strings.Contains(output, d.stack()) {
		t.Errorf("ls:\n%s", output)
	}
}

// compact returns JSON without white space.
func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return out.String()
}

// asPostgres returns a value of an answer as PostgreSQL writes it, for the types
// of the table orders.
func asPostgres(t *testing.T, value json.RawMessage) string {
	t.Helper()
	var decoded any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatalf("%v in %s", err, value)
	}
	switch v := decoded.(type) {
	case nil:
		return "NULL"
	case bool:
		return map[bool]string{true: "t", false: "f"}[v]
	case json.Number:
		return v.String()
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = `"` + word.(string) + `"`
		}
		return "{" + strings.Join(words, ",") + "}"
	default:
		t.Fatalf("unexpected value %s", value)
		return ""
	}
}
