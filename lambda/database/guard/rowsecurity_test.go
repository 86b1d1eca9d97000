package guard

import (
	"strings"
	"testing"
)

func TestRowSecurityQueriesChangeEachPart(t *testing.T) {
	for query, parts := range map[string]map[string]int{
		RowSecurityQueries.Catalogue: {"prosecdef": 1, "_is_visible(": 1, "of_user OR": 1},
		RowSecurityQueries.Wired:     {"prosecdef": 1, "_is_visible(": 0, "OR of_user AND": 1},
	} {
		for part, want := range parts {
			if got := strings.Count(query, part); got != want {
				t.Errorf("%d times %s; want %d: %s", got, part, want, query)
			}
		}
	}
}

func TestMySQLRowSecurityCatalogueExaminesRights(t *testing.T) {
	if strings.Count(MySQLRowSecurityCatalogue, "CASE SECURITY_TYPE") != 1 {
		t.Errorf("got %s", MySQLRowSecurityCatalogue)
	}
}
