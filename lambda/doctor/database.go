package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// examineLogin runs the smallest query.
func examineLogin(ctx context.Context, db database.Database, conn connection.Connection) (findings []Finding, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	_, err := db.Query(ctx, "SELECT 1", database.Limits{Rows: 1})
	failed, isConnection := errors.AsType[*database.ConnectionError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return []Finding{{"tls", Failed, "the server's certificate is not to be trusted: " + failed.Message,
			"Put its authority's certificate among the dependencies and name the file in db_creds.sslrootcert; " +
				"the host must be the name in the certificate."}}, false
	case isConnection && failed.LoginRefused:
		return []Finding{examineTLS(conn), {"login", Failed, failed.Message,
			"Correct the user and the password in the credentials, and the database's list of who may come from where."}}, false
	case err != nil:
		return []Finding{{"login", Failed, err.Error(), "Correct db_creds, and see the database's own log."}}, false
	}
	login := Finding{"login", OK, "the database answers queries", ""}
	if user := cmp.Or(conn.DBCreds.Text("user"), conn.DBCreds.Text("client_email")); user != "" {
		login.Detail += " of " + user
	}
	return []Finding{examineTLS(conn), login}, true
}

// examineTLS says how a connection that works is secured.
func examineTLS(conn connection.Connection) Finding {
	host, _, remote := endpoint(conn)
	ip := net.ParseIP(host)
	mode := conn.DBCreds.Text("sslmode")
	here := !remote || host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case here && (mode == "" || mode == "disable"):
		return Finding{"tls", Skipped, "the database is on this machine", ""}
	case mode == "disable":
		return Finding{"tls", Warning, "sslmode is disable: whoever is on the way reads along", "Leave sslmode out of db_creds, which verifies the server."}
	case mode == "require" && conn.DBCreds.Text("sslrootcert") == "":
		return Finding{"tls", Warning, "sslmode is require: the server may be anybody", "Leave sslmode out of db_creds, which verifies the server."}
	}
	return Finding{"tls", OK, "the server's certificate is verified", ""}
}

// examineRights has the database prove that queries cannot write, and says what
// its user could do beside them.
func examineRights(ctx context.Context, db database.Database) []Finding {
	prover, ok := db.(database.Prover)
	if !ok {
		return []Finding{{"read-only", Skipped, "this database has no proof", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	rights, err := prover.Prove(ctx)
	if err != nil {
		return []Finding{{"read-only", Failed, err.Error(), "Give the function a user that may only read; it serves nobody until then."}}
	}
	findings := []Finding{{"read-only", OK, "a write that ran as queries do left nothing behind", ""}}
	if len(rights.Writes) > 0 {
		return append(findings, Finding{"rights", Warning,
			fmt.Sprintf("the database's user may write by other means: %s", strings.Join(rights.Writes, ", ")),
			"These statements make one that may only read: " + strings.Join(rights.Grants, "; ")})
	}
	return append(findings, Finding{"rights", OK, "the database's user may only read", ""})
}
