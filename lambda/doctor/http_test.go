package doctor_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/bigquery"
	"defog-cdk/internal/testserver/databricks"
	"defog-cdk/lambda/doctor"
)

func TestExamineChecksDatabasesWithHTTPAPI(t *testing.T) {
	warehouse, err := databricks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = warehouse.Close() })
	service, err := bigquery.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	service.Answer = func(string) bigquery.Statement {
		return bigquery.Statement{Type: "SELECT", Schema: `[{"name": "n", "type": "INTEGER"}]`}
	}
	account, err := service.Creds()
	if err != nil {
		t.Fatal(err)
	}
	wrong := warehouse.Creds()
	wrong["access_token"] = "password of the test"
	healthy := map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "skipped", "login": "ok", "read-only": "ok", "rights": "ok"}
	for name, test := range map[string]struct {
		dbType string
		creds  connection.Creds
		want   map[string]doctor.Status
	}{
		"bigquery":    {"bigquery", account, healthy},
		"databricks":  {"databricks", warehouse.Creds(), map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "skipped", "login": "ok", "read-only": "ok", "rights": "warning"}},
		"wrong token": {"databricks", wrong, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "skipped", "login": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := statuses(t, newTarget(connection.Connection{DBType: test.dbType, DBCreds: test.creds, BaseURL: serve(t, 404, time.Now)}))
			for _, check := range []string{"credentials", "dependencies", "generator", "clock"} {
				delete(got, check)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
