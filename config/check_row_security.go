package config

import (
	"maps"
	"slices"
	"strings"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
)

// rowSecurityKeys are the settings of the modes of row security.
var rowSecurityKeys = map[string][]string{
	"row_security_claims":     {string(rowsecurity.Claims), string(rowsecurity.Role)},
	"row_security_role_claim": {string(rowsecurity.Role)},
	"row_security_roles":      {string(rowsecurity.Role)},
}

// checkRowSecurity checks what does not depend on the database.
func (c *checker) checkRowSecurity() {
	mode := rowsecurity.Mode(c.RowSecurity)
	for _, key := range slices.Sorted(maps.Keys(rowSecurityKeys)) {
		if want := rowSecurityKeys[key]; c.given(key) && !slices.Contains(want, c.RowSecurity) {
			c.failf(key, "not used with row_security=%s (%s); want row_security=%s", mode, c.origin("row_security"), strings.Join(want, " or "))
		}
	}
	if !mode.Enabled() {
		return
	}
	if mode == rowsecurity.Role && !c.given("row_security_roles") {
		c.failf("row_security_roles", "missing; want the database roles that callers may have, which row_security=role requires")
	}
	if c.APIAuth == "none" {
		c.failf("row_security", "%s requires a caller, and api_auth=none (%s) has none; want api_auth=iam or jwt", mode, c.origin("api_auth"))
	}
	if c.AllowPrivilegedLogin {
		c.failf("allow_privileged_login", "contradicts row_security=%s, because a privileged user passes row security; want one of them", mode)
	}
}

// checkRowSecurityOf checks that the database supports the mode.
func (c *checker) checkRowSecurityOf(dbType string) {
	if !slices.Contains(connection.DBTypes(), dbType) {
		return
	}
	if reason := rowsecurity.Mode(c.RowSecurity).Unsupported(dbType); reason != "" {
		c.failf("row_security", "%s", reason)
	}
}
