package postgres

import (
	"context"
	"errors"
	"time"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

const (
	// catalogueAge is how long a connection uses a catalogue.
	catalogueAge = 5 * time.Minute

	// recheckAge is the least age of a catalogue that is read anew because of one statement.
	recheckAge = 30 * time.Second
)

// errNewFunctions is the error of a query before which the server got new functions.
var errNewFunctions = errors.New("the server has new functions")

// catalogue is the server's catalogue as the connection has read it.
type catalogue struct {
	queries guard.CatalogueQueries
	read    *guard.Catalogue // nil before the connection's first query
	since   time.Time        // by the wall clock
	unknown map[string]bool  // names that the last reading did not return
}

// readCatalogue reads the catalogue unless the connection has one of at most an age.
func (d *db) readCatalogue(ctx context.Context, age time.Duration) error {
	if err := d.connect(ctx); err != nil {
		return newError(ctx, err)
	}
	if d.catalogue.read != nil && time.Since(d.catalogue.since) < age {
		return nil
	}
	rows, err := database.QueryTexts(ctx, d.query, d.catalogue.queries.Catalogue)
	if err != nil {
		return err
	}
	read, err := guard.NewPostgresCatalogue(rows)
	if err != nil {
		return err
	}
	if read.NeedsWired {
		if rows, err = database.QueryTexts(ctx, d.query, d.catalogue.queries.Wired); err != nil {
			return err
		}
		read.AddWired(rows)
	}
	if d.guard.NeedsTypes(read) {
		if rows, err = database.QueryTexts(ctx, d.query, guard.PostgresTypes); err != nil {
			return err
		}
		read.AddTypes(rows)
	}
	d.catalogue.read, d.catalogue.since, d.catalogue.unknown = read, database.Now(), map[string]bool{}
	return nil
}

// Connect implements database.Connector.
func (d *db) Connect(ctx context.Context) error { return d.readCatalogue(ctx, catalogueAge) }

// check checks a statement. A refusal, and on a server without versions of its catalogue
// an unknown name, is checked again with a catalogue of recheckAge at the most.
func (d *db) check(ctx context.Context, sql string) (guard.Statement, error) {
	if err := d.readCatalogue(ctx, catalogueAge); err != nil {
		return guard.Statement{}, err
	}
	statement, err := database.CheckStatement(ctx, d.guard, d.catalogue.read, sql)
	if ctx.Err() != nil || err == nil && !d.hasNewNames(statement) {
		return statement, err
	}
	if err := d.readCatalogue(ctx, recheckAge); err != nil {
		return guard.Statement{}, err
	}
	d.hasNewNames(statement)
	return database.CheckStatement(ctx, d.guard, d.catalogue.read, sql)
}

// hasNewNames reports whether a statement calls names that the catalogue lacks, and that were
// not in it earlier. Most are words of the syntax.
func (d *db) hasNewNames(statement guard.Statement) bool {
	if d.catalogue.read.Version != "" {
		return false
	}
	found := false
	for _, name := range d.catalogue.read.Unknown(statement.Functions) {
		found = found || !d.catalogue.unknown[name]
		d.catalogue.unknown[name] = true
	}
	return found
}

// checkAndRun checks a statement and runs it behind a prefix, once more if the server has new functions. If it
// then has others again, as behind a balancer of different servers, the last catalogue counts.
func (d *db) checkAndRun(ctx context.Context, prefix, sql string, limits database.Limits) (*database.Result, error) {
	for again := false; ; again = true {
		d.verified = false // for the catalogue
		statement, err := d.check(ctx, sql)
		if err != nil {
			return nil, err
		}
		d.verified = limits.Identity != nil && statement.RunsUserCode
		version := d.catalogue.read.Version
		if again {
			version = ""
		}
		result, err := d.queryAt(ctx, version, prefix+statement.SQL, limits)
		if errors.Is(err, errNewFunctions) {
			d.catalogue.read = nil
			continue
		}
		if err == nil {
			result.SQL, result.Tables = statement.SQL, statement.Tables()
		}
		return result, err
	}
}
