package guard

import (
	"strings"
	"testing"
)

func TestSparkLexer(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1 -- x \\\n, reflect('a')":   "a comment ends in a backslash",
		"SELECT 1 -- x \\\r\n, reflect('a')": "a comment ends in a backslash",
		"SELECT 1 -- x \\":                   "a comment ends in a backslash",
		"SELECT 1 -- x \\ \n, reflect('a')":  "reflect",
		"SELECT 1 -- x\n, reflect('a')":      "reflect",
		"SELECT 1 -- x\r, reflect('a')":      "reflect",
		"SELECT 'a\\' -- ', reflect('a')":    "reflect",
		"SELECT 'a\\\\' -- ', reflect('a')":  "",
		"SELECT r'a\\' -- ', reflect('a')":   "",
		"SELECT r'a\\', reflect('a') -- '":   "reflect",

		"SELECT '$', '{', 'a{b}$' -- $ {x}":                                         "",
		"SELECT json.a, concat(1, json.b) FROM t AS json ORDER BY json.a, json.b":   "",
		"SELECT * FROM t AS json, u WHERE (json.a, json.b) IN (SELECT 1, 2)":        "",
		"SELECT * FROM main.json.events, main.text.notes LATERAL VIEW explode(x) v": "",
	} {
		err := check(Databricks, sql)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", sql, err, want)
		}
	}
}
