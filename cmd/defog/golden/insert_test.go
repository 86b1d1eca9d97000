package golden

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/jsonfile"
	"defog-cdk/internal/knowledge"
)

var newPairs = []knowledge.Pair{
	{Question: "Who is <late>?", SQL: "SELECT name\nFROM orders\nWHERE total > 1"},
	{Question: "How many orders are there?", SQL: `SELECT count(*) AS "n" FROM orders`},
}

func TestInsertKeepsOldText(t *testing.T) {
	for name, test := range map[string]struct{ old, want string }{
		"no file": {"", `[
  {
    "question": "How many orders are there?",
    "sql": "SELECT count(*) AS \"n\" FROM orders"
  },
  {
    "question": "Who is <late>?",
    "sql": "SELECT name\nFROM orders\nWHERE total > 1"
  }
]
`},
		"empty list": {"[]", `[
  {
    "question": "How many orders are there?",
    "sql": "SELECT count(*) AS \"n\" FROM orders"
  },
  {
    "question": "Who is <late>?",
    "sql": "SELECT name\nFROM orders\nWHERE total > 1"
  }
]
`},
		"sorted, in another format": {`[
	{"sql": "SELECT 1",   "question": "a?"},
	{"question": "m?", "sql": "SELECT \u0032", "callers": {"tenant": "a"}}
  ]`, `[
	{"sql": "SELECT 1",   "question": "a?"},
	{
		"question": "How many orders are there?",
		"sql": "SELECT count(*) AS \"n\" FROM orders"
	},
	{"question": "m?", "sql": "SELECT \u0032", "callers": {"tenant": "a"}},
	{
		"question": "Who is <late>?",
		"sql": "SELECT name\nFROM orders\nWHERE total > 1"
	}
  ]`},
		"not sorted": {`[
{"question": "z?", "sql": "1"},
{"question": "a?", "sql": "2"}
]
`, `[
{"question": "z?", "sql": "1"},
{"question": "a?", "sql": "2"},
{
  "question": "How many orders are there?",
  "sql": "SELECT count(*) AS \"n\" FROM orders"
},
{
  "question": "Who is <late>?",
  "sql": "SELECT name\nFROM orders\nWHERE total > 1"
}
]
`},
		"on one line": {`[{"question": "a?", "sql": "1"}, {"sql": "2", "question": "b?"}]`, `[
  {
    "question": "a?",
    "sql": "1"
  },
  {
    "sql": "2",
    "question": "b?"
  },
  {
    "question": "How many orders are there?",
    "sql": "SELECT count(*) AS \"n\" FROM orders"
  },
  {
    "question": "Who is <late>?",
    "sql": "SELECT name\nFROM orders\nWHERE total > 1"
  }
]
`},
		"lines of Windows": {"\ufeff[\r\n  {\"question\": \"a?\", \"sql\": \"1\"}\r\n]\r\n", "\ufeff[\r\n  {\"question\": \"a?\", \"sql\": \"1\"},\r\n" +
			"  {\r\n    \"question\": \"How many orders are there?\",\r\n    \"sql\": \"SELECT count(*) AS \\\"n\\\" FROM orders\"\r\n  },\r\n" +
			"  {\r\n    \"question\": \"Who is <late>?\",\r\n    \"sql\": \"SELECT name\\nFROM orders\\nWHERE total > 1\"\r\n  }\r\n]\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Insert([]byte(test.old), newPairs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestInsertWithoutPairsChangesNothing(t *testing.T) {
	const old = `[{"question": "a?"  , "sql": "1"}]  `
	if got, err := Insert([]byte(old), nil); err != nil || string(got) != old {
		t.Errorf("%v: got %s", err, got)
	}
	if got, err := Insert(nil, nil); err != nil || string(got) != "[]\n" {
		t.Errorf("%v: got %q", err, got)
	}
	if got, err := Insert([]byte(`[{"question": 1}]`), newPairs); err == nil {
		t.Errorf("got %s, want an error", got)
	}
}

// FuzzInsert checks that the result has the old pairs and the new ones.
func FuzzInsert(f *testing.F) {
	f.Add("[\n {\"question\":\"a\",\"sql\":\"b\"}\n]", "q?", "SELECT 1")
	f.Add("[ {\"question\":\"a\",\"sql\":\"b\"}\n,{\"question\":\"[\",\"sql\":\"]\"}]", "\"\n", "'")
	f.Add("\ufeff\n[\r\n{\"question\":\"a\",\"sql\":\"b\"},\r\n\r\n{\"question\":\"c\",\"sql\":\"\"}\n]", "a", "")
	f.Fuzz(func(t *testing.T, old, question, sql string) {
		var before, after []knowledge.Pair
		if jsonfile.Decode([]byte(old), &before) != nil || !isPlain(question) || !isPlain(sql) {
			t.Skip("golden.json is invalid, or the new pair is not plain text")
		}
		pair := knowledge.Pair{Question: question, SQL: sql}
		text, err := Insert([]byte(old), []knowledge.Pair{pair})
		if err != nil {
			t.Fatalf("%q: %v", old, err)
		}
		decoder := json.NewDecoder(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
		if err := decoder.Decode(&after); err != nil || len(after) != len(before)+1 {
			t.Fatalf("%v: %q became %q", err, old, text)
		}
		if _, err := decoder.Token(); err != io.EOF {
			t.Fatalf("%q became %q", old, text)
		}
		at := slices.IndexFunc(after, func(p knowledge.Pair) bool { return cmp.Equal(p, pair) })
		if at < 0 {
			t.Fatalf("%q lacks %q", text, pair)
		}
		if diff := cmp.Diff(before, slices.Delete(after, at, at+1), cmp.Comparer(func(a, b []knowledge.Pair) bool { return len(a) == 0 && len(b) == 0 || cmp.Equal(a, b) })); len(before) > 0 && diff != "" {
			t.Errorf("%q became %q: %s", old, text, diff)
		}
	})
}
