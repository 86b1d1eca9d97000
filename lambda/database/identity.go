package database

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"defog-cdk/internal/rowsecurity"
)

// Identity is the caller that a statement runs for.
type Identity struct {
	Claims string // the caller's claims, a JSON object
	Role   string // role that the statement runs as; with rowsecurity.Role only
}

// Claims is the setting of a session with the caller's claims, by the convention of
// PostgREST. Row-level security policies read it.
const Claims = "request.jwt.claims"

// RequireIdentity returns an error for limits without the identity that the mode
// requires, so that no statement runs with the rights of the login.
func RequireIdentity(mode rowsecurity.Mode, limits Limits) error {
	switch {
	case !mode.Enabled():
		return nil
	case limits.Identity == nil || limits.Identity.Claims == "":
		return errors.New("row security requires the caller of each statement")
	case mode == rowsecurity.Role && limits.Identity.Role == "":
		return errors.New("row security requires the role of each statement")
	}
	return nil
}

// IdentityChanged returns the error of a statement after which its session had another
// role or other claims. Its rows must not reach the caller.
func IdentityChanged() *StatementError {
	return &StatementError{Message: "the statement changed the role or the claims that it ran with", Final: true}
}

// RowSecurityChecker is a Database that can check whether row security limits its user.
type RowSecurityChecker interface {
	// CheckRowSecurity examines the user, and the roles that its statements can run as.
	CheckRowSecurity(ctx context.Context, roles []string) (RowSecurityReport, error)
}

// RowSecurityReport is what CheckRowSecurity found.
type RowSecurityReport struct {
	Passed  []string // why row security does not limit a statement's rows
	Missing []string // roles that a statement cannot run as
	Remarks []string // what a caller can read or be besides
}

// Accept returns an error if row security does not limit a statement's rows.
func (r RowSecurityReport) Accept() error {
	if len(r.Passed) == 0 {
		return nil
	}
	return fmt.Errorf("row security does not limit the database user: %s; want a user that docs/row-security.md creates", strings.Join(r.Passed, ", "))
}
