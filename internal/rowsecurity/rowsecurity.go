// Package rowsecurity holds what synth and the function share about row security: how
// a database limits rows to those of a question's caller.
package rowsecurity

import "strings"

// Mode is how a statement's transaction gets the caller.
type Mode string

// The modes, which are the values of the setting row_security.
const (
	None   Mode = "none"
	Claims Mode = "claims" // as a setting of the transaction that policies read
	Role   Mode = "role"   // as the role that the statement runs with
)

// DefaultRoleClaim is the claim with the caller's role, by PostgREST's convention.
const DefaultRoleClaim = "role"

// Separator separates names in an environment variable. No role and no claim that the
// settings accept holds it.
const Separator = ","

// Enabled reports whether the mode limits rows.
func (m Mode) Enabled() bool { return m == Claims || m == Role }

// supported are the databases of each mode.
var supported = map[Mode][]string{
	Claims: {"postgres", "sqlserver"},
	Role:   {"postgres", "mysql"},
}

// reasons are why a database lacks a mode, by db_type.
var reasons = map[Mode]map[string]string{
	Claims: {
		"redshift":   "Redshift documents no setting of a transaction with the name request.jwt.claims",
		"snowflake":  "a statement of the session can change a session variable",
		"mysql":      "MySQL and MariaDB have no row-level policies, and a statement can change a user variable",
		"bigquery":   "BigQuery's row access policies read the login alone",
		"databricks": "Databricks' row filters read the login alone",
		"sqlite":     "SQLite has neither users nor row-level policies",
	},
	Role: {
		"redshift":   "Redshift has no SET ROLE for a transaction",
		"snowflake":  "a role of the session outlives the transaction, and secondary roles add rights",
		"sqlserver":  "SQL Server's EXECUTE AS can be reverted in the same session",
		"bigquery":   "BigQuery has no roles in SQL",
		"databricks": "Databricks has no SET ROLE",
		"sqlite":     "SQLite has no roles",
	},
}

// Unsupported returns why a database does not support the mode, and "" if it does.
func (m Mode) Unsupported(dbType string) string {
	if !m.Enabled() {
		return ""
	}
	for _, name := range supported[m] {
		if name == dbType {
			return ""
		}
	}
	return string(m) + " is not supported for db_type " + dbType + ": " + reasons[m][dbType] +
		"; want db_type " + strings.Join(supported[m], " or ")
}
