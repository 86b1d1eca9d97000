package generate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/caller"
)

// openRestricted returns a folder with entries for single callers.
func openRestricted(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range map[string]string{
		knowledge.GoldenFile: `[
			{"question": "How many orders are there?", "sql": "SELECT count(*) FROM orders"},
			{"question": "What is the secret margin?", "sql": "SELECT 'margin of a'", "callers": {"tenant": "a"}},
			{"question": "What is the secret margin?", "sql": "SELECT 'margin of b'", "callers": {"tenant": "b"}}]`,
		schema.File: `{"tables": [
			{"name": "orders", "columns": [{"name": "id"}, {"name": "margin_of_a", "callers": {"tenant": "a"}}]},
			{"name": "table_of_b", "callers": {"tenant": "b"}, "columns": [{"name": "id"}]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func of(tenant string) caller.Caller {
	return caller.Caller{Kind: caller.JWT, Subject: "jane", Claims: caller.Claims{"sub": "jane", "tenant": tenant}}
}

func TestGoldenQueriesAreForTheirCallers(t *testing.T) {
	g, err := OpenGolden(openRestricted(t))
	if err != nil {
		t.Fatal(err)
	}
	question := Question{Text: "What is the secret margin?"}
	for range 2 {
		for _, tenant := range []string{"a", "b"} {
			query, err := g.Generate(caller.With(t.Context(), of(tenant)), question)
			if err != nil || query.SQL != "SELECT 'margin of "+tenant+"'" {
				t.Errorf("tenant %s: got %q, %v", tenant, query.SQL, err)
			}
		}
	}
	for name, ctx := range map[string]caller.Caller{"unknown": {}, "other tenant": of("c")} {
		if query, err := g.Generate(caller.With(t.Context(), ctx), question); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, %v", name, query.SQL, err)
		}
	}
	if _, err := g.Generate(t.Context(), question); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("without a caller: %v", err)
	}
}

func TestPromptIsForItsCaller(t *testing.T) {
	known, err := OpenKnowledge(openRestricted(t))
	if err != nil {
		t.Fatal(err)
	}
	a := newAuthor("postgres", known, Form{})
	for tenant, shown := range map[string][]string{"a": {"margin of a", "margin_of_a"}, "b": {"margin of b", "table_of_b"}, "c": nil} {
		prompt, err := a.prompt(caller.With(t.Context(), of(tenant)), Question{Text: "What is the secret margin?", Options: DefaultOptions()})
		if err != nil {
			t.Fatal(err)
		}
		text := prompt.instructions() + prompt.turns[0].text
		if !strings.Contains(text, "orders") {
			t.Errorf("tenant %s: the prompt lacks the table for all:\n%s", tenant, text)
		}
		for _, word := range []string{"margin of a", "margin_of_a", "margin of b", "table_of_b"} {
			wanted := false
			for _, s := range shown {
				wanted = wanted || s == word
			}
			if strings.Contains(text, word) != wanted {
				t.Errorf("tenant %s: %q in the prompt is %t:\n%s", tenant, word, !wanted, text)
			}
		}
	}
}

// A question for other callers is not asked, and would not be answered.
func TestProbeAsksForItsCaller(t *testing.T) {
	pairs := `{"question": "What is the secret margin?", "sql": "SELECT 'margin of a'", "callers": {"tenant": "a"}}`
	all := `{"question": "How many orders are there?", "sql": "SELECT count(*) FROM orders"}`
	g := openKnown(t, "["+pairs+","+all+"]")
	for tenant, want := range map[string]string{"a": "SELECT 'margin of a'", "b": "SELECT count(*) FROM orders"} {
		if question, query, err := Probe(caller.With(t.Context(), of(tenant)), g); err != nil || query.SQL != want {
			t.Errorf("tenant %s, %s: got %q, %v", tenant, question, query.SQL, err)
		}
	}
	if question, _, err := Probe(t.Context(), openKnown(t, "["+pairs+"]")); err == nil || question == "" || strings.Contains(question+err.Error(), "secret") {
		t.Errorf("without a query: asked %q, got %v", question, err)
	}

	known, err := OpenKnowledge(openRestricted(t))
	if err != nil {
		t.Fatal(err)
	}
	restricted := known.Schema()
	restricted.Tables = restricted.Tables[1:]
	for want, source := range map[string]*Knowledge{"How many rows does orders have?": known, "": known.WithSchema(restricted)} {
		w := &writer{author: newAuthor("postgres", source, Form{})}
		if question, err := w.probe(t.Context()); err != nil || question != want {
			t.Errorf("got %q, %v, want %q", question, err, want)
		}
	}
}
