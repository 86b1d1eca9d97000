package caller

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/rowsecurity"
)

func TestAdmitGrantsKnownCallers(t *testing.T) {
	jane := named(JWT, Claims{"sub": "jane", "role": "tenant_a", "tenant": "a"})
	for name, test := range map[string]struct {
		policy Policy
		caller Caller
		want   *Grant
	}{
		"none":   {Policy{}, Caller{}, nil},
		"claims": {Policy{Mode: rowsecurity.Claims, Required: []string{"tenant"}}, jane, &Grant{Claims: `{"role":"tenant_a","sub":"jane","tenant":"a"}`}},
		"role": {
			Policy{Mode: rowsecurity.Role, RoleClaim: "role", Roles: []string{"tenant_b", "tenant_a"}}, jane,
			&Grant{Claims: `{"role":"tenant_a","sub":"jane","tenant":"a"}`, Role: "tenant_a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.policy.Admit(test.caller)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAdmitDeniesOtherCallers(t *testing.T) {
	role := Policy{Mode: rowsecurity.Role, RoleClaim: "db_role", Roles: []string{"tenant_a"}}
	for name, test := range map[string]struct {
		policy Policy
		claims Claims
		want   string
	}{
		"unknown":           {Policy{Mode: rowsecurity.Claims}, Claims{"tenant": "a"}, "unknown"},
		"claim missing":     {Policy{Mode: rowsecurity.Claims, Required: []string{"tenant"}}, Claims{"sub": "jane"}, "claim tenant is missing"},
		"claim empty":       {Policy{Mode: rowsecurity.Claims, Required: []string{"tenant"}}, Claims{"sub": "jane", "tenant": ""}, "claim tenant is missing"},
		"claim is null":     {Policy{Mode: rowsecurity.Claims, Required: []string{"tenant"}}, Claims{"sub": "jane", "tenant": nil}, "claim tenant is missing"},
		"claim is a list":   {Policy{Mode: rowsecurity.Claims, Required: []string{"tenant"}}, Claims{"sub": "jane", "tenant": []any{"a"}}, "claim tenant is missing"},
		"no role":           {role, Claims{"sub": "jane", "role": "tenant_a"}, "claim db_role is missing"},
		"role is a list":    {role, Claims{"sub": "jane", "db_role": []any{"tenant_a"}}, "claim db_role is missing"},
		"another role":      {role, Claims{"sub": "jane", "db_role": "tenant_b"}, "not the name of an allowed role"},
		"role in capitals":  {role, Claims{"sub": "jane", "db_role": "TENANT_A"}, "not the name of an allowed role"},
		"role with a space": {role, Claims{"sub": "jane", "db_role": "tenant_a "}, "not the name of an allowed role"},
		"role with SQL":     {role, Claims{"sub": "jane", "db_role": `tenant_a"; RESET ROLE; --`}, "not the name of an allowed role"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.policy.Admit(named(JWT, test.claims))
			denied, ok := errors.AsType[*DeniedError](err)
			if !ok || got != nil || !strings.Contains(denied.Message, test.want) || strings.Contains(denied.Message, "tenant_a") {
				t.Errorf("got %v, %v; want %q", got, err, test.want)
			}
		})
	}
}
