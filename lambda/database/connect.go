package database

import "context"

// Connector is a Database that can prepare its connection for a statement that is not yet
// known.
type Connector interface {
	// Connect opens the connection, and reads what the check of a statement requires,
	// unless both are there. The errors are those of Query.
	Connect(ctx context.Context) error
}

// Connect prepares the connection of a database that can do so.
func Connect(ctx context.Context, db Database) error {
	connector, ok := db.(Connector)
	if !ok {
		return nil
	}
	return connector.Connect(ctx)
}
