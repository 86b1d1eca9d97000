package database

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
)

// testTLS tries what db_creds say of TLS. The server's certificate is for
// localhost and 127.0.0.1, signed by the authority in the file; open resolves
// every host name to it. Whether a connection is secret, sql tells.
func testTLS(t *testing.T, authority string, open func(*testing.T, connection.Creds, string) Database, sql, secret, plain string) {
	certificate, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	empty, withOwn, withRDS := t.TempDir(), t.TempDir(), t.TempDir()
	for _, file := range []string{filepath.Join(withOwn, "ca.pem"), filepath.Join(withRDS, rdsAuthorities)} {
		if err := os.WriteFile(file, certificate, 0o600); err != nil {
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
		{"loopback by default", "", nil, empty, plain},
		{"elsewhere by default, unknown authority", "localhost.example", nil, empty, refused},
		{"elsewhere by default, another name", "localhost.example", nil, withRDS, refused},
		{"disable", "localhost.example", connection.Creds{"sslmode": "disable"}, empty, plain},
		{"require", "localhost.example", connection.Creds{"sslmode": "require"}, empty, secret},
		{"require with an authority", "localhost.example", connection.Creds{"sslmode": "require", "sslrootcert": "ca.pem"}, withOwn, secret},
		{"verify-ca", "localhost.example", connection.Creds{"sslmode": "verify-ca", "sslrootcert": "ca.pem"}, withOwn, secret},
		{"verify-ca, Amazon's", "localhost.example", connection.Creds{"sslmode": "verify-ca"}, withRDS, secret},
		{"verify-ca, unknown authority", "", connection.Creds{"sslmode": "verify-ca"}, empty, refused},
		{"verify-full", "", connection.Creds{"sslmode": "verify-full", "sslrootcert": "ca.pem"}, withOwn, secret},
		{"verify-full, Amazon's", "", connection.Creds{"sslmode": "verify-full"}, withRDS, secret},
		{"verify-full, another name", "localhost.example", connection.Creds{"sslmode": "verify-full", "sslrootcert": "ca.pem"}, withOwn, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			creds := connection.Creds{}
			maps.Copy(creds, c.creds)
			if c.host != "" {
				creds["host"] = c.host
			}
			db := open(t, creds, c.directory)
			// Twice, for the connection's check before the second.
			for range 2 {
				result, err := db.Query(t.Context(), sql, unlimited)
				if _, ok := errors.AsType[*ConnectionError](err); ok && c.want == refused {
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
