package construct_test

import (
	"strings"
	"testing"

	"defog-cdk/stacks/construct"
)

func TestRoleNameHasAtMost64Characters(t *testing.T) {
	long := strings.Repeat("x", 80)
	if a, b := construct.RoleName(long+"a"), construct.RoleName(long+"b"); len(a) != 64 || a == b || construct.RoleName("short") != "short" {
		t.Errorf("%s, %s", a, b)
	}
}
