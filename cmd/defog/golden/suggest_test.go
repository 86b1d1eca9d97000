package golden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/compare"
	"defog-cdk/internal/history"
	"defog-cdk/internal/knowledge"
)

// rate returns feedback. A corrected statement follows "wrong: ".
func rate(n int, caller, question, sql, verdict string) history.Feedback {
	f := history.Feedback{RequestID: fmt.Sprint("r-", n), Time: time.Unix(int64(n), 0), Verdict: history.Right}
	if rest, wrong := strings.CutPrefix(verdict, "wrong"); wrong {
		f.Verdict, f.SQL = history.Wrong, strings.TrimPrefix(rest, ": ")
	}
	f.Record = history.Record{RequestID: f.RequestID, Caller: caller, Question: question, SQL: sql, Outcome: "ok"}
	return f
}

// tables are the rows of statements of the tests, by the statement without white space.
var tables = map[string]string{
	"one": `[[1]]`, "uno": `[[1]]`, "two": `[[2]]`, "none": `[]`, "nothing": `[]`, "list": `[["a"],["b"]]`, "tsil": `[["b"],["a"]]`,
}

// newSuggester returns one whose statements are the keys of tables. Others fail.
func newSuggester(t *testing.T, pairs ...knowledge.Pair) (s *Suggester, runs map[string]int) {
	t.Helper()
	runs = map[string]int{}
	key := func(sql string) string { return strings.ToLower(strings.Join(strings.Fields(sql), "")) }
	return &Suggester{
		Golden: pairs, Key: key, HasComment: func(string) bool { return false },
		Run: func(_ context.Context, sql string) (Outcome, error) {
			runs[key(sql)]++
			if sql == "lost" {
				return Outcome{}, errors.New("the connection was lost")
			}
			text, ok := tables[key(sql)]
			if !ok {
				return Outcome{Failure: "no such table: " + sql}, nil
			}
			table, err := compare.Parse([]string{"n"}, json.RawMessage(text))
			return Outcome{SQL: sql, Table: table, Rows: len(table.Rows)}, err
		},
	}, runs
}

// lines returns the entries of a report: kind, question, and the statements.
func lines(t *testing.T, s *Suggester, ratings ...history.Feedback) (texts []string, report Report) {
	t.Helper()
	report, err := s.Suggest(t.Context(), ratings)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range report.Entries {
		text := e.Kind + " " + e.Question
		for _, statement := range e.Statements {
			text += " | " + statement.SQL
		}
		texts = append(texts, text)
	}
	return texts, report
}

func TestSuggestSortsQuestionsIntoKinds(t *testing.T) {
	const total, best = "How many orders are there?", "Which customer is the best one?"
	for name, test := range map[string]struct {
		golden  []knowledge.Pair
		ratings []history.Feedback
		want    []string
	}{
		"approved": {nil, []history.Feedback{rate(1, "a", total, "one", "right")}, []string{"new " + total + " | one"}},
		"corrected, with other case and spaces": {nil, []history.Feedback{
			rate(1, "a", total, "two", "wrong: O N E;"), rate(2, "b", "how many  orders are there", "one", "right"),
		}, []string{"new " + total + " | O N E"}},
		"same rows": {nil, []history.Feedback{
			rate(1, "a", total, "two", "wrong: uno"), rate(2, "b", total, "one", "right"), rate(3, "c", total, "one", "right"),
		}, []string{"new " + total + " | one | uno"}},
		"same rows in another order": {nil, []history.Feedback{rate(1, "a", total, "list", "right"), rate(2, "b", total, "tsil", "right")}, []string{"new " + total + " | list | tsil"}},
		"no rows prove nothing":      {nil, []history.Feedback{rate(1, "a", total, "none", "right"), rate(2, "b", total, "nothing", "right")}, []string{"conflict " + total + " | none | nothing"}},
		"other rows":                 {nil, []history.Feedback{rate(1, "a", total, "none", "wrong: one"), rate(2, "b", total, "two", "right")}, []string{"conflict " + total + " | one | two"}},
		"approved and refused":       {nil, []history.Feedback{rate(1, "a", total, "one", "right"), rate(2, "b", total, "ONE", "wrong")}, []string{"disputed " + total + " | one"}},
		"approved, and corrected by another": {nil, []history.Feedback{
			rate(1, "a", total, "one", "right"), rate(2, "b", total, "one", "wrong: two"),
		}, []string{"disputed " + total + " | two | one"}},
		"one caller's last word counts":   {nil, []history.Feedback{rate(1, "a", total, "one", "right"), rate(2, "a", total, "one", "wrong")}, []string{"uncorrected " + total + " | one"}},
		"callers without a name":          {nil, []history.Feedback{rate(1, "", total, "one", "right"), rate(2, "", total, "one", "wrong")}, []string{"disputed " + total + " | one"}},
		"corrected by the same SQL":       {nil, []history.Feedback{rate(1, "a", total, "one", "wrong: ONE")}, []string{"uncorrected " + total + " | one"}},
		"gone table":                      {nil, []history.Feedback{rate(1, "a", total, "two", "wrong: gone"), rate(2, "b", total, "one", "right")}, []string{"new " + total + " | one", "dropped " + total + " | gone"}},
		"invisible characters of SQL":     {nil, []history.Feedback{rate(1, "a", total, "two", "wrong: one\u202e")}, []string{"dropped " + total + " | one\u202e"}},
		"invisible characters":            {nil, []history.Feedback{rate(1, "a", "a\u200bb", "one", "right")}, []string{"dropped a\u200bb"}},
		"redacted secret":                 {nil, []history.Feedback{rate(1, "a", total, "two", "wrong: SELECT '***'")}, []string{"dropped " + total + " | SELECT '***'"}},
		"golden by text":                  {[]knowledge.Pair{{Question: total, SQL: "ONE ;"}}, []history.Feedback{rate(1, "a", total, "one", "right")}, []string{"known " + total + " | one"}},
		"golden by rows":                  {[]knowledge.Pair{{Question: total, SQL: "uno"}}, []history.Feedback{rate(1, "a", total, "one", "right")}, []string{"known " + total + " | one"}},
		"other golden SQL":                {[]knowledge.Pair{{Question: total, SQL: "two"}}, []history.Feedback{rate(1, "a", total, "two", "wrong: one")}, []string{"conflict " + total + " | one | two"}},
		"golden SQL that fails":           {[]knowledge.Pair{{Question: total, SQL: "gone"}}, []history.Feedback{rate(1, "a", total, "gone", "wrong: one")}, []string{"conflict " + total + " | one | gone"}},
		"golden for some callers":         {[]knowledge.Pair{{Question: total, SQL: "one", Callers: map[string]string{"t": "a"}}}, []history.Feedback{rate(1, "a", total, "one", "right")}, []string{"conflict " + total + " | one | one"}},
		"similar question, same SQL":      {[]knowledge.Pair{{Question: "How many orders are there in all?", SQL: "ONE;"}}, []history.Feedback{rate(1, "a", "In all, how many orders are there?", "one", "right")}, []string{"near In all, how many orders are there? | one"}},
		"similar question, other SQL":     {[]knowledge.Pair{{Question: "How many orders are there in all?", SQL: "two"}}, []history.Feedback{rate(1, "a", "In all, how many orders are there?", "one", "right")}, []string{"new In all, how many orders are there? | one"}},
		"similar question, same rows":     {[]knowledge.Pair{{Question: "How many flights are there from Berlin to Paris?", SQL: "uno"}}, []history.Feedback{rate(1, "a", "How many flights are there from Paris to Berlin?", "one", "right")}, []string{"new How many flights are there from Paris to Berlin? | one"}},
		"golden by rows, judged wrong":    {[]knowledge.Pair{{Question: total, SQL: "uno"}}, []history.Feedback{rate(1, "a", total, "uno", "wrong: one")}, []string{"conflict " + total + " | one | uno"}},
		"similar suggestions, most votes": {nil, []history.Feedback{rate(1, "a", "In all, how many orders are there?", "one", "right"), rate(2, "a", "How many orders are there in all?", "ONE", "right"), rate(3, "b", "How many orders are there in all?", "ONE", "right")}, []string{"new How many orders are there in all? | ONE", "near In all, how many orders are there? | one"}},
		"other question, same SQL":        {nil, []history.Feedback{rate(1, "a", total, "one", "right"), rate(2, "a", best, "one", "right")}, []string{"new " + total + " | one", "new " + best + " | one"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSuggester(t, test.golden...)
			got, _ := lines(t, s, test.ratings...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSuggestCountsCallers(t *testing.T) {
	s, runs := newSuggester(t)
	_, report := lines(t, s,
		rate(1, "a", "How many?", "two", "wrong: one"), rate(2, "a", "How many?", "one", "right"), rate(3, "b", "How many?", "uno", "right"), rate(4, "", "How many?", "one", "right"))
	one := 1
	want := []Statement{{SQL: "one", Approved: 2, Rows: &one}, {SQL: "uno", Approved: 1, Rows: &one, SameRows: true}}
	if diff := cmp.Diff(want, report.Entries[0].Statements); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"one": 1, "uno": 1}, runs); diff != "" {
		t.Errorf("each statement must run once, and a refused one not at all: %s", diff)
	}
}

func TestSuggestSkipsWhatDependsOnMoreThanTheQuestion(t *testing.T) {
	s, runs := newSuggester(t)
	change := func(f func(*history.Record)) history.Feedback {
		rating := rate(1, "a", "How many?", "one", "right")
		f(&rating.Record)
		return rating
	}
	got, report := lines(t, s,
		change(func(r *history.Record) { r.Question = "" }), change(func(r *history.Record) { r.IsFollowUp = true }), change(func(r *history.Record) { r.HasFilters = true }),
		change(func(r *history.Record) { r.HasGlossary = true }), change(func(r *history.Record) { r.Outcome = "statement_failed" }), change(func(r *history.Record) { r.SQL = ";" }),
		history.Feedback{Verdict: "maybe", Record: history.Record{Question: "How many?", SQL: "one", Outcome: "ok"}})
	want := map[string]int{noQuestion: 1, followUp: 1, withFilters: 1, withGlossary: 1, failed: 2, unknownVerdict: 1}
	if diff := cmp.Diff(want, report.Skipped); diff != "" || len(got) > 0 || len(runs) > 0 || report.Judged != 7 {
		t.Errorf("got %q after %v: %s", got, runs, diff)
	}
}

func TestSuggestEndsWithTheConnection(t *testing.T) {
	s, _ := newSuggester(t)
	if _, err := s.Suggest(t.Context(), []history.Feedback{rate(1, "a", "How many?", "lost", "right")}); err == nil || !strings.Contains(err.Error(), "the connection was lost") {
		t.Errorf("got %v", err)
	}
}

func TestLatestKeepsLastFeedbackOfAnAnswer(t *testing.T) {
	early, late, other := rate(1, "a", "a?", "one", "right"), rate(3, "a", "a?", "one", "wrong"), rate(2, "a", "b?", "one", "right")
	late.RequestID = early.RequestID
	got := Latest([]history.Feedback{late, other, early}, time.Time{})
	if diff := cmp.Diff([]history.Feedback{other, late}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := Latest([]history.Feedback{early}, time.Unix(5, 0)); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestSuggestKeepsLiteralsAndNamesApart(t *testing.T) {
	s, _ := newSuggester(t)
	s.Key = func(sql string) string { return strings.ToLower(sql) } // white space in a literal counts
	s.Run = func(_ context.Context, sql string) (Outcome, error) {
		if strings.Contains(sql, "Users") {
			return Outcome{Failure: "no such table: Users"}, nil
		}
		return Outcome{SQL: sql}, nil
	}
	got, _ := lines(t, s,
		rate(1, "a", "Who is it?", "SELECT 'a  b'", "right"), rate(2, "b", "Who is it?", "SELECT 'a b'", "right"),
		rate(3, "a", "Users?", "FROM users", "right"), rate(4, "b", "Which users?", "FROM Users", "right"))
	want := []string{"new Users? | FROM users", "conflict Who is it? | SELECT 'a b' | SELECT 'a  b'", "dropped Which users? | FROM Users"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Each suggestion compared with all others would take a minute.
func TestSuggestHandlesThousandsOfQuestions(t *testing.T) {
	s, _ := newSuggester(t)
	s.Run = func(_ context.Context, sql string) (Outcome, error) { return Outcome{SQL: sql}, nil }
	var ratings []history.Feedback
	for n := range 2000 {
		ratings = append(ratings, rate(n, "a", fmt.Sprintf("How many orders did the customer with number %d place in Berlin?", n), fmt.Sprint("SELECT ", n), "right"))
	}
	if _, report := lines(t, s, ratings...); report.Count(New) != len(ratings) {
		t.Errorf("got %d suggestions; want %d", report.Count(New), len(ratings))
	}
}

func TestTextWithInvisibleCharactersIsNotPlain(t *testing.T) {
	for text, want := range map[string]bool{
		"How many?\n\t": true, "می\u200cخواهم": true, "❤\ufe0f\u200d🔥 and 👩\u200d🚒": true, "e\u0301": true,
		"a\x1b[2J": false, "a\u202eb": false, "a\u200bb": false, "a\ufffdb": false,
		"a\U000e0041": false, "a\U000e0101": false, "a\u3164": false, "a\u115f": false, "a\uffa0": false, "a\u034f": false, "a\u180b": false, "a\u2800": false,
		"😀" + strings.Repeat("\ufe0f\ufe0e", 8): false, "a" + strings.Repeat("\u200c\u200d", 8): false,
	} {
		if isPlain(text) != want {
			t.Errorf("%+q: got %v", text, !want)
		}
	}
}
