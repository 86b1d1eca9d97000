package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/lambda/database"
)

// identityQuery returns the role and the claims that a statement ran with.
const identityQuery = "SELECT current_user, session_user, pg_catalog.current_setting('" + database.Claims + "', true)"

// errIdentity is the error of a transaction with another role or other claims than
// before its statement.
var errIdentity = errors.New("the statement changed its identity")

// assume sends what gives the transaction its identity, and returns the number of
// messages. A pooled session can have the role of its last user.
func assume(pipeline *pgconn.Pipeline, identity *database.Identity) int {
	if identity == nil {
		return 0
	}
	role := "NONE"
	if identity.Role != "" {
		role = quoteName(identity.Role)
	}
	pipeline.SendQueryParams("SET LOCAL ROLE "+role, nil, nil, nil, nil)
	pipeline.SendQueryParams("SELECT pg_catalog.set_config('"+database.Claims+"', $1, true)", [][]byte{[]byte(identity.Claims)}, nil, nil, nil)
	return 2
}

// verify reads the answer to identityQuery. The server has skipped it if the rest of a
// truncated result was canceled.
func (d *db) verify(pipeline *pgconn.Pipeline, identity database.Identity, truncated bool) error {
	results, err := pipeline.GetResults()
	if err != nil {
		return err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		if _, synced := results.(*pgconn.PipelineSync); synced && truncated {
			return nil
		}
		return fmt.Errorf("read the identity: got %T, want a row", results)
	}
	result := reader.Read()
	switch {
	case result.Err != nil:
		return result.Err
	case len(result.Rows) != 1 || len(result.Rows[0]) != 3:
		return fmt.Errorf("read the identity: got %d rows, want one", len(result.Rows))
	}
	user, login, claims := string(result.Rows[0][0]), string(result.Rows[0][1]), string(result.Rows[0][2])
	want := identity.Role
	if want == "" {
		want = login
	}
	if user != want || claims != identity.Claims {
		return errIdentity
	}
	return nil
}

// withhold removes the text of an error at run time. It can quote rows that the statement
// read with another identity, and an aborted transaction has no identity to verify. An
// error with a position is one of the statement's text, before anything ran.
func withhold(err error) error {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || failed.Position != 0 {
		return err
	}
	withheld := *failed
	withheld.Message = "the statement failed while it ran; the database's message is withheld, because the statement can call a function of the database's users"
	withheld.Detail, withheld.Hint = "", ""
	return &withheld
}
