package guard

import (
	"strings"
	"testing"
)

func TestRowSecurityCatalogueChangesEachPart(t *testing.T) {
	for part, want := range map[string]int{"prosecdef": 1, "_is_visible(": 1, "p.oid >= 16384 OR": 1, "OR of_user AND": 1} {
		if got := strings.Count(RowSecurityCatalogue, part); got != want {
			t.Errorf("%d times %s; want %d", got, part, want)
		}
	}
}

func TestMySQLRowSecurityCatalogueExaminesRights(t *testing.T) {
	if strings.Count(MySQLRowSecurityCatalogue, "CASE SECURITY_TYPE") != 1 {
		t.Errorf("got %s", MySQLRowSecurityCatalogue)
	}
}
