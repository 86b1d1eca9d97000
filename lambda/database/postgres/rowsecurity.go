package postgres

import (
	"context"
	"slices"
	"strings"

	"defog-cdk/lambda/database"
)

// rowSecurityQuery returns kinds and texts of what row security does not limit. ROLES
// stands for a list of literals. A superuser passes row security, and so does a table's
// owner unless it is forced. A view reads with its owner's rights, unless it is one of
// the invoker, and a materialized view holds the rows that its owner read.
const rowSecurityQuery = `
	WITH RECURSIVE who AS (
		SELECT oid, rolname, rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user OR rolname IN (ROLES)),
	secured AS (
		SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relowner, c.relforcerowsecurity
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity AND c.relkind IN ('r', 'p')),
	readable AS (
		SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind, c.relrowsecurity
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg~_%' ESCAPE '~' AND n.nspname <> 'information_schema'
			AND EXISTS (SELECT FROM who WHERE pg_catalog.has_table_privilege(who.oid, c.oid, 'SELECT'))),
	uses AS (
		SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation FROM pg_catalog.pg_rewrite r
		JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
			AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class),
	reaches AS (
		SELECT readable.oid AS top, readable.name, readable.oid AS relation FROM readable WHERE relkind IN ('v', 'm')
		UNION
		SELECT reaches.top, reaches.name, uses.relation FROM reaches JOIN uses ON uses.view = reaches.relation),
	owners AS (
		SELECT reaches.top, reaches.name, v.relkind, o.oid AS owner, o.rolsuper OR o.rolbypassrls AS passes
		FROM reaches JOIN pg_catalog.pg_class v ON v.oid = reaches.relation JOIN pg_catalog.pg_roles o ON o.oid = v.relowner
		WHERE v.relkind = 'm' OR v.relkind = 'v' AND NOT coalesce(v.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'], false))
	SELECT 'passed', rolname || ' is a superuser' FROM who WHERE rolsuper
	UNION ALL
	SELECT 'passed', rolname || ' has BYPASSRLS' FROM who WHERE rolbypassrls AND NOT rolsuper
	UNION ALL
	SELECT * FROM (SELECT 'passed', who.rolname || ' owns the table ' || s.name || ', whose row security is not forced'
		FROM who JOIN secured s ON NOT s.relforcerowsecurity AND pg_catalog.pg_has_role(who.oid, s.relowner, 'USAGE')
		WHERE NOT who.rolsuper ORDER BY 2 LIMIT 10) AS owned
	UNION ALL
	SELECT 'missing', name FROM (VALUES ROWS) AS listed (name)
	WHERE name <> '' AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = name AND pg_catalog.pg_has_role(r.oid, 'MEMBER'))
	UNION ALL
	SELECT 'remark', current_user || ' is a member of ' || r.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
	WHERE m.member = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) AND r.rolname NOT IN (ROLES)
	UNION ALL
	SELECT * FROM (SELECT 'remark', 'every caller can read the table ' || name || ', which has no row security' FROM readable
		WHERE relkind IN ('r', 'p', 'f') AND NOT relrowsecurity ORDER BY 2 LIMIT 10) AS open
	UNION ALL
	SELECT * FROM (SELECT DISTINCT 'remark', 'every caller can read all that the owner of the view ' || o.name || ' can read in it' FROM owners o
		WHERE EXISTS (SELECT FROM reaches JOIN secured s ON s.oid = reaches.relation WHERE reaches.top = o.top
			AND (o.relkind = 'm' OR o.passes OR NOT s.relforcerowsecurity AND pg_catalog.pg_has_role(o.owner, s.relowner, 'USAGE')))
		ORDER BY 2 LIMIT 10) AS views`

// CheckRowSecurity implements database.RowSecurityChecker.
func (d *db) CheckRowSecurity(ctx context.Context, roles []string) (database.RowSecurityReport, error) {
	var report database.RowSecurityReport
	literals := []string{"''"}
	for _, role := range roles {
		literals = append(literals, "'"+strings.ReplaceAll(role, "'", "''")+"'")
	}
	sql := strings.NewReplacer("ROLES", strings.Join(literals, ", "), "VALUES ROWS", "VALUES ("+strings.Join(literals, "), (")+")").Replace(rowSecurityQuery)
	rows, err := database.QueryTexts(ctx, d.query, sql)
	if err != nil {
		return report, err
	}
	for _, row := range rows {
		switch row[0] {
		case "passed":
			report.Passed = append(report.Passed, row[1])
		case "missing":
			report.Missing = append(report.Missing, row[1])
		default:
			report.Remarks = append(report.Remarks, row[1])
		}
	}
	for _, list := range [][]string{report.Passed, report.Missing, report.Remarks} {
		slices.Sort(list)
	}
	return report, nil
}
