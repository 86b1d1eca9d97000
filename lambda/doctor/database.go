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

// examineLogin runs SELECT 1 and classifies the error.
func examineLogin(ctx context.Context, db database.Database, conn connection.Connection) (findings []Finding, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	_, err := db.Query(ctx, "SELECT 1", database.Limits{Rows: 1})
	failed, isConnection := errors.AsType[*database.ConnectionError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return []Finding{{"tls", Failed, "the server's certificate is not trusted: " + failed.Message,
			"Add its authority's certificate to the dependencies and name the file in db_creds.sslrootcert. " +
				"The host must be a name in the certificate."}}, false
	case isConnection && failed.LoginRefused:
		return []Finding{examineTLS(conn), {"login", Failed, failed.Message,
			"Correct the user and the password in the credentials, and the database's access rules (such as pg_hba.conf)."}}, false
	case err != nil && conn.DBType == "sqlite":
		return []Finding{{"login", Failed, conn.DBCreds.Text("database") + ": " + err.Error(),
			"Copy a SQLite file into the dependencies folder, and name it in db_creds.database."}}, false
	case err != nil:
		return []Finding{{"login", Failed, err.Error(), "Correct db_creds; the database's log has details."}}, false
	}
	login := Finding{"login", OK, "the database answers queries", ""}
	if user := cmp.Or(conn.DBCreds.Text("user"), conn.DBCreds.Text("client_email")); user != "" {
		login.Detail += " of user " + user
	}
	return []Finding{examineTLS(conn), login}, true
}

// examineTLS returns the TLS verification of a working connection.
func examineTLS(conn connection.Connection) Finding {
	host, _, remote := endpoint(conn)
	ip := net.ParseIP(host)
	mode := conn.DBCreds.Text("sslmode")
	local := !remote || host == "localhost" || ip != nil && ip.IsLoopback()
	const advice = "Remove sslmode from db_creds; the default verifies the server."
	switch {
	case local && (mode == "" || mode == "disable"):
		return Finding{"tls", Skipped, "the database is on the same machine", ""}
	case mode == "disable":
		return Finding{"tls", Warning, "sslmode is disable: the connection is not encrypted", advice}
	case mode == "require" && conn.DBCreds.Text("sslrootcert") == "":
		return Finding{"tls", Warning, "sslmode is require: the server's certificate is not verified", advice}
	}
	return Finding{"tls", OK, "the server's certificate is verified", ""}
}

// examineRights runs the read-only check and lists the user's write privileges.
func examineRights(ctx context.Context, db database.Database, privilegedLogin bool) []Finding {
	checker, ok := db.(database.ReadOnlyChecker)
	if !ok {
		return []Finding{{"read-only", Skipped, "this database type has no read-only check", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	privileges, err := checker.CheckReadOnly(ctx)
	if err != nil {
		return []Finding{{"read-only", Failed, err.Error(), "Use a database user that can only read; the function answers no question until then."}}
	}
	findings := []Finding{{"read-only", OK, "a test write through the query path changed nothing", ""}}
	if len(privileges.Unsafe) > 0 {
		detail := "the database user has privileges beyond reading tables: " + strings.Join(privileges.Unsafe, ", ")
		advice := "These statements create a user that can only read: " + strings.Join(privileges.Grants, "; ")
		if privileges.Accept(privilegedLogin) != nil {
			return append(findings, Finding{"login rights", Failed, detail,
				advice + ". The function answers no question until then, unless allow_privileged_login is true."})
		}
		findings = append(findings, Finding{"login rights", Warning, detail, advice})
	}
	if len(privileges.Writes) > 0 {
		return append(findings, Finding{"rights", Warning,
			fmt.Sprintf("the database user has write privileges: %s", strings.Join(privileges.Writes, ", ")),
			"These statements create a user that can only read: " + strings.Join(privileges.Grants, "; ")})
	}
	return append(findings, Finding{"rights", OK, "the database user can only read", ""})
}
