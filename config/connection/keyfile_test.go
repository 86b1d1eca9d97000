package connection

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const serviceAccount = `{"type": "service_account", "project_id": "shop", "private_key_id": "k1", "private_key": "-----BEGIN PRIVATE KEY-----\ns3cret\n",
	"client_email": "reader@shop.iam.gserviceaccount.com", "client_id": "1", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
	"token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "googleapis.com"}`

// bigquery writes a connection file with these db_creds beside the key file.
func bigquery(t *testing.T, creds, key string) string {
	t.Helper()
	path := write(t, `{"api_key": "k", "db_type": "bigquery", "db_creds": `+creds+`}`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "key.json"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadReplacesKeyFileByItsCredentials(t *testing.T) {
	login := Creds{
		"project_id": "shop", "private_key_id": "k1", "private_key": "-----BEGIN PRIVATE KEY-----\ns3cret\n",
		"client_email": "reader@shop.iam.gserviceaccount.com",
	}
	for creds, more := range map[string]Creds{
		`{"json_key_path": "key.json"}`:                                         nil,
		`{"json_key_path": "key.json", "dataset": "sales"}`:                     {"dataset": "sales"},
		`{"json_key_path": "key.json", "project_id": "another"}`:                {"project_id": "another"},
		`{"json_key_path": "./key.json", "token_uri": "https://t.example.com"}`: {"token_uri": "https://t.example.com"},
	} {
		conn, err := Read(bigquery(t, creds, serviceAccount))
		if err != nil {
			t.Fatal(err)
		}
		want := Creds{}
		for _, values := range []Creds{login, more} {
			for key, value := range values {
				want[key] = value
			}
		}
		if diff := cmp.Diff(want, conn.DBCreds); diff != "" {
			t.Errorf("%s: -want +got:\n%s", creds, diff)
		}
		text, err := conn.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if decoded, err := Decode(text); err != nil || cmp.Diff(conn, decoded) != "" {
			t.Errorf("%s: decoded %v, %v", creds, decoded, err)
		}
	}
}

// A secret holds the key file's content.
func TestParseAcceptsKeyFileContent(t *testing.T) {
	conn, err := Parse([]byte(`{"db_type": "bigquery", "db_creds": ` + serviceAccount + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if conn.DBCreds.Text("private_key") != "-----BEGIN PRIVATE KEY-----\ns3cret\n" {
		t.Errorf("got %v", conn.DBCreds)
	}
}

func TestReadRefusesInvalidKeyFiles(t *testing.T) {
	for _, c := range []struct{ creds, key, want string }{
		{`{"json_key_path": "none.json"}`, serviceAccount, "none.json: not found"},
		{`{"json_key_path": "key.json"}`, `{"private_key": "s3cret"`, "key.json: not a service account's key"},
		{`{"json_key_path": "key.json"}`, `["s3cret"]`, "key.json: not a service account's key"},
		{`{"json_key_path": "key.json"}`, `{"type": "authorized_user"}`, `type: "authorized_user" is not supported; want service_account`},
		{`{"json_key_path": "key.json"}`, `{"type": "service_account", "project_id": "p", "client_email": "e"}`, "private_key: missing"},
		{`{"json_key_path": "key.json", "private_key": "s3cret"}`, serviceAccount, "db_creds.private_key: contradicts json_key_path"},
		{`{"dataset": "sales"}`, "", "db_creds.json_key_path: missing; want json_key_path"},
		{`{"client_email": "e", "private_key": "s3cret"}`, "", "db_creds.project_id: missing; want project_id, client_email, private_key"},
		{`{"json_key_path": "key.json", "max_bytes_billed": "10 GB"}`, serviceAccount, "db_creds.max_bytes_billed: not a limit"},
		{`{"json_key_path": "key.json", "max_bytes_billed": 0}`, serviceAccount, "db_creds.max_bytes_billed: not a limit"},
		{`{"json_key_path": "key.json", "endpoint": "http://bigquery.example.com"}`, serviceAccount, "db_creds.endpoint: not a safe URL"},
		{`{"json_key_path": "key.json", "token_uri": "http://10.0.0.1/token"}`, serviceAccount, "db_creds.token_uri: not a safe URL"},
		{`{"json_key_path": "key.json", "datset": "sales"}`, serviceAccount, "db_creds.datset: unknown key (did you mean dataset?)"},
	} {
		_, err := Read(bigquery(t, c.creds, c.key))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %q", c.creds, err, c.want)
		}
	}
}

// A migrated connection may name a key file of another machine.
func TestCreateDoesNotReadKeyFile(t *testing.T) {
	conn := Connection{DBType: "bigquery", DBCreds: Creds{"json_key_path": "/somewhere/key.json"}}
	path := filepath.Join(t.TempDir(), "connection.json")
	for _, want := range []bool{true, false} {
		if created, err := conn.Create(path); err != nil || created != want {
			t.Errorf("got %v, %v, want %v", created, err, want)
		}
	}
}
