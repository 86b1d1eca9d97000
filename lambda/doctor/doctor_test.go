package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/doctor"
)

// newTarget returns a target with conn, the generator defog and no files.
func newTarget(conn connection.Connection) doctor.Target {
	return doctor.Target{
		Credentials: func(context.Context) (connection.Connection, error) { return conn, nil },
		Source:      "the test",
		Files:       func(context.Context) (string, error) { return "", nil },
		Generator:   "defog",
		Drivers:     drivers(),
	}
}

// statuses returns the report's statuses by check. It fails the test if a
// problem has no advice, or if a finding holds the password.
func statuses(t *testing.T, target doctor.Target) map[string]doctor.Status {
	t.Helper()
	report := doctor.Examine(t.Context(), target)
	got := map[string]doctor.Status{}
	healthy := true
	for _, f := range report.Findings {
		got[f.Check] = f.Status
		wrong := f.Status == doctor.Failed || f.Status == doctor.Warning
		if f.Detail == "" || wrong != (f.Advice != "") {
			t.Errorf("%+v", f)
		}
		if strings.Contains(f.Detail+f.Advice, "password of the test") {
			t.Errorf("a secret is shown: %+v", f)
		}
		healthy = healthy && f.Status != doctor.Failed
	}
	if report.Healthy != healthy {
		t.Errorf("healthy is %t of %+v", report.Healthy, report.Findings)
	}
	return got
}

// serve returns the URL of a generator with the given status and clock.
func serve(t *testing.T, status int, clock func() time.Time) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestExamineClassifiesDatabaseProblems(t *testing.T) {
	server := postgres.Start(t, postgres.TLS())
	server.Query(t, "CREATE ROLE reader LOGIN PASSWORD 'password of the test'")
	closed := httptest.NewServer(nil)
	closed.Close()
	_, closedPort, _ := strings.Cut(closed.Listener.Addr().String(), ":")
	for name, test := range map[string]struct {
		change connection.Creds
		want   map[string]doctor.Status // without credentials, generator and clock
	}{
		"local":               {nil, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "skipped", "login": "ok"}},
		"verified":            {connection.Creds{"sslmode": "verify-full", "sslrootcert": server.Authority()}, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "ok", "login": "ok"}},
		"not verified":        {connection.Creds{"sslmode": "require"}, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "warning", "login": "ok"}},
		"unknown authority":   {connection.Creds{"sslmode": "verify-full"}, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "failed"}},
		"wrong password":      {connection.Creds{"password": "another"}, map[string]doctor.Status{"name": "ok", "port": "ok", "tls": "skipped", "login": "failed"}},
		"no such database":    {connection.Creds{"database": "none"}, map[string]doctor.Status{"name": "ok", "port": "ok", "login": "failed"}},
		"closed port":         {connection.Creds{"port": closedPort}, map[string]doctor.Status{"name": "ok", "port": "failed"}},
		"no such host":        {connection.Creds{"host": "database.invalid"}, map[string]doctor.Status{"name": "failed"}},
		"impossible settings": {connection.Creds{"sslmode": "perhaps"}, map[string]doctor.Status{"name": "ok", "port": "ok", "login": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			creds := server.Creds()
			creds["user"], creds["password"] = "reader", "password of the test"
			for key, value := range test.change {
				creds[key] = value
			}
			got := statuses(t, newTarget(connection.Connection{DBType: "postgres", DBCreds: creds, BaseURL: serve(t, 404, time.Now)}))
			for _, check := range []string{"credentials", "dependencies", "generator", "clock"} {
				if got[check] != doctor.OK {
					t.Errorf("%s: %s", check, got[check])
				}
				delete(got, check)
			}
			delete(got, "read-only") // lambda/database tests the read-only check
			delete(got, "rights")
			delete(got, "connections")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExamineChecksGeneratorAndClock(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	off := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }
	for name, test := range map[string]struct {
		url              string
		generator, clock doctor.Status
	}{
		"healthy":       {serve(t, 200, time.Now), "ok", "ok"},
		"status 500":    {serve(t, 500, time.Now), "warning", "ok"},
		"clock is slow": {serve(t, 200, off(2*time.Minute)), "ok", "warning"},
		"clock is fast": {serve(t, 200, off(-time.Hour)), "ok", "failed"},
		"down":          {closed.URL, "failed", "skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			got := statuses(t, newTarget(connection.Connection{DBType: "postgres", BaseURL: test.url}))
			want := map[string]doctor.Status{
				"credentials": "ok", "dependencies": "ok", "database": "skipped", "generator": test.generator, "clock": test.clock,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExamineChecksGeneratorFiles(t *testing.T) {
	for name, test := range map[string]struct {
		generator string
		files     map[string]string
		want      map[string]doctor.Status
	}{
		"golden":          {"golden", map[string]string{"golden.json": `[{"question": "How many?", "sql": "SELECT 1"}]`}, map[string]doctor.Status{"golden.json": "ok"}},
		"golden, missing": {"golden", nil, map[string]doctor.Status{"golden.json": "failed"}},
		"golden, empty":   {"golden", map[string]string{"golden.json": "[]"}, map[string]doctor.Status{"golden.json": "failed"}},
		"golden, no sql":  {"golden", map[string]string{"golden.json": `[{"question": "How many?"}]`}, map[string]doctor.Status{"golden.json": "failed"}},
		"golden, invalid": {"golden", map[string]string{"golden.json": "["}, map[string]doctor.Status{"golden.json": "failed"}},
		"model":           {"openai", map[string]string{"schema.json": `{"tables": [{"name": "a", "columns": [{"name": "b", "type": "text"}]}]}`, "glossary.md": "", "golden.json": "[]"}, map[string]doctor.Status{"schema.json": "ok", "glossary.md": "warning", "golden.json": "ok"}},
		"model, no table": {"openai", map[string]string{"schema.json": "{}", "glossary.md": "a", "golden.json": "[]"}, map[string]doctor.Status{"schema.json": "failed", "glossary.md": "ok", "golden.json": "ok"}},
		"model, missing":  {"bedrock", nil, map[string]doctor.Status{"schema.json": "ok", "glossary.md": "warning", "golden.json": "warning"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, content := range test.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			target := newTarget(connection.Connection{DBType: "postgres"})
			target.Generator, target.GeneratorURL = test.generator, serve(t, 200, time.Now)
			target.Files = func(context.Context) (string, error) { return folder, nil }
			got := statuses(t, target)
			for _, check := range []string{"credentials", "database", "generator", "clock"} {
				delete(got, check)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExamineSkipsDatabaseWithoutCredentials(t *testing.T) {
	target := newTarget(connection.Connection{})
	target.Credentials = func(context.Context) (connection.Connection, error) {
		return connection.Connection{}, errors.New("read secret prod/defog: AccessDeniedException")
	}
	target.Files = func(context.Context) (string, error) { return "", errors.New("s3://assets/deps.zip: access denied") }
	want := map[string]doctor.Status{"credentials": "failed", "dependencies": "failed", "database": "skipped", "generator": "skipped"}
	if diff := cmp.Diff(want, statuses(t, target)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExamineReportsMissingSQLiteFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.sqlite")
	conn := connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": file}, BaseURL: serve(t, 200, time.Now)}
	target := newTarget(conn)
	got := statuses(t, target)
	if got["network"] != doctor.Skipped || got["file"] != doctor.Warning || got["login"] != doctor.Failed {
		t.Errorf("got %v", got)
	}
	for _, f := range doctor.Examine(t.Context(), target).Findings {
		if f.Check == "login" && (!strings.HasPrefix(f.Detail, file+": ") || !strings.Contains(f.Advice, "db_creds.database")) {
			t.Errorf("got %+v, want the file and the fix", f)
		}
	}
}

// TestExamineLimitsEachStep simulates a VPC without a route to S3.
func TestExamineLimitsEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 28*time.Second)
		defer cancel()
		report := doctor.Examine(ctx, doctor.Target{
			Credentials: func(ctx context.Context) (connection.Connection, error) {
				<-ctx.Done()
				return connection.Connection{}, ctx.Err()
			},
			Files: func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			},
		})
		if report.Healthy || ctx.Err() != nil {
			t.Errorf("healthy: %t, time left: %v", report.Healthy, ctx.Err() == nil)
		}
	})
}

func TestExamineRefusesSuperuser(t *testing.T) {
	server := postgres.Start(t)
	for privileged, want := range map[bool]doctor.Status{false: doctor.Failed, true: doctor.Warning} {
		target := newTarget(connection.Connection{DBType: "postgres", DBCreds: server.Creds(), BaseURL: serve(t, 404, time.Now)})
		target.PrivilegedLogin = privileged
		if got := statuses(t, target)["login rights"]; got != want {
			t.Errorf("allow_privileged_login %v: got %q, want %q", privileged, got, want)
		}
	}
}

func TestExamineChecksRowSecurity(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `CREATE ROLE tenant_a; CREATE ROLE shop LOGIN PASSWORD 'reads' IN ROLE tenant_a;
		CREATE TABLE orders (id int); ALTER TABLE orders ENABLE ROW LEVEL SECURITY; GRANT SELECT ON orders TO tenant_a`)
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads"
	url := serve(t, 404, time.Now)
	for name, c := range map[string]struct {
		change string
		mode   rowsecurity.Mode
		roles  []string
		dbType string
		want   doctor.Status
	}{
		"off":          {"SELECT 1", rowsecurity.None, nil, "postgres", ""},
		"limited":      {"SELECT 1", rowsecurity.Role, []string{"tenant_a"}, "postgres", doctor.OK},
		"other role":   {"SELECT 1", rowsecurity.Claims, nil, "postgres", doctor.Warning},
		"missing role": {"SELECT 1", rowsecurity.Role, []string{"tenant_a", "tenant_b"}, "postgres", doctor.Failed},
		"bypass":       {"ALTER ROLE shop BYPASSRLS", rowsecurity.Claims, nil, "postgres", doctor.Failed},
		"unsupported":  {"SELECT 1", rowsecurity.Claims, nil, "redshift", doctor.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			server.Query(t, c.change)
			defer server.Query(t, "ALTER ROLE shop NOBYPASSRLS")
			target := newTarget(connection.Connection{DBType: "postgres", DBCreds: creds, BaseURL: url})
			if c.dbType != "postgres" {
				target.Drivers = database.Drivers{c.dbType: target.Drivers["postgres"]}
				target.Credentials = func(context.Context) (connection.Connection, error) {
					return connection.Connection{DBType: c.dbType, DBCreds: creds, BaseURL: url}, nil
				}
			}
			target.RowSecurity, target.Roles = c.mode, c.roles
			if got := statuses(t, target)["row security"]; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
