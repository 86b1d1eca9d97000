package generate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// replyCase is an entry of testdata/replies.txt.
type replyCase struct{ name, reply, field, want string }

func replyCases(t testing.TB) []replyCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "replies.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []replyCase
	for _, entry := range strings.Split("\n"+string(data), "\n===== ")[1:] {
		name, rest, _ := strings.Cut(entry, "\n")
		reply, expected, found := strings.Cut(rest, "\n----- ")
		if !found {
			t.Fatalf("%s: no expected field", name)
		}
		field, want, _ := strings.Cut(expected, "\n")
		cases = append(cases, replyCase{name, reply, field, strings.TrimSuffix(want, "\n")})
	}
	return cases
}

func TestReadFindsAnswer(t *testing.T) {
	cases := replyCases(t)
	if len(cases) < 100 {
		t.Errorf("only %d replies", len(cases))
	}
	r := newReader()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, problem := r.read(c.reply)
			switch c.field {
			case "sql":
				if got.SQL != c.want || problem != "" {
					t.Errorf("got %q, problem %q; want %q", got.SQL, problem, c.want)
				}
			case "reason":
				if got.Reason != c.want || got.SQL != "" || problem != "" {
					t.Errorf("got %+v, problem %q; want the reason %q", got, problem, c.want)
				}
			case "invalid":
				if problem != notAnswer || !reflect.DeepEqual(got, answer{}) {
					t.Errorf("got %+v, problem %q; want a problem", got, problem)
				}
			default:
				t.Fatalf("unknown field %q", c.field)
			}
		})
	}
}

// TestReadIgnoresOuterWhitespace reads each reply with line breaks of
// Windows, and with space before and after it.
func TestReadIgnoresOuterWhitespace(t *testing.T) {
	r := newReader()
	for _, c := range replyCases(t) {
		if c.field != "sql" {
			continue
		}
		for _, reply := range []string{"\n\n " + c.reply + " \n\n", "\ufeff" + c.reply, strings.ReplaceAll(c.reply, "\n", "\r\n")} {
			got, problem := r.read(reply)
			if sql := strings.ReplaceAll(got.SQL, "\r\n", "\n"); sql != c.want || problem != "" {
				t.Errorf("%s: %q: got %q, problem %q; want %q", c.name, reply, sql, problem, c.want)
			}
		}
	}
}

func TestReadKeepsReason(t *testing.T) {
	for _, reply := range []string{
		`{"reason": "Counts \"all\" orders.", "sql": "SELECT 1"}`,
		`{'explanation': 'Counts "all" orders.', 'query': 'SELECT 1',}`,
	} {
		if got, problem := newReader().read(reply); got.Reason != `Counts "all" orders.` || problem != "" {
			t.Errorf("%s: got %+v, %q", reply, got, problem)
		}
	}
}

func TestReadIsFastOnHostileReplies(t *testing.T) {
	r := newReader()
	for name, unit := range map[string]string{
		"braces": "{", "keys": `{"sql":`, "quotes": `{"sql": "a" b `, "fences": "```\n", "blank lines": "SELECT 1\n\n", "semicolons": "SELECT 1;\n",
		"comments": "/* ", "parentheses": "(", "backticks": "`", "tags": "<sql>", "thoughts": "<think>", "lists": `{"sql": [`, "escapes": `{"sql": "\u`,
		"with": "WITH a (", "fences on one line": "```SELECT 1```",
	} {
		begin := time.Now()
		r.read(strings.Repeat(unit, maxReply/len(unit)))
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

// FuzzRead checks that a valid answer survives any text as its SQL, and that no
// reply causes a panic.
func FuzzRead(f *testing.F) {
	for _, c := range replyCases(f) {
		f.Add(c.reply)
	}
	r := newReader()
	f.Fuzz(func(t *testing.T, text string) {
		r.read(text)
		sql := "SELECT '" + strings.ToValidUTF8(text, "") + "'"
		reply, err := json.Marshal(answer{Reason: "r", SQL: sql})
		if err != nil {
			t.Fatal(err)
		}
		if got, problem := r.read(string(reply)); got.SQL != sql || problem != "" {
			t.Errorf("got %q, problem %q; want %q", got.SQL, problem, sql)
		}
	})
}
