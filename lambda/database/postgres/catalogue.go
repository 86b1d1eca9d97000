package postgres

import (
	"context"
	"time"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// catalogueAge is how long a connection uses a catalogue. Functions that the user
// creates meanwhile are checked by the static lists alone.
const catalogueAge = 5 * time.Minute

// catalogue is the server's catalogue as the connection has read it.
type catalogue struct {
	query string
	read  *guard.Catalogue // nil before the connection's first query
	since time.Time        // by the wall clock
}

// readCatalogue reads the catalogue unless the connection has one of late.
func (d *db) readCatalogue(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return newError(ctx, err)
	}
	if d.catalogue.read != nil && time.Since(d.catalogue.since) < catalogueAge {
		return nil
	}
	rows, err := database.QueryTexts(ctx, d.query, d.catalogue.query)
	if err != nil {
		return err
	}
	d.catalogue.read, d.catalogue.since = guard.NewPostgresCatalogue(rows), database.Now()
	return nil
}
