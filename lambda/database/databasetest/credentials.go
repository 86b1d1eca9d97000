package databasetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// RunToken logs in with tokens: creds are valid db_creds whose password serves
// as the token.
func RunToken(t *testing.T, creds connection.Creds, opener database.Opener) {
	endpoint := fmt.Sprintf("%v:%v", creds["host"], creds["port"])
	user, password := creds.Text("user"), creds.Text("password")
	delete(creds, "password")
	creds["auth"] = connection.IAM

	if _, err := opener(creds, database.Options{}); err == nil || !strings.Contains(err.Error(), "requires AWS credentials") {
		t.Errorf("without a token source: got %v", err)
	}
	tokens := 0
	token, tokenErr := password, error(nil)
	db, err := opener(creds, database.Options{Token: func(_ context.Context, gotEndpoint, gotUser string) (string, error) {
		tokens++
		if gotEndpoint != endpoint || gotUser != user {
			t.Errorf("got a token for %s at %s, want %s at %s", gotUser, gotEndpoint, user, endpoint)
		}
		return token, tokenErr
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 {
		MustQuery(t, db, "SELECT 1", Unlimited())
	}
	if tokens != 1 {
		t.Errorf("%d tokens for one connection", tokens)
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	token = "another"
	_, err = db.Query(t.Context(), "SELECT 1", Unlimited())
	if failed, ok := errors.AsType[*database.ConnectionError](err); !ok || !failed.LoginRefused {
		t.Errorf("invalid token: got %v", err)
	}
	token, tokenErr = "", errors.New("no credentials")
	_, err = db.Query(t.Context(), "SELECT 1", Unlimited())
	if _, ok := errors.AsType[*database.ConnectionError](err); !ok || strings.Contains(err.Error(), "credentials") {
		t.Errorf("no token: got %v", err)
	}
}

// TLSServer is a server whose certificate is for localhost and 127.0.0.1.
type TLSServer struct {
	Authority string // file with the authority that has signed the certificate

	// Open opens a database with changes to valid db_creds. It resolves every
	// host name to the server.
	Open func(t *testing.T, changes connection.Creds, directory string) database.Database

	SQL           string // reports whether the connection is encrypted
	Secure, Plain string // JSON of its rows for a connection with TLS and without
}

// RunTLS connects with each sslmode.
func RunTLS(t *testing.T, server TLSServer) {
	certificate, err := os.ReadFile(server.Authority)
	if err != nil {
		t.Fatal(err)
	}
	empty, withCA, withRDS := t.TempDir(), t.TempDir(), t.TempDir()
	for _, file := range []string{filepath.Join(withCA, "ca.pem"), filepath.Join(withRDS, database.AuthoritiesFile)} {
		if err := os.WriteFile(file, certificate, 0o600); err != nil { //nolint:gosec // a folder of the test
			t.Fatal(err)
		}
	}
	const refused = ""
	for _, c := range []struct {
		name      string
		host      string // another name for the server
		creds     connection.Creds
		directory string
		want      string
	}{
		{"loopback by default", "", nil, empty, server.Plain},
		{"elsewhere by default, unknown authority", "localhost.example", nil, empty, refused},
		{"elsewhere by default, another name", "localhost.example", nil, withRDS, refused},
		{"disable", "localhost.example", connection.Creds{"sslmode": "disable"}, empty, server.Plain},
		{"require", "localhost.example", connection.Creds{"sslmode": "require"}, empty, server.Secure},
		{"require with an authority", "localhost.example", connection.Creds{"sslmode": "require", "sslrootcert": "ca.pem"}, withCA, server.Secure},
		{"verify-ca", "localhost.example", connection.Creds{"sslmode": "verify-ca", "sslrootcert": "ca.pem"}, withCA, server.Secure},
		{"verify-ca, Amazon's", "localhost.example", connection.Creds{"sslmode": "verify-ca"}, withRDS, server.Secure},
		{"verify-ca, unknown authority", "", connection.Creds{"sslmode": "verify-ca"}, empty, refused},
		{"verify-full", "", connection.Creds{"sslmode": "verify-full", "sslrootcert": "ca.pem"}, withCA, server.Secure},
		{"verify-full, Amazon's", "", connection.Creds{"sslmode": "verify-full"}, withRDS, server.Secure},
		{"verify-full, another name", "localhost.example", connection.Creds{"sslmode": "verify-full", "sslrootcert": "ca.pem"}, withCA, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			creds := connection.Creds{}
			maps.Copy(creds, c.creds)
			if c.host != "" {
				creds["host"] = c.host
			}
			db := server.Open(t, creds, c.directory)
			// The second query follows the check of an idle connection.
			for range 2 {
				result, err := db.Query(t.Context(), server.SQL, Unlimited())
				if _, ok := errors.AsType[*database.ConnectionError](err); ok && c.want == refused {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, string(result.Data)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
