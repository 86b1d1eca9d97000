package client

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrintShowsWhatTheAnswerRestsOn(t *testing.T) {
	for name, test := range map[string]struct{ more, want string }{
		"nothing known": {"", ""},
		"all known": {
			`,"source":"model","tables":["a","b\u001b"],"assumptions":["x","z\ny"],"filters":["f"],"confidence":0.67,"samples":3,"schema_age":60`,
			"source: model\nagreement: 2 of 3 answers of the model have these rows\ntables: a, b\\x1b\nfilters: f\nassumptions: x; z\\ny\n",
		},
		"no sample ran": {`,"confidence":0,"samples":2`, "agreement: 0 of 2 answers of the model have these rows\n"},
	} {
		answer, ok := decode(200, []byte(`{"columns":["n"],"data":[[1]],"query_generated":"SELECT 1","ran_successfully":true`+test.more+`}`))
		if !ok {
			t.Fatal(name)
		}
		var out strings.Builder
		if err := answer.Print(&out, false); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(out.String(), "1 row\n")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}
