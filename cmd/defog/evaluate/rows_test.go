package evaluate

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"defog-cdk/lambda/database"
)

func TestRowsThatCannotBeComparedFailTheirStatement(t *testing.T) {
	deep := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	_, err := TableOf(&database.Result{Columns: []string{"a"}, Data: json.RawMessage("[[" + deep + "]]")})
	if failed, ok := errors.AsType[*database.StatementError](err); !ok || !failed.Final || !strings.Contains(failed.Message, "cannot be compared") {
		t.Errorf("got %v; want a failed statement", err)
	}
}
