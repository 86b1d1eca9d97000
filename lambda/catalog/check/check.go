// Package check compares the files that a SQL generator reads with the database: what
// schema.json, golden.json and glossary.md name, and the database no longer has.
package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/catalog"
	"defog-cdk/lambda/database"
)

// The kinds of findings. New ones and GlossaryUnknown do no harm to an answer, and the
// others can.
const (
	FileInvalid     = "file_invalid"
	TableGone       = "table_gone"
	ColumnGone      = "column_gone"
	TypeChanged     = "type_changed"
	TableNew        = "table_new"
	ColumnNew       = "column_new"
	GoldenFailed    = "golden_failed"    // the database does not accept the SQL
	GlossaryGone    = "glossary_gone"    // a name that the database no longer has
	GlossaryUnknown = "glossary_unknown" // a word that looks like a name, and is none
	CheckFailed     = "check_failed"     // the database's catalogue could not be read
)

// Report is the result of a check.
type Report struct {
	Files     []string  `json:"files"`               // that exist, by their names
	Tables    int       `json:"tables"`              // that the database has
	Pairs     int       `json:"pairs"`               // golden queries that were checked
	Unchecked int       `json:"unchecked,omitempty"` // golden queries for which no time was left
	Findings  []Finding `json:"findings"`
}

// Finding is one difference between a file and the database.
type Finding struct {
	Kind     string `json:"kind"`
	Broken   bool   `json:"broken"` // an answer can be wrong or fail because of it
	File     string `json:"file,omitempty"`
	Table    string `json:"table,omitempty"` // with its schema
	Column   string `json:"column,omitempty"`
	Pair     int    `json:"pair,omitempty"` // the number of the golden query, from 1
	Line     int    `json:"line,omitempty"` // of the glossary, from 1
	Question string `json:"question,omitempty"`
	Code     string `json:"code,omitempty"` // of the database's error
	Detail   string `json:"detail"`
}

// Status returns the finding's word for a reader.
func (f Finding) Status() string {
	switch {
	case f.Broken:
		return "broken"
	case f.Kind == GlossaryUnknown:
		return "unknown"
	}
	return "new"
}

// Subject returns what the finding is about, within its file.
func (f Finding) Subject() string {
	switch {
	case f.Pair > 0:
		return fmt.Sprintf("pair %d", f.Pair)
	case f.Line > 0:
		return fmt.Sprintf("line %d", f.Line)
	case f.Column != "":
		return f.Table + "." + f.Column
	}
	return f.Table
}

// LogText returns the finding as one line for the function's log. It leaves out the
// question, and the database's messages, which can quote values.
func (f Finding) LogText() string {
	detail := f.Detail
	if f.Code != "" {
		detail = "the database rejects the SQL with code " + f.Code
	}
	var parts []string
	for _, part := range []string{f.File, f.Subject(), detail} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, ": ")), " ")
}

// Broken returns the number of findings that can make an answer wrong.
func (r Report) Broken() int {
	return len(r.Findings) - len(slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Broken }))
}

// Target is what a check compares.
type Target struct {
	Open       knowledge.Open // opens the files
	Connection connection.Connection
	Drivers    database.Drivers
	Options    database.Options // of the database, as the function opens it for questions
	Roles      []string         // of row security by role: an entry is valid if it is for one of them

	StatementTime time.Duration            // limit of the check of one golden query
	Progress      func(done, total int)    // golden queries; may be nil
	Note          func(message string)     // receives progress messages of the catalogue; may be nil
	Redact        func(text string) string // removes secrets from the database's messages; may be nil
}

// Examine compares the files with the database. The error is that of the database's
// catalogue, or of a lost connection.
func Examine(ctx context.Context, target Target) (report Report, err error) {
	e := examination{Target: target, report: Report{Files: []string{}, Findings: []Finding{}}}
	if e.Redact == nil {
		e.Redact = func(text string) string { return text }
	}
	if err := e.readFiles(); err != nil || len(e.report.Files) == 0 {
		return e.report, err
	}
	if len(e.Connection.DBCreds) == 0 {
		return e.report, errors.New("db_creds: are empty; want the database's credentials, because the check reads the database's catalogue")
	}
	// The catalogue's queries are not those of a caller, whom row security requires.
	options := e.Options
	options.RowSecurity = rowsecurity.None
	tables, err := e.open(options)
	if err != nil {
		return e.report, err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	if err := e.readCatalogue(ctx, tables); err != nil {
		return e.report, err
	}
	if e.has(schema.File) {
		e.compareSchema()
	}
	e.compareGlossary()
	if e.Options.RowSecurity.Enabled() {
		questions, err := e.open(e.Options)
		if err != nil {
			return e.report, err
		}
		defer func() { err = errors.Join(err, questions.Close()) }()
		tables = questions
	}
	if err := e.prepareGolden(ctx, tables); err != nil {
		return e.report, err
	}
	e.sort()
	return e.report, nil
}

func (e *examination) open(options database.Options) (database.Database, error) {
	db, err := e.Drivers.Open(e.Connection, options)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// sort sorts the findings: those that break answers first, and by file.
func (e *examination) sort() {
	slices.SortStableFunc(e.report.Findings, func(a, b Finding) int {
		switch {
		case a.Broken == b.Broken:
			return strings.Compare(a.File, b.File)
		case a.Broken:
			return -1
		}
		return 1
	})
}

// Failed returns the report of a check that could not be done.
func Failed(err error) Report {
	return Report{Files: []string{}, Findings: []Finding{{
		Kind: CheckFailed, Broken: true, Detail: "the check failed: " + err.Error(),
	}}}
}

// examination is the state of one check.
type examination struct {
	Target
	files  knowledge.Files
	live   schema.Schema
	report Report
	gone   map[string]bool // names of schema.json in lower case that the database has nowhere
}

func (e *examination) add(f Finding) {
	f.Detail = e.Redact(f.Detail)
	e.report.Findings = append(e.report.Findings, f)
}

func (e *examination) has(file string) bool { return slices.Contains(e.report.Files, file) }

// generator is one that reads every file.
const generator = "openai"

func (e *examination) readFiles() error {
	for _, name := range knowledge.Names(generator) {
		file, err := e.Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil:
			err = file.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.report.Files = append(e.report.Files, name)
	}
	var invalid error
	e.files, invalid = knowledge.Read(generator, e.Open)
	for _, problem := range problems(invalid) {
		name, detail, _ := strings.Cut(problem.Error(), ": ")
		e.add(Finding{Kind: FileInvalid, Broken: true, File: name, Detail: detail})
	}
	if found := e.files.Schema.DBType; found != "" && found != e.Connection.DBType {
		e.add(Finding{Kind: FileInvalid, Broken: true, File: schema.File, Detail: fmt.Sprintf("db_type: %s; want that of the connection, %s", found, e.Connection.DBType)})
	}
	return nil
}

func problems(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}

// readCatalogue reads the database's tables: with row security by role, those that any
// of the roles may read.
func (e *examination) readCatalogue(ctx context.Context, db database.Database) error {
	options := catalog.Options{Dataset: e.Connection.DBCreds.Text("dataset"), Unprobed: true, Progress: e.Note}
	identities := e.identities(nil)
	if e.Options.RowSecurity != rowsecurity.Role {
		identities = []*database.Identity{nil} // the policies limit rows, not the catalogue
	}
	var none error
	for _, identity := range identities {
		found, err := catalog.Read(ctx, as{db, identity}, e.Connection.DBType, options)
		if errors.Is(err, catalog.ErrNoTables) {
			none = err
			continue
		}
		if err != nil {
			return err
		}
		e.merge(found)
	}
	if len(e.live.Tables) == 0 {
		return none
	}
	e.report.Tables = len(e.live.Tables)
	return nil
}

// merge adds the tables and columns that another role may read.
func (e *examination) merge(found schema.Schema) {
	e.live.Unreadable = append(e.live.Unreadable, found.Unreadable...)
	for _, table := range found.Tables {
		known := find(e.live.Tables, table)
		if known == nil {
			e.live.Tables = append(e.live.Tables, table)
			continue
		}
		for _, column := range table.Columns {
			if !slices.ContainsFunc(known.Columns, func(c schema.Column) bool { return c.Name == column.Name }) {
				known.Columns = append(known.Columns, column)
			}
		}
	}
}

// find returns the table with the same schema and name, or nil.
func find(tables []schema.Table, table schema.Table) *schema.Table {
	i := slices.IndexFunc(tables, func(t schema.Table) bool { return t.Schema == table.Schema && t.Name == table.Name })
	if i < 0 {
		return nil
	}
	return &tables[i]
}

// as is a database whose statements run as a caller.
type as struct {
	database.Database
	identity *database.Identity
}

// Query implements database.Database.
func (a as) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	limits.Identity = a.identity
	return a.Database.Query(ctx, sql, limits)
}

// Identities returns the callers as whom a golden query runs, nil for the login. Its
// claims are those that its entry names. With row security by role, the query is valid if
// it is for one of them.
func Identities(mode rowsecurity.Mode, roles []string, callers schema.Callers) []*database.Identity {
	claims := []byte("{}")
	if len(callers) > 0 {
		var err error
		if claims, err = json.Marshal(callers); err != nil {
			panic(err) // texts always have a JSON form
		}
	}
	switch mode {
	case rowsecurity.Claims:
		return []*database.Identity{{Claims: string(claims)}}
	case rowsecurity.Role:
		var identities []*database.Identity
		for _, role := range roles {
			identities = append(identities, &database.Identity{Claims: string(claims), Role: role})
		}
		return identities
	}
	return []*database.Identity{nil}
}

func (e *examination) identities(callers schema.Callers) []*database.Identity {
	return Identities(e.Options.RowSecurity, e.Roles, callers)
}

// prepareGolden has the database check each golden query, without running it.
func (e *examination) prepareGolden(ctx context.Context, db database.Database) error {
	for i, pair := range e.files.Golden {
		err := e.prepare(ctx, db, pair)
		failed, isStatement := errors.AsType[*database.StatementError](err)
		switch {
		case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
			e.report.Unchecked = len(e.files.Golden) - i
			return nil
		case isStatement:
			e.add(Finding{Kind: GoldenFailed, Broken: true, File: knowledge.GoldenFile, Pair: i + 1, Question: e.Redact(pair.Question), Code: failed.Code, Detail: failed.Message})
		case err != nil:
			return fmt.Errorf("%s: pair %d: %w", knowledge.GoldenFile, i+1, err)
		}
		e.report.Pairs++
		if e.Progress != nil {
			e.Progress(e.report.Pairs, len(e.files.Golden))
		}
	}
	return nil
}

// prepare returns nil if the SQL is valid for one of the callers.
func (e *examination) prepare(ctx context.Context, db database.Database, pair knowledge.Pair) (first error) {
	for _, identity := range e.identities(pair.Callers) {
		err := database.Prepare(ctx, db, e.Connection.DBType, pair.SQL, database.Limits{Time: e.StatementTime, Identity: identity})
		if _, isStatement := errors.AsType[*database.StatementError](err); err == nil || !isStatement {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}
