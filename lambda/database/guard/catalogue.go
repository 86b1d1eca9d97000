package guard

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Catalogue is what a server's catalogue holds of functions and relations. It serves
// one guard.
type Catalogue struct {
	// Version is the number of PostgreSQL's newest function; "" without one.
	Version string

	// NeedsWired reports whether the guard requires the rows of AddWired.
	NeedsWired bool

	functions map[string][]function
	wired     []wired // what calls a function that a statement does not name
	relations map[string][]relation
	schemas   map[string]bool
	views     map[string]bool // MySQL's, in lower case
	database  string          // where MySQL looks for functions and tables

	types   *types // nil until AddTypes
	hazards struct {
		once sync.Once
		list []*hazard
	}
}

// function is one function, or several of one name that do not differ here.
type function struct {
	schema, name string
	volatility   string // "i", "s" or "v": immutable, stable, volatile; or definer
	extension    string // "" for none
	language     string
	source       string // the server's function behind one in the language internal
	trusted      bool   // the language cannot reach out of the database
	user         bool   // not of the server
	visible      bool   // found without its schema
}

// relation is a table or view.
type relation struct {
	schema    string
	extension string
	visible   bool
	columns   []string // those that share their name with a function
}

// CatalogueQueries read a server's catalogue.
type CatalogueQueries struct {
	Catalogue string // reads what NewPostgresCatalogue takes
	Wired     string // reads what AddWired takes
}

// PostgresQueries read the catalogue of PostgreSQL.
var PostgresQueries = CatalogueQueries{Catalogue: postgresCatalogue, Wired: postgresWired}

// postgresFunctions are the functions of postgresRelevant.
var postgresFunctions = `
	WITH RECURSIVE f AS (
		SELECT p.oid, n.nspname AS schema, p.proname AS name, p.provolatile AS volatility, coalesce(e.extname, '') AS extension,
			l.lanname AS language, CASE WHEN l.lanname = 'internal' AND p.oid >= 16384 THEN p.prosrc ELSE '' END AS source,
			l.lanpltrusted AS trusted, p.oid >= 16384 AS of_user
		FROM pg_catalog.pg_proc p
		JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
		LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
		WHERE ` + postgresRelevant + `),`

// postgresCatalogue has one row for each relation, and one for all functions that differ in
// their names only. The row "wired" is that of databases with an object of the user's that can
// call a function. Aggregates and base types have functions of the user's.
var postgresCatalogue = postgresFunctions + `
	seen AS (
		SELECT *, schema = 'pg_catalog' AND name NOT IN (SELECT name FROM f WHERE schema <> 'pg_catalog')
			OR pg_catalog.pg_function_is_visible(oid) AS visible FROM f),
	called AS (SELECT name FROM f UNION SELECT typname FROM pg_catalog.pg_type WHERE oid >= 16384)
	SELECT 'version', (SELECT max(oid) FROM pg_catalog.pg_proc)::text, '', '', '', '', '', '', '', ''
	UNION ALL
	SELECT 'functions', schema::text, pg_catalog.json_agg(name)::text, volatility::text, extension::text, language::text, source,
		trusted::text, of_user::text, visible::text
	FROM seen GROUP BY schema, volatility, extension, language, source, trusted, of_user, visible
	UNION ALL
	SELECT 'wired', '', '', '', '', '', '', '', '', ''
	WHERE EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid >= 16384)
		OR EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oid >= 16384)
		OR EXISTS (SELECT FROM pg_catalog.pg_cast WHERE oid >= 16384)
		OR EXISTS (SELECT FROM pg_catalog.pg_amproc WHERE oid >= 16384)
		OR EXISTS (SELECT FROM pg_catalog.pg_amop WHERE oid >= 16384)
		OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contypid >= 16384 AND conbin IS NOT NULL)
	UNION ALL
	SELECT 'relation', n.nspname, c.relname, coalesce(e.extname, ''), pg_catalog.pg_table_is_visible(c.oid)::text,
		coalesce((SELECT pg_catalog.string_agg(a.attname, chr(1)) FROM pg_catalog.pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attname IN (SELECT name FROM called)), ''), '', '', '', ''
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
	LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
	WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND c.oid >= 16384`

// postgresWired has one row for each way to a function that a statement does not name. The
// expressions of default arguments and of domains are trees of numbers, which name the
// server's functions, too: pg_depend does not.
var postgresWired = postgresFunctions + `
	w AS (SELECT * FROM f WHERE volatility <> 'i' OR source <> ''),
	tree AS (
		SELECT 'f' AS kind, p.oid, p.proargdefaults::text AS text FROM pg_catalog.pg_proc p WHERE p.oid >= 16384 AND p.proargdefaults IS NOT NULL
		UNION ALL
		SELECT 't', c.contypid, c.conbin::text FROM pg_catalog.pg_constraint c WHERE c.contypid >= 16384 AND c.conbin IS NOT NULL),
	edge AS (
		SELECT tree.kind, tree.oid, CASE m[1] WHEN 'resulttype' THEN 't' ELSE 'f' END AS target_kind, coalesce(o.oprcode::oid, m[2]::oid) AS target
		FROM tree CROSS JOIN LATERAL pg_catalog.regexp_matches(tree.text, ':(funcid|opno|resulttype) ([0-9]+)', 'g') m
		LEFT JOIN pg_catalog.pg_operator o ON m[1] = 'opno' AND o.oid = m[2]::oid
		UNION
		SELECT 't', t.oid, 't', t.typbasetype FROM pg_catalog.pg_type t WHERE t.typbasetype >= 16384),
	path AS (
		SELECT * FROM edge
		UNION
		SELECT path.kind, path.oid, edge.target_kind, edge.target FROM path JOIN edge ON edge.kind = path.target_kind AND edge.oid = path.target)
	SELECT 'operator', w.schema, w.name, o.oprname, o.oprleft::text, o.oprright::text, pg_catalog.pg_operator_is_visible(o.oid)::text
	FROM pg_catalog.pg_operator o JOIN w ON w.oid = o.oprcode WHERE o.oid >= 16384
	UNION ALL
	SELECT 'aggregate', w.schema, w.name, p.proname, '', '', ''
	FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
	JOIN w ON w.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
	WHERE p.oid >= 16384
	UNION ALL
	SELECT 'default', w.schema, w.name, p.proname, '', '', ''
	FROM path JOIN w ON w.oid = path.target JOIN pg_catalog.pg_proc p ON p.oid = path.oid WHERE path.kind = 'f' AND path.target_kind = 'f'
	UNION ALL
	SELECT 'type', w.schema, w.name, '', path.oid::text, '', ''
	FROM path JOIN w ON w.oid = path.target WHERE path.kind = 't' AND path.target_kind = 'f'
	UNION ALL
	SELECT 'cast', w.schema, w.name, c.castcontext::text, c.castsource::text, c.casttarget::text, t.typname
	FROM pg_catalog.pg_cast c JOIN w ON w.oid = c.castfunc JOIN pg_catalog.pg_type t ON t.oid = c.casttarget WHERE c.oid >= 16384
	UNION ALL
	SELECT 'type', w.schema, w.name, '', t.oid::text, '', ''
	FROM pg_catalog.pg_type t JOIN w ON w.oid IN (t.typinput, t.typoutput, t.typmodin) WHERE t.oid >= 16384 AND t.typtype = 'b'
	UNION ALL
	SELECT 'class', w.schema, w.name, '', p.amproclefttype::text, '', ''
	FROM pg_catalog.pg_amproc p JOIN w ON w.oid = p.amproc WHERE p.oid >= 16384
	UNION ALL
	SELECT 'class', w.schema, w.name, '', p.amoplefttype::text, '', ''
	FROM pg_catalog.pg_amop p JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr JOIN w ON w.oid = o.oprcode WHERE p.oid >= 16384`

// postgresRelevant is the condition for functions whose row can change what the guard
// decides. It excludes about 2,500 functions of the server that any statement may call. By the
// beginnings of their names, it includes more than refusedByPostgres refuses. Regular
// expressions and patterns would take milliseconds.
var postgresRelevant = func() string {
	shortest := len(slices.MinFunc(postgresRefusedPrefixes, func(a, b string) int { return cmp.Compare(len(a), len(b)) }))
	var beginnings []string
	for _, prefix := range postgresRefusedPrefixes {
		beginnings = append(beginnings, prefix[:shortest])
	}
	slices.Sort(beginnings)
	names := slices.Concat(postgresRefused, postgresInputs, postgresExamined)
	return "p.provolatile = 'v' OR e.extname IS NOT NULL OR p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace" +
		" OR p.proname = ANY ('{" + strings.Join(names, ",") + "}')" +
		" OR pg_catalog.left(p.proname::text, " + strconv.Itoa(shortest) + ") = ANY ('{" + strings.Join(slices.Compact(beginnings), ",") + "}')" +
		" OR p.oid >= 16384"
}()

// definer stands for the volatility of a user's function that runs with its owner's
// rights, in RowSecurityQueries.
const definer = "d"

// RowSecurityQueries read the catalogue of PostgreSQL for statements with row security. The
// search path of a role can differ from that of the login. So the user's functions, operators
// and relations count as visible in every schema.
var RowSecurityQueries = CatalogueQueries{Catalogue: ofCallers.Replace(postgresCatalogue), Wired: ofCallers.Replace(postgresWired)}

var ofCallers = strings.NewReplacer(
	"p.provolatile AS volatility", "CASE WHEN p.oid >= 16384 AND p.prosecdef THEN '"+definer+"' ELSE p.provolatile::text END AS volatility",
	"pg_catalog.pg_function_is_visible(oid)", "(of_user OR pg_catalog.pg_function_is_visible(oid))",
	"pg_catalog.pg_operator_is_visible(o.oid)::text", "'true'",
	"pg_catalog.pg_table_is_visible(c.oid)::text", "'true'",
	// An immutable function can change the session, too.
	"volatility <> 'i' OR source <> ''", "volatility <> 'i' OR source <> '' OR of_user AND extension = ''",
)

// RedshiftQueries read the catalogue of Redshift, which has no extensions.
var RedshiftQueries = CatalogueQueries{Catalogue: `
	SELECT DISTINCT 'function', n.nspname::text, p.proname::text, p.provolatile::text, ''::text, l.lanname::text, ''::text,
		CASE WHEN l.lanname IN ('sql', 'plpythonu') THEN 'true' ELSE 'false' END,
		CASE WHEN n.nspname IN ('pg_catalog', 'information_schema') THEN 'false' ELSE 'true' END,
		CASE WHEN pg_catalog.pg_function_is_visible(p.oid) THEN 'true' ELSE 'false' END
	FROM pg_catalog.pg_proc p, pg_catalog.pg_namespace n, pg_catalog.pg_language l
	WHERE n.oid = p.pronamespace AND l.oid = p.prolang`}

// NewPostgresCatalogue reads the rows of a Catalogue query.
func NewPostgresCatalogue(rows [][]string) (*Catalogue, error) {
	c := newCatalogue()
	for _, row := range rows {
		switch row[0] {
		case "functions":
			var names []string
			if err := json.Unmarshal([]byte(row[2]), &names); err != nil {
				return nil, fmt.Errorf("read the names of functions in the schema %s: %w", row[1], err)
			}
			for _, name := range names {
				c.addFunction(name, row)
			}
		case "function":
			c.addFunction(row[2], row)
		case "relation":
			c.relations[row[2]] = append(c.relations[row[2]], relation{
				schema: row[1], extension: row[3], visible: row[4] == "true",
				columns: strings.FieldsFunc(row[5], func(r rune) bool { return r == 1 }),
			})
			c.schemas[row[1]] = true
		case "version":
			c.Version = row[1]
		case "wired":
			c.NeedsWired = true
		default:
			return nil, fmt.Errorf("read the catalogue: a row of the kind %s", row[0])
		}
	}
	return c, nil
}

// AddWired reads the rows of a Wired query.
func (c *Catalogue) AddWired(rows [][]string) {
	for _, row := range rows {
		c.wired = append(c.wired, wired{
			kind: row[0], schema: row[1], function: row[2], name: row[3], left: number(row[4]), right: number(row[5]), text: row[6],
		})
	}
}

// addFunction adds a function with what its row holds beside the name.
func (c *Catalogue) addFunction(name string, row []string) {
	c.functions[name] = append(c.functions[name], function{
		schema: row[1], name: name, volatility: row[3], extension: row[4], language: row[5], source: row[6],
		trusted: row[7] == "true", user: row[8] == "true", visible: row[9] == "true",
	})
	c.schemas[row[1]] = true
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

// MySQLRowSecurityCatalogue reads what NewMySQLCatalogue takes, for statements with row
// security. A function that runs with its definer's rights counts as one that writes, so
// that a statement may call it only by AllowedFunctions.
var MySQLRowSecurityCatalogue = strings.Replace(MySQLCatalogue, "SQL_DATA_ACCESS FROM",
	"CASE SECURITY_TYPE WHEN 'DEFINER' THEN 'MODIFIES SQL DATA' ELSE SQL_DATA_ACCESS END FROM", 1)

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
		functions: map[string][]function{}, relations: map[string][]relation{}, schemas: map[string]bool{},
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

// Unknown returns the names that no function in the catalogue has.
func (c *Catalogue) Unknown(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return len(c.functions[name]) > 0 })
}

// HasUserFunction reports whether one of the names is that of a user's function.
func (c *Catalogue) HasUserFunction(names []string) bool {
	return c != nil && slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(c.functions[name], func(f function) bool { return f.user })
	})
}
