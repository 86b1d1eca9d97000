package connection

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRefusesPlaceholders(t *testing.T) {
	for _, value := range []string{
		"…", "...", "<password>", "<your password>", "‹password›", "your Defog API key", "YOUR_PASSWORD", "your-password-here", "${DB_PASSWORD}",
		"{{password}}", "[your api key]", "REPLACE_ME", "change-me", "placeholder", "insert your key here",
	} {
		text, err := json.Marshal(map[string]any{"api_key": value, "db_type": "mysql", "db_creds": map[string]string{
			"host": value, "database": value, "user": value, "password": value}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(text)
		if err == nil {
			t.Errorf("%q: accepted", value)
			continue
		}
		for _, want := range []string{"api_key: a placeholder; want your API key", "db_creds.host: a placeholder", "db_creds.database: a placeholder", "db_creds.user: a placeholder", "db_creds.password: a placeholder; want the value of your database"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want %s", value, err, want)
			}
		}
	}
	for _, value := range []string{"my_database", "my-secret-pw", "todo", "changeme", "yours", "a<b>c", "$2b$12$x", "p…q", "put-service", "password", "xxx"} {
		if isPlaceholder(value) {
			t.Errorf("%q: refused", value)
		}
	}
}

func TestReadRefusesInvalidAddresses(t *testing.T) {
	const mysql, sqlserver = `{"db_type": "mysql", "db_creds": {"host": %, "database": "d", "user": "u", "password": "p"}}`, `{"db_type": "sqlserver", "db_creds": {"server": %, "user": "u", "password": "p"}}`
	const databricks, snowflake = `{"db_type": "databricks", "db_creds": {"server_hostname": %, "access_token": "t", "http_path": "/sql/1"}}`, `{"db_type": "snowflake", "db_creds": {"account": %, "warehouse": "w", "user": "u", "password": "p"}}`
	for _, test := range []struct{ text, value, want string }{
		{mysql, "db.example.com:3306", "db_creds.host: contains a port; want the host name alone, and the port in port"},
		{mysql, "[::1]:3306", "db_creds.host: contains a port"},
		{mysql, "[::1]", "db_creds.host: contains brackets; want the IP address alone"},
		{mysql, "mysql://u:s3cret@db.example.com/d", "db_creds.host: a URL; want the host name alone"},
		{mysql, "jdbc:mysql://db.example.com", "db_creds.host: a URL"},
		{mysql, "https://db.example.com", "db_creds.host: a URL"},
		{mysql, "u:s3cret@db.example.com", "db_creds.host: contains a user"},
		{mysql, "db.example.com/shop", "db_creds.host: contains a path"},
		{mysql, " db.example.com", "db_creds.host: contains spaces"},
		{mysql, "a.example.com,b.example.com", "db_creds.host: several hosts; want one"},
		{mysql, "db.example.com", ""}, {mysql, "10.0.0.1", ""}, {mysql, "::1", ""}, {mysql, "db_1", ""}, {mysql, "/run/mysqld.sock", ""},
		{sqlserver, "db.example.com:1433", `db_creds.server: contains a port; want host, host,port or host\instance`},
		{sqlserver, "https://db.example.com", "db_creds.server: a URL; want host"},
		{sqlserver, "tcp:db.example.com,1433", ""}, {sqlserver, `db\SQLEXPRESS`, ""}, {sqlserver, "(local)", ""}, {sqlserver, ".", ""}, {sqlserver, "db, 1433", ""},
		{databricks, "https://dbc-1.cloud.databricks.com/sql/1", "db_creds.server_hostname: contains a path; want the host name alone, and the path in http_path"},
		{databricks, "https://dbc-1.cloud.databricks.com", ""}, {databricks, "dbc-1.cloud.databricks.com", ""},
		{snowflake, "https://org-account.snowflakecomputing.com", "db_creds.account: a URL or host name; want the account identifier such as org-account"},
		{snowflake, "org-account.snowflakecomputing.com", "db_creds.account: a URL or host name"},
		{snowflake, "xy12345.eu-west-1", ""}, {snowflake, "org-account", ""},
	} {
		value, err := json.Marshal(test.value)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse([]byte(strings.Replace(test.text, "%", string(value), 1)))
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.value, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %s", test.value, err, test.want)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: the error contains the secret: %v", test.value, err)
		}
	}
}

func TestReadExplainsUsualMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"\uFEFF" + valid:                                 "",
		"\xff\xfe{\x00":                                  "encoded in UTF-16; want UTF-8",
		strings.Replace(valid, `/"`, `/",`, 1):           "a comma before the closing bracket; want no comma after the last entry",
		strings.Replace(valid, `"db_type"`, "// x\n", 1): "a comment; want JSON, which has no comments",
	} {
		path := write(t, text)
		_, err := Read(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestReadWarnsOfReadableFiles(t *testing.T) {
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o644: true, 0o640: true, 0o602: true} {
		path := bigquery(t, `{"json_key_path": "key.json"}`, serviceAccount)
		key := filepath.Join(filepath.Dir(path), "key.json")
		for _, file := range []string{path, key} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		warnings := strings.Join(conn.Warnings, "\n")
		for _, file := range []string{path, key} {
			if got := strings.Contains(warnings, "want chmod 600 "+file); got != want {
				t.Errorf("mode %04o: warnings %q, want one: %v", mode, warnings, want)
			}
		}
		if encoded, err := conn.Encode(); err != nil || strings.Contains(encoded, "chmod") {
			t.Errorf("Encode: %s, %v", encoded, err)
		}
	}
}
