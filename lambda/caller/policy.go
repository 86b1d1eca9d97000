package caller

import (
	"fmt"
	"slices"

	"defog-cdk/internal/rowsecurity"
)

// Policy decides which callers may ask, and as whom their statements run. The zero
// value admits every caller, and its statements run as the login.
type Policy struct {
	Mode      rowsecurity.Mode
	Required  []string // claims that a caller must have besides the subject
	RoleClaim string   // claim with the role's name; with rowsecurity.Role
	Roles     []string // roles that a caller can have; with rowsecurity.Role
}

// Grant is as whom a caller's statements run.
type Grant struct {
	Claims string // JSON object
	Role   string // "" unless the mode is rowsecurity.Role
}

// DeniedError is the error of a caller that may not ask. Its message is for the caller.
type DeniedError struct{ Message string }

func (e *DeniedError) Error() string { return e.Message }

// Admit returns the caller's grant, or a *DeniedError. The grant is nil without row
// security.
func (p Policy) Admit(c Caller) (*Grant, error) {
	if !p.Mode.Enabled() {
		return nil, nil
	}
	if !c.IsKnown() {
		return nil, &DeniedError{"The caller is unknown; want a request with authorization and the claim sub."}
	}
	for _, name := range p.Required {
		if _, ok := c.Claims.Text(name); !ok {
			return nil, &DeniedError{fmt.Sprintf("The caller's claim %s is missing; want it as text, a number or a boolean.", name)}
		}
	}
	claims, err := c.Claims.JSON()
	if err != nil {
		return nil, err
	}
	grant := &Grant{Claims: claims}
	if p.Mode == rowsecurity.Role {
		role, isText := c.Claims[p.RoleClaim].(string)
		switch {
		case !isText || role == "":
			return nil, &DeniedError{fmt.Sprintf("The caller's claim %s is missing; want the name of a role as text.", p.RoleClaim)}
		case !slices.Contains(p.Roles, role):
			return nil, &DeniedError{fmt.Sprintf("The caller's claim %s is not the name of an allowed role.", p.RoleClaim)}
		}
		grant.Role = role
	}
	return grant, nil
}
