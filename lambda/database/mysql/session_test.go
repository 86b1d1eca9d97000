package mysql

import (
	"strings"
	"testing"

	"defog-cdk/lambda/database/databasetest"
)

// textForms is a statement whose values and rows depend on variables of the
// session.
const textForms = `SELECT FROM_UNIXTIME(0) AS a, TIMESTAMP '2024-02-29 12:00:00.5' AS b, DATE_FORMAT('2024-03-01', '%M %W') AS c, 1 / 3 AS d,
		WEEK('2024-01-01') AS e, "x" AS f, 'it\'s' AS g, CHAR_LENGTH(GROUP_CONCAT(owner ORDER BY id)) AS h, CAST('é' AS CHAR) AS i, fixed AS j
		FROM accounts CROSS JOIN padded GROUP BY fixed UNION ALL SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`

// TestTextFormsDoNotDependOnPooledSession changes the session before each query, as
// another client of a pooler can.
func TestTextFormsDoNotDependOnPooledSession(t *testing.T) {
	server.Query(t, accounts+"DROP TABLE IF EXISTS padded; CREATE TABLE padded (fixed CHAR(5)); INSERT INTO padded VALUES ('a')")
	t.Cleanup(func() { server.Query(t, "DROP TABLE padded") })
	db := openServer(t, nil, "")
	want := string(databasetest.MustQuery(t, db, textForms, databasetest.Unlimited()).Data)
	for _, setting := range []string{
		"time_zone = '+09:00'", "lc_time_names = 'de_DE'", "div_precision_increment = 9", "default_week_format = 1",
		"group_concat_max_len = 4", "sql_select_limit = 1", "sql_mode = 'ANSI_QUOTES'", "sql_mode = 'NO_BACKSLASH_ESCAPES'",
		"sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'", "NAMES latin1", "character_set_results = latin1",
	} {
		if err := exec(t.Context(), db.conn, "SET "+setting); err != nil {
			t.Fatal(err)
		}
		result := databasetest.MustQuery(t, db, textForms, databasetest.Unlimited())
		if string(result.Data) != want {
			t.Errorf("%s: got %s, want %s", setting, result.Data, want)
		}
	}
	if texts := `"2024-02-29 12:00:00.5","March Friday","0.3333",0,"x","it's",9,"é","a"],["1",`; !strings.Contains(want, texts) {
		t.Errorf("got %s, want %s", want, texts)
	}
}
