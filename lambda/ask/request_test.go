package ask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/generate"
)

func TestParseRequestReadsAllFields(t *testing.T) {
	got, fail := parseRequest([]byte(`{
		"question": "How many?", "hard_filters": {"a": 1}, "previous_context": [["q", "s"]], "profile": true,
		"sql_only": true, "dev": true, "temp": true, "ignore_cache": true, "model": "m", "glossary": "g",
		"use_golden_queries": false, "subtable_pruning": true, "glossary_pruning": true, "prune_max_tokens": 1,
		"prune_bm25_num_columns": 2, "prune_glossary_max_tokens": 3, "prune_glossary_num_cos_sim_units": 4,
		"prune_glossary_bm25_units": 0}`))
	if fail != nil {
		t.Fatal(fail.message)
	}
	want := request{profile: true, sqlOnly: true, question: generate.Question{
		Text: "How many?", HardFilters: json.RawMessage(`{"a": 1}`), PreviousContext: json.RawMessage(`[["q", "s"]]`),
		Options: generate.Options{
			Glossary: "g", Dev: true, Temp: true, IgnoreCache: true, Model: "m", SubtablePruning: true, GlossaryPruning: true,
			PruneMaxTokens: 1, PruneBM25NumColumns: 2, PruneGlossaryMaxTokens: 3, PruneGlossaryNumCosSimUnits: 4,
		},
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseRequestIgnoresNull(t *testing.T) {
	got, fail := parseRequest([]byte(`{"question":"How many?","hard_filters":null,"previous_context":null,"profile":null,"prune_max_tokens":null,"use_golden_queries":null}`))
	if fail != nil {
		t.Fatal(fail.message)
	}
	want := request{question: generate.Question{Text: "How many?", Options: generate.DefaultOptions()}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseRequestListsAllProblems(t *testing.T) {
	const object = `want a JSON object such as {"question": "…"}.`
	const missing = "question: missing; want non-empty text"
	for body, want := range map[string]string{
		"":                         "The body is empty; " + object,
		"null":                     missing,
		"[]":                       "The body is JSON but not an object; " + object,
		`"How many?"`:              "The body is JSON but not an object; " + object,
		"{\n  \"questiön\" \"x\"}": `The body is not JSON: line 2, column 14: invalid character '"' after object key; ` + object,
		`{"question":"x"`:          "The body is not JSON: line 1, column 15: unexpected end of JSON input; " + object,
		`{"question":"x"} {}`:      "The body is not JSON: line 1, column 18: invalid character '{' after top-level value; " + object,
		`{}`:                       missing,
		`{"question":null}`:        missing,
		`{"question":" \n"}`:       missing,
		`{"question":5}`:           "question: invalid; want text",
		`{"Question":"x"}`:         "Question: unknown field (did you mean question?); " + missing,
		`{"question":"x","hard_filter":"y","profile":"yes","previous_context":"z","prune_max_tokens":-1,"prune_bm25_num_columns":1.5}`: "hard_filter: unknown field (did you mean hard_filters?); previous_context: invalid; want a list; " +
			"profile: invalid; want true or false; prune_bm25_num_columns: invalid; want a whole number from 0 to 9007199254740991; " +
			"prune_max_tokens: invalid; want a whole number from 0 to 9007199254740991",
		`{"question":"x","` + strings.Repeat("y", 200_000) + `":1}`:                 strings.Repeat("y", maxName) + ": unknown field",
		`{"question":"` + strings.Repeat("ü", maxQuestion+1) + `"}`:                 "question: too long; want at most 10000 characters",
		`{"question":"x","hard_filters":"` + strings.Repeat("x", maxContext) + `"}`: "hard_filters: invalid; want at most 256000 bytes",
	} {
		_, fail := parseRequest([]byte(body))
		if fail == nil {
			t.Errorf("%.80s: accepted", body)
			continue
		}
		if fail.code != BadRequest {
			t.Errorf("%.80s: got %s", body, fail.code)
		}
		if diff := cmp.Diff(want, fail.message); diff != "" {
			t.Errorf("%.80s (-want +got):\n%s", body, diff)
		}
	}
}

func TestParseRequestLimitsProblems(t *testing.T) {
	body := `{"question":"x"`
	for i := range 2 * maxProblems {
		body += fmt.Sprintf(`,"field%02d":1`, i)
	}
	_, fail := parseRequest([]byte(body + "}"))
	if fail == nil || strings.Count(fail.message, "; ") != maxProblems || !strings.HasSuffix(fail.message, "field19: unknown field; and others") {
		t.Errorf("got %v", fail)
	}
}

func FuzzInvoke(f *testing.F) {
	for _, seed := range []string{
		`{"question":"x"}`, `{`, `[]`, `null`, `{"requestContext":{"http":{"method":"POST"}},"body":"{\"question\":\"x\"}"}`,
		`{"requestContext":{"http":{"method":"POST"}},"body":"e30=","isBase64Encoded":true,"headers":{"content-type":";"}}`,
		`{"requestContext":{"http":5},"question":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, _ := newHandler(&fake{sql: []string{"SELECT 1"}, result: rows()})
		out, err := h.Invoke(t.Context(), payload)
		if err != nil || !json.Valid(out) {
			t.Errorf("%q: got %s, %v", payload, out, err)
		}
	})
}
