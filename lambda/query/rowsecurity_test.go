package main

import (
	"fmt"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/postgres"
)

// TestRowSecurityLimitsRowsToCaller asks one warm function for two tenants, and for
// callers that may not ask.
func TestRowSecurityLimitsRowsToCaller(t *testing.T) {
	service, url := newGenerator(t)
	const question = "Which orders are there?"
	service.Teach(question, "SELECT string_agg(note, ',') AS notes, current_user AS who FROM orders")
	server := postgres.Start(t)
	server.Query(t, `
		CREATE ROLE tenant_a; CREATE ROLE tenant_b; CREATE ROLE shop LOGIN PASSWORD 'reads-only' NOINHERIT IN ROLE tenant_a, tenant_b;
		CREATE TABLE orders (tenant text, note text); INSERT INTO orders VALUES ('a', 'note of a'), ('b', 'note of b');
		GRANT SELECT ON orders TO tenant_a, tenant_b; ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
		CREATE POLICY mine ON orders USING ('tenant_' || tenant = current_user AND tenant = current_setting('request.jwt.claims')::json ->> 'tenant')`)
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads-only"
	credentials, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: creds, BaseURL: url}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{
		environ.Credentials: credentials, environ.RowSecurity: "role", environ.RowSecurityRoles: "tenant_a,tenant_b",
		environ.RowSecurityClaims: "tenant", environ.LogCallers: "true",
	}
	f := start(t, environment)
	token := func(claims string) string {
		return `{"requestContext":{"http":{"method":"POST"},"authorizer":{"jwt":{"claims":` + claims + `}}},"body":"{\"question\":\"` + question + `\"}"}`
	}
	for range 3 {
		for _, tenant := range []string{"a", "b"} {
			claims := fmt.Sprintf(`{"sub":"user of %s","tenant":"%[1]s","role":"tenant_%[1]s"}`, tenant)
			want := fmt.Sprintf(`"data":[["note of %s","tenant_%[1]s"]]`, tenant)
			for _, payload := range []string{token(claims), `{"question":"` + question + `","caller":` + claims + `}`} {
				if got := strings.ReplaceAll(f.invoke(t, payload), `\"`, `"`); !strings.Contains(got, want) {
					t.Errorf("%s: got %s", payload, got)
				}
			}
		}
		for _, claims := range []string{
			`{}`, `{"sub":"x","tenant":"a"}`, `{"sub":"x","role":"tenant_a"}`, `{"sub":"x","tenant":"a","role":"postgres"}`, `{"sub":"x","tenant":"a","role":"shop"}`,
		} {
			if got := f.invoke(t, token(claims)); !strings.Contains(got, `"statusCode":403`) || !strings.Contains(got, "caller_denied") {
				t.Errorf("%s: got %s", claims, got)
			}
		}
	}
	if got := f.invoke(t, `{"question":"`+question+`"}`); !strings.Contains(got, "caller_denied") {
		t.Errorf("no caller: got %s", got)
	}
	if log := f.stop(); strings.Count(log, `"caller":"user of a"`) != 6 || strings.Count(log, `"outcome":"caller_denied"`) != 16 {
		t.Errorf("the log is\n%s", log)
	}

	server.Query(t, "ALTER ROLE tenant_b BYPASSRLS")
	unsafe := start(t, environment)
	got := unsafe.invoke(t, token(`{"sub":"x","tenant":"a","role":"tenant_a"}`))
	if log := unsafe.stop(); !strings.Contains(got, "not_ready") || !strings.Contains(log, "row security does not limit the database user: tenant_b has BYPASSRLS") {
		t.Errorf("got %s\n%s", got, log)
	}
}
