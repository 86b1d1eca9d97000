package query_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// The contract has the routes of a stack with all of them, and no others. Those of the
// public ones need no authorization there either.
func TestContractHasTheRoutesOfTheAPI(t *testing.T) {
	text, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(text, &contract); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for path, operations := range contract.Paths {
		for method, operation := range operations {
			described, ok := operation.(map[string]any)
			if !ok {
				continue // the parameters of the path
			}
			authorization := "JWT"
			if _, public := described["security"]; public {
				authorization = "NONE"
			}
			want[strings.ToUpper(method)+" "+path] = authorization
		}
	}
	got := routes(stacktest.Query(t, settings.With(signIn(), map[string]any{"async_questions": true, "mcp": true, "history": true})))
	for _, refused := range []string{"GET /mcp", "DELETE /mcp"} { // always 405
		if got[refused] == "" {
			t.Errorf("no route %s", refused)
		}
		delete(got, refused)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes -contract +stack:\n%s", diff)
	}
}
