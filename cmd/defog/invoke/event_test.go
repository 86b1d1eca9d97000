package invoke_test

import (
	"fmt"
	"testing"

	"defog-cdk/cmd/defog/invoke"
)

func TestMembersAreAsInTheEvent(t *testing.T) {
	for event, want := range map[string]string{
		`{"a": NaN , "b":-Infinity,"c" : {"NaN": [Infinity, "\" NaN"]} }`: `map[a:NaN b:-Infinity c:{"NaN": [Infinity, "\" NaN"]}]`,
		` {"a": {}, "n": 12, "t": "é"}`:                                   `map[a:{} n:12 t:"é"]`,
		`{}`:                                                              `map[]`, `[1]`: `map[]`, `NaN`: `map[]`, `{"a": }`: `map[]`, ``: `map[]`,
	} {
		if members := fmt.Sprintf("%s", invoke.Members([]byte(event))); members != want {
			t.Errorf("%s: %s, want %s", event, members, want)
		}
	}
}
