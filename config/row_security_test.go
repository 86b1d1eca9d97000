package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRowSecurityIsCheckedWithTheDatabase(t *testing.T) {
	const jwt = `"api_auth": "jwt", "jwt_issuer": "https://id.example.com", "jwt_audience": "defog"`
	for text, want := range map[string]string{
		`{"row_security": "claims"}`: "",
		`{"row_security": "claims", "row_security_claims": "tenant,https://example.com/org", ` + jwt + `}`: "",
		`{"row_security": "role", "row_security_roles": "tenant_a,tenant_b"}`:                              "",
		`{"row_security": "role", "row_security_roles": "a", "row_security_role_claim": "db_role"}`:        "",
		`{"row_security": "roles"}`:                                                                               `row_security (-c): "roles" is unknown (did you mean role?); want none, claims, role`,
		`{"row_security": "role"}`:                                                                                "row_security_roles (default): missing; want the database roles that callers may have, which row_security=role requires",
		`{"row_security": "role", "row_security_roles": "a; DROP"}`:                                               `row_security_roles (-c): "a; DROP" is invalid; want a list of a role of 1 to 63 letters, digits and _-.`,
		`{"row_security_claims": "tenant"}`:                                                                       "row_security_claims (-c): not used with row_security=none (default); want row_security=claims or role",
		`{"row_security": "claims", "row_security_roles": "a"}`:                                                   "row_security_roles (-c): not used with row_security=claims (-c); want row_security=role",
		`{"row_security": "claims", "row_security_role_claim": "a"}`:                                              "row_security_role_claim (-c): not used with row_security=claims (-c); want row_security=role",
		`{"row_security": "claims", "api_auth": "none"}`:                                                          "row_security (-c): claims requires a caller, and api_auth=none (-c) has none; want api_auth=iam or jwt",
		`{"row_security": "claims", "allow_privileged_login": true}`:                                              "allow_privileged_login (-c): contradicts row_security=claims, because a privileged user passes row security; want one of them",
		`{"row_security": "claims", "credentials_secret": "prod/defog", "db_type": "sqlite"}`:                     "row_security (-c): claims is not supported for db_type sqlite: SQLite has neither users nor row-level policies; want db_type postgres or sqlserver",
		`{"row_security": "role", "row_security_roles": "a", "credentials_secret": "x", "db_type": "databricks"}`: "row_security (-c): role is not supported for db_type databricks: Databricks has no SET ROLE; want db_type postgres or mysql",
	} {
		file := filepath.Join(t.TempDir(), "connection.json")
		connection := `{"api_key": "k-1234567890", "db_type": "postgres", "db_creds": {"host": "db.example.com", "port": 5432, "database": "d", "user": "reader", "password": "p-1234567890"}}`
		if err := os.WriteFile(file, []byte(connection), 0o600); err != nil {
			t.Fatal(err)
		}
		context := parse(t, text)
		context["connection_file"] = file
		_, err := Load(context)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
