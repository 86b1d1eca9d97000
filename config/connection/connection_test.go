package connection

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const valid = `{
  "api_key": "key-1",
  "db_type": "postgres",
  "db_creds": {"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "pässword"},
  "base_url": "https://defog.example/"
}`

func TestReadKeepsEveryValue(t *testing.T) {
	conn, err := Read(write(t, valid))
	if err != nil {
		t.Fatal(err)
	}
	if conn.APIKey != "key-1" || conn.DBType != "postgres" || conn.BaseURL != "https://defog.example" {
		t.Errorf("got %+v", conn)
	}
	want := map[string]string{"host": "db", "port": "5432", "database": "shop", "user": "reader", "password": "pässword", "sslmode": ""}
	for key, text := range want {
		if got := conn.DBCreds.Text(key); got != text {
			t.Errorf("Text(%q) = %q, want %q", key, got, text)
		}
	}
}

func TestDecodeInvertsEncode(t *testing.T) {
	for _, text := range []string{
		valid,
		`{"db_type": "mysql", "db_creds": {}}`,
		`{"db_type": "mysql", "db_creds": {"host": "h", "database": "d", "user": "u", "password": "p", "port": 3307, "sslmode": "require", "sslrootcert": "ca.pem"}}`,
		`{"db_type": "snowflake", "db_creds": {"account": "a", "warehouse": "w", "user": "u", "private_key": "k", "role": "r"}}`,
		`{"db_type": "sqlserver", "db_creds": {"server": "h\\inst", "user": "u", "password": "p", "sslmode": "require", "sslrootcert": "ca.pem"}}`,
		`{"db_type": "redshift", "db_creds": {"host": "h", "port": 5439, "database": "d", "user": "u", "password": "p", "schema": "sales"}}`,
		`{"db_type": "postgres", "db_creds": {"host": "h", "port": "5432", "database": "d", "user": "u", "password": "p"}, "generate_query_url": "http://127.0.0.1:1/x"}`,
	} {
		conn, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := conn.Encode()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(conn, decoded); diff != "" {
			t.Errorf("%s: -read +decoded:\n%s", text, diff)
		}
	}
}

func TestReadReturnsAllProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // every problem, in order
	}{
		{"empty", ``, []string{"empty; want JSON"}},
		{"null", `null`, []string{"null; want an object with api_key, db_type and db_creds"}},
		{"list", `[]`, []string{"a JSON array; want a JSON object"}},
		{"syntax", "{\n  \"db_type\": postgres}", []string{"line 2, column 14: invalid JSON: unexpected character looking for beginning of value"}},
		{"cut", "{\n  \"db_type\":", []string{"line 2, column 13: invalid JSON: the text ends inside the value"}},
		{"more", `{"db_type":"sqlite","db_creds":{}} {}`, []string{"line 1, column 36: text after the JSON value; want one value"}},
		{"all missing", `{}`, []string{
			"db_type: missing; want one of bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver",
			"db_creds: missing; want an object with the database's credentials, or {} to generate SQL without running it",
		}},
		{"unknown db_type", `{"db_type": "postgress", "db_creds": {}}`, []string{
			`db_type: "postgress" is unknown (did you mean postgres?); want one of bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver`,
		}},
		{"several", `{"api_key": 5, "db_type": "postgres", "db_kreds": 1, "db_creds": {"host": "h", "port": 99999, "pasword": "s3cret", "user": ["s3cret"], "database": ""}}`, []string{
			"api_key: a number; want text",
			"db_creds.user: a list; want text or a number",
			"db_creds.database: missing; want host, port, database, user, password for postgres",
			"db_creds.password: missing; want host, port, database, user, password for postgres",
			"db_creds.port: not a port; want 1 to 65535",
			"db_creds.pasword: unknown key (did you mean password?); want host, port, database, user, password, sslmode, sslrootcert, auth",
			"db_kreds: unknown key (did you mean db_creds?); want api_key, db_type, db_creds, base_url, generate_query_url",
		}},
		{"URLs", `{"db_type": "sqlite", "db_creds": {}, "base_url": "defog.example", "generate_query_url": "https://u:s3cret@defog.example"}`, []string{
			"base_url: not a URL; want https://host or http://host, with an optional path",
			"generate_query_url: contains a user or password; want a URL without them: the SQL generator gets api_key",
		}},
		{"sslmode", `{"db_type": "postgres", "db_creds": {"host": "h", "port": 1, "database": "d", "user": "u", "password": "p", "sslmode": "prefer"}}`, []string{
			`db_creds.sslmode: "prefer" is unknown; want one of disable, require, verify-ca, verify-full`,
		}},
		{"auth", `{"db_type": "postgres", "db_creds": {"host": "h", "port": 1, "database": "d", "user": "u", "auth": "ldap"}}`, []string{
			`db_creds.auth: "ldap" is unknown; want iam, or no auth for a password`,
		}},
		{"auth without a user", `{"db_type": "mysql", "db_creds": {"host": "h", "database": "d", "auth": "iam", "password": "s3cret"}}`, []string{
			"db_creds.password: not used with auth iam; want one of them",
			"db_creds.user: missing; want host, database, user for mysql",
		}},
		{"auth in the clear", `{"db_type": "mysql", "db_creds": {"host": "h", "database": "d", "user": "u", "auth": "iam", "sslmode": "disable"}}`, []string{
			"db_creds.sslmode: disable is not allowed with auth iam, whose token requires TLS; want no sslmode",
		}},
		{"auth where there is none", `{"db_type": "sqlite", "db_creds": {"database": "d", "auth": "iam"}}`, []string{
			"db_creds.auth: unknown key; want database",
		}},
		{"creds list", `{"db_type": "sqlite", "db_creds": []}`, []string{"db_creds: a list; want an object"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.text)
			_, err := Read(path)
			if err == nil {
				t.Fatal("no error")
			}
			want := make([]string, len(test.want))
			for i, problem := range test.want {
				want[i] = path + ": " + problem
			}
			if diff := cmp.Diff(strings.Join(want, "\n"), err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Error("the error contains a secret")
			}
		})
	}
}

func TestReadExplainsUnreadableFiles(t *testing.T) {
	directory := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(directory, "none.json"): "not found; want a connection file",
		directory:                             "is a directory",
	} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Read(%s) = %v, want the path and %q", path, err, want)
		}
	}
}

func TestDecodeRefusesInvalidBase64(t *testing.T) {
	_, err := Decode("s3cret!")
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte(`{"db_type": "sqlite", "db_creds": {"database": "x"}}`))
	f.Add([]byte("{\n\"db_creds\": {\"port\": 1e3}}"))
	f.Add([]byte(`{"db_type": "sqlite", "db_creds": {}, "base_url": "http://0//"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		conn, err := Parse(data)
		if err != nil {
			return
		}
		if _, known := forms[conn.DBType]; !known {
			t.Errorf("accepted db_type %q", conn.DBType)
		}
		encoded, err := conn.Encode()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := Decode(encoded)
		if err != nil {
			t.Fatalf("Parse accepts it, Decode does not: %v", err)
		}
		if diff := cmp.Diff(conn, decoded); diff != "" {
			t.Error(diff)
		}
	})
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretsContainAllButPublicKeys(t *testing.T) {
	conn, err := Parse([]byte(`{"api_key": "k", "db_type": "postgres", "db_creds": {"host": "h", "port": 1, "database": "d", "user": "u", "password": 12345678901}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"api_key": "k", "db_creds.password": "12345678901"}, conn.Secrets()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, key := range []string{"password", "access_token", "json_key_path", "private_key", "something new"} {
		if slices.Contains(publicKeys, key) {
			t.Errorf("%s is public", key)
		}
	}
}
