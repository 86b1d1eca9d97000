package sqlserver

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"defog-cdk/lambda/database"
)

// maxClaims is the size of a value in the session context, in UTF-16 units: sql_variant
// holds 8,000 bytes.
const maxClaims = 4000

// assume returns the end of a batch that gives the session its identity, "" for none. A
// session context that is read-only keeps its value until the reset before the next
// statement.
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-set-session-context-transact-sql
func assume(identity *database.Identity) (string, error) {
	if identity == nil {
		return "", nil
	}
	if size := len(utf16.Encode([]rune(identity.Claims))); size > maxClaims {
		return "", &database.StatementError{
			Message: fmt.Sprintf("the caller's claims have %d characters; SQL Server's session context holds at most %d", size, maxClaims), Final: true,
		}
	}
	value := "N'" + strings.ReplaceAll(identity.Claims, "'", "''") + "'"
	return "; EXEC sys.sp_set_session_context @key = N'" + database.Claims + "', @value = " + value + ", @read_only = 1", nil
}
