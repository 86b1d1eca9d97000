package guard

import (
	"slices"

	"defog-cdk/lambda/database/guard/lex"
)

// Redshift has PostgreSQL's functions. Its strings may contain escaped quotes, which
// the documentation does not describe.
var Redshift = &Guard{
	scanner: lex.Postgres{AmbiguousBackslash: true},
	reading: []string{"select", "with", "show", "explain"},
	refused: func(function string) bool {
		return refusedByPostgres(function) || slices.Contains(Postgres.sqlCalls, function)
	},
	examined: postgresExamined,
	hidden:   slices.Concat(postgresHidden, redshiftHidden),
	also:     checkPostgres,
	names:    (*statement).checkCatalogue,
}

// redshiftHidden are views of sessions and of what others asked.
// https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html
var redshiftHidden = []string{
	"stl_query", "stl_querytext", "stl_ddltext", "stl_utilitytext", "stl_connection_log", "stl_userlog", "stl_explain", "stl_scan",
	"svl_statementtext", "svl_qlog", "svl_stored_proc_call", "svl_user_info", "svl_udf_log", "stv_inflight", "stv_recents", "stv_sessions",
	"stv_exec_state", "stv_locks", "stv_transactions", "svv_transactions", "sys_query_history", "sys_query_text", "sys_query_detail",
	"sys_connection_log", "sys_session_history", "sys_userlog", "sys_procedure_call", "svv_external_schemas", "pg_user_info",
	"pg_external_schema", "svv_datashare_privileges",
}
