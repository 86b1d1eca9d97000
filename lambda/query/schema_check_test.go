package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/catalog/check"
)

// checkSchema invokes the function for a report on its files.
func checkSchema(t *testing.T, f running, payload string) (kinds []string, report check.Report) {
	t.Helper()
	text := f.invoke(t, payload)
	if err := json.Unmarshal([]byte(text), &report); err != nil || report.Findings == nil {
		t.Fatalf("%v in %s", err, text)
	}
	if strings.Contains(text, apiKey) {
		t.Errorf("the report holds the API key: %s", text)
	}
	for _, f := range report.Findings {
		kinds = append(kinds, f.Kind)
	}
	return kinds, report
}

// lastLine returns the fields of the log's last line.
func lastLine(t *testing.T, log string) (fields map[string]any) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &fields); err != nil {
		t.Fatalf("%v in %s", err, log)
	}
	return fields
}

func shopEnvironment(t *testing.T, credentials string, files map[string][]byte) map[string]string {
	t.Helper()
	endpoint, hash := serveS3(t, files)
	return map[string]string{
		environ.Credentials: credentials, environ.Generator: golden,
		environ.DependenciesBucket: "assets", environ.DependenciesKey: "deps.zip", environ.DependenciesHash: hash,
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
	}
}

func TestSchemaCheckRunsOnDirectInvokeOnly(t *testing.T) {
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, shopEnvironment(t, encode(t, shop, ""), map[string][]byte{
		"golden.json": []byte(`[{"question": "How many coffees?", "sql": "SELECT count(*) FROM coffee"}, {"question": "Which secret teas?", "sql": "SELECT tea_name FROM coffee"}]`),
		"schema.json": []byte(`{"tables": [{"name": "coffee", "columns": [{"name": "name"}, {"name": "price"}]}, {"name": "tea", "columns": [{"name": "name"}]}]}`),
	}))
	kinds, report := checkSchema(t, f, `{"schema_check": {"stack": "shop-dev"}}`)
	if diff := cmp.Diff([]string{check.GoldenFailed, check.TableGone, check.ColumnNew}, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if first := report.Findings[0]; first.Question != "Which secret teas?" || !strings.Contains(first.Detail, "no such column: tea_name") {
		t.Errorf("got %+v", first)
	}
	for payload, want := range map[string]string{
		`{"requestContext":{"http":{"method":"POST"}},"body":"{\"schema_check\":{}}"}`: "schema_check: unknown field",
		`{"schema_check": {}, "question": "How many coffees?"}`:                        "schema_check: unknown field",
		`{"schema_check": null}`:                        "schema_check: unknown field",
		`{"schema_check": {"stack": "of another; \n"}}`: "schema_check: unknown field",
		`{"schema_check": 1}`:                           "schema_check: unknown field",
	} {
		if answer := f.invoke(t, payload); !strings.Contains(answer, want) {
			t.Errorf("%s: got %s", payload, answer)
		}
	}
	if answer := f.invoke(t, `{"question": "How many coffees?"}`); !strings.Contains(answer, `"data":[[2]]`) {
		t.Errorf("a question afterwards: got %s", answer)
	}
	checkSchema(t, f, `{"schema_check": {"stack": "shop-dev"}}`)
	line := lastLine(t, f.stop())
	want := map[string]any{
		"level": "ERROR", "msg": "schema check", "broken": 2.0, "new": 1.0, "tables": 1.0, "pairs": 2.0, "unchecked": 0.0, "Stack": "shop-dev", "SchemaFindings": 2.0,
		"files": []any{"schema.json", "golden.json"},
		"findings": []any{
			"golden.json: pair 2: the database rejects the SQL with code SQLITE_ERROR",
			"schema.json: tea: the database has no such table, or its user may not read it",
			"schema.json: coffee.roasted: the file lacks this column of the database",
		},
	}
	metric, _ := json.Marshal(line["_aws"])
	if !strings.Contains(string(metric), `"Metrics":[{"Name":"SchemaFindings","Unit":"Count"}],"Namespace":"Defog"`) {
		t.Errorf("got the metric %s", metric)
	}
	delete(line, "_aws")
	delete(line, "timestamp")
	delete(line, "version")
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("the log: -want +got:\n%s", diff)
	}
}

func TestSchemaCheckOfPostgresWithRoles(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `
		CREATE ROLE tenant_a; CREATE ROLE tenant_b; CREATE ROLE shop LOGIN PASSWORD 'reads-only' NOINHERIT IN ROLE tenant_a, tenant_b;
		CREATE TABLE orders (tenant text, note text); GRANT SELECT ON orders TO tenant_a; ALTER TABLE orders ENABLE ROW LEVEL SECURITY`)
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads-only"
	credentials, err := connection.Connection{DBType: "postgres", DBCreds: creds}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	environment := shopEnvironment(t, credentials, map[string][]byte{
		"golden.json": []byte(`[{"question": "How many notes?", "sql": "SELECT count(note) FROM orders"}]`),
		"schema.json": []byte(`{"db_type": "postgres", "tables": [{"name": "orders", "columns": [{"name": "tenant", "type": "text"}, {"name": "note", "type": "text"}]}]}`),
	})
	environment[environ.RowSecurity], environment[environ.RowSecurityRoles] = "role", "tenant_a,tenant_b"
	f := start(t, environment)
	if _, report := checkSchema(t, f, `{"schema_check": {}}`); len(report.Findings) > 0 || report.Pairs != 1 || report.Tables != 1 {
		t.Errorf("got %+v", report)
	}
	server.Query(t, `ALTER TABLE orders RENAME note TO remark`)
	kinds, _ := checkSchema(t, f, `{"schema_check": {}}`)
	if diff := cmp.Diff([]string{check.GoldenFailed, check.ColumnGone, check.ColumnNew}, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if line := lastLine(t, f.stop()); line["_aws"] != nil {
		t.Errorf("a check without a stack wrote a metric: %v", line)
	}
}

func TestSchemaCheckReportsWhyItFailed(t *testing.T) {
	store := serveSecrets(t)
	kinds, report := checkSchema(t, start(t, store.environment("prod/none")), `{"schema_check": {"stack": "s"}}`)
	if diff := cmp.Diff([]string{check.CheckFailed}, kinds); diff != "" || report.Broken() != 1 {
		t.Errorf("got %+v", report)
	}
	kinds, report = checkSchema(t, start(t, map[string]string{environ.Retries: "-1"}), `{"schema_check": {}}`)
	if diff := cmp.Diff([]string{check.CheckFailed}, kinds); diff != "" || !strings.Contains(report.Findings[0].Detail, environ.Retries) {
		t.Errorf("got %+v", report)
	}
}
