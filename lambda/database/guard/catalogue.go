package guard

import (
	"slices"
	"strings"
)

// Catalogue is what a server's catalogue holds of functions and relations.
type Catalogue struct {
	functions map[string][]function
	composed  map[string][]composed // what calls a function under another name
	relations map[string][]relation
	schemas   map[string]bool
	views     map[string]bool // MySQL's, in lower case
	database  string          // where MySQL looks for functions and tables
}

// function is one function, or several of one name that do not differ here.
type function struct {
	schema, name string
	volatility   string // "i", "s" or "v": immutable, stable, volatile
	extension    string // "" for none
	language     string
	source       string // the server's function behind one in the language internal
	trusted      bool   // the language cannot reach out of the database
	user         bool   // not of the server
	visible      bool   // found without its schema
}

// composed is an operator, an aggregate, a cast or a type that calls a function, or a
// type that holds such a one.
type composed struct {
	kind         string // "operator", "aggregate", "type" or "row": the type of a relation's rows
	schema, name string // of the function
}

// relation is a table or view.
type relation struct {
	schema    string
	extension string
	visible   bool
	columns   []string // those that share their name with a function
}

// PostgresCatalogue reads what NewPostgresCatalogue takes. It is cheap: one row
// for each function's name, and one for each relation that matters.
const PostgresCatalogue = `
	WITH RECURSIVE f AS (
		SELECT p.oid, n.nspname AS schema, p.proname AS name, p.provolatile AS volatility, coalesce(e.extname, '') AS extension,
			l.lanname AS language, CASE WHEN l.lanname = 'internal' AND p.oid >= 16384 THEN p.prosrc ELSE '' END AS source,
			l.lanpltrusted AS trusted, p.oid >= 16384 AS of_user, pg_catalog.pg_function_is_visible(p.oid) AS visible
		FROM pg_catalog.pg_proc p
		JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
		LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid),
	t AS (
		SELECT t.oid, f.schema, f.name, f.volatility FROM pg_catalog.pg_type t JOIN f ON f.oid IN (t.typinput, t.typoutput, t.typmodin)
		WHERE t.oid >= 16384 AND t.typtype = 'b'
		UNION
		SELECT c.casttarget, f.schema, f.name, f.volatility FROM pg_catalog.pg_cast c JOIN f ON f.oid = c.castfunc WHERE c.oid >= 16384
		UNION
		SELECT c.contypid, f.schema, f.name, f.volatility FROM pg_catalog.pg_constraint c
		JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = c.oid
			AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
		JOIN f ON f.oid = d.refobjid WHERE c.contypid <> 0
		UNION
		SELECT holder.oid, t.schema, t.name, t.volatility FROM t, LATERAL (
			SELECT oid FROM pg_catalog.pg_type WHERE typbasetype = t.oid OR typelem = t.oid
			UNION ALL SELECT rngtypid FROM pg_catalog.pg_range WHERE rngsubtype = t.oid
			UNION ALL SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
				WHERE a.atttypid = t.oid AND a.attnum > 0 AND c.reltype <> 0) holder
		WHERE t.volatility <> 'i')
	SELECT DISTINCT 'function', schema::text, name::text, volatility::text, extension::text, language::text, source, trusted::text,
		of_user::text, visible::text FROM f
	UNION ALL
	SELECT 'operator', o.oprname, f.schema, f.name, '', '', '', '', '', '' FROM pg_catalog.pg_operator o JOIN f ON f.oid = o.oprcode
	WHERE o.oid >= 16384
	UNION ALL
	SELECT 'aggregate', p.proname, f.schema, f.name, '', '', '', '', '', ''
	FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
	JOIN f ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn) WHERE p.oid >= 16384
	UNION ALL
	SELECT CASE WHEN c.relkind IN ('r', 'v', 'm', 'f', 'p') THEN 'row' ELSE 'type' END, p.typname, t.schema, t.name, '', '', '', '', '', ''
	FROM t JOIN pg_catalog.pg_type p ON p.oid = t.oid LEFT JOIN pg_catalog.pg_class c ON c.oid = p.typrelid
	UNION ALL
	SELECT 'relation', n.nspname, c.relname, coalesce(e.extname, ''), pg_catalog.pg_table_is_visible(c.oid)::text,
		coalesce((SELECT pg_catalog.string_agg(a.attname, chr(1)) FROM pg_catalog.pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attname IN (SELECT name FROM f)), ''), '', '', '', ''
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
	LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
	WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND c.oid >= 16384`

// RedshiftCatalogue does so on Redshift, which has no extensions.
const RedshiftCatalogue = `
	SELECT DISTINCT 'function', n.nspname::text, p.proname::text, p.provolatile::text, ''::text, l.lanname::text, ''::text,
		CASE WHEN l.lanname IN ('sql', 'plpythonu') THEN 'true' ELSE 'false' END,
		CASE WHEN n.nspname IN ('pg_catalog', 'information_schema') THEN 'false' ELSE 'true' END,
		CASE WHEN pg_catalog.pg_function_is_visible(p.oid) THEN 'true' ELSE 'false' END
	FROM pg_catalog.pg_proc p, pg_catalog.pg_namespace n, pg_catalog.pg_language l
	WHERE n.oid = p.pronamespace AND l.oid = p.prolang`

// NewPostgresCatalogue reads the rows of PostgresCatalogue or RedshiftCatalogue.
func NewPostgresCatalogue(rows [][]string) *Catalogue {
	c := newCatalogue()
	for _, row := range rows {
		switch row[0] {
		case "function":
			c.functions[row[2]] = append(c.functions[row[2]], function{
				schema: row[1], name: row[2], volatility: row[3], extension: row[4], language: row[5], source: row[6],
				trusted: row[7] == "true", user: row[8] == "true", visible: row[9] == "true",
			})
			c.schemas[row[1]] = true
		case "relation":
			c.relations[row[2]] = append(c.relations[row[2]], relation{
				schema: row[1], extension: row[3], visible: row[4] == "true",
				columns: strings.FieldsFunc(row[5], func(r rune) bool { return r == 1 }),
			})
			c.schemas[row[1]] = true
		default:
			c.composed[row[1]] = append(c.composed[row[1]], composed{kind: row[0], schema: row[2], name: row[3]})
		}
	}
	return c
}

// MySQLCatalogue reads what NewMySQLCatalogue takes: the database in use, the stored
// functions that the user may call, and the names of views.
const MySQLCatalogue = `
	SELECT 'database', COALESCE(DATABASE(), ''), '', ''
	UNION ALL
	SELECT ROUTINE_SCHEMA, ROUTINE_NAME, IS_DETERMINISTIC, SQL_DATA_ACCESS FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION'
	UNION ALL
	SELECT DISTINCT '', TABLE_NAME, '', 'view' FROM information_schema.TABLES
	WHERE TABLE_TYPE = 'VIEW' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema')`

// NewMySQLCatalogue reads the rows of MySQLCatalogue. The first is the database.
func NewMySQLCatalogue(rows [][]string) *Catalogue {
	c := newCatalogue()
	for i, row := range rows {
		if i == 0 {
			c.database = row[1]
			continue
		}
		if row[3] == "view" {
			c.views[strings.ToLower(row[1])] = true
			continue
		}
		volatility := "v"
		switch {
		case row[3] == "MODIFIES SQL DATA":
		case row[2] == "YES":
			volatility = "i"
		case row[3] == "READS SQL DATA":
			volatility = "s"
		}
		name := strings.ToLower(row[1])
		c.functions[name] = append(c.functions[name], function{
			schema: row[0], name: row[1], volatility: volatility, language: "sql", trusted: true, user: true,
			visible: strings.EqualFold(row[0], c.database),
		})
	}
	return c
}

func newCatalogue() *Catalogue {
	return &Catalogue{
		functions: map[string][]function{}, composed: map[string][]composed{}, relations: map[string][]relation{}, schemas: map[string]bool{},
		views: map[string]bool{},
	}
}

// candidates returns the functions that a name can mean: with a schema those in
// it, without one those that are visible.
func (c *Catalogue) candidates(schema, name string) []function {
	return slices.DeleteFunc(slices.Clone(c.functions[name]), func(f function) bool {
		return schema != "" && f.schema != schema || schema == "" && !f.visible
	})
}

// hasColumn reports whether a relation has a column; found, whether there is such
// a relation at all.
func (c *Catalogue) hasColumn(schema, name, column string) (has, found bool) {
	for _, r := range c.relations[name] {
		if schema != "" && r.schema != schema || schema == "" && !r.visible {
			continue
		}
		if !slices.Contains(r.columns, column) {
			return false, true
		}
		has, found = true, true
	}
	return has, found
}

// HasUserFunction reports whether one of the names is that of a user's function.
func (c *Catalogue) HasUserFunction(names []string) bool {
	return c != nil && slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(c.functions[name], func(f function) bool { return f.user })
	})
}
