package generate

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// known holds similar pairs. The SQL is the question's number.
const known = `[
	{"question": "How many customers do we have?", "sql": "1"},
	{"question": "What was the total revenue per month in 2024?", "sql": "2"},
	{"question": "Which 5 products sold best last month?", "sql": "3"},
	{"question": "Which customers have never placed an order?", "sql": "4"},
	{"question": "Which customers have placed an order?", "sql": "5"},
	{"question": "What is the average order value by country?", "sql": "6"},
	{"question": "Show the orders shipped to Germany", "sql": "7"},
	{"question": "Which supplier has the highest number of late deliveries?", "sql": "8"},
	{"question": "How many orders have the status 'cancelled'?", "sql": "9"}
]`

func openKnown(t *testing.T, pairs string) *Golden {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "golden.json"), []byte(pairs), 0o600); err != nil {
		t.Fatal(err)
	}
	golden, err := OpenGolden(directory)
	if err != nil {
		t.Fatal(err)
	}
	return golden
}

func TestGoldenMatchesParaphrases(t *testing.T) {
	golden := openKnown(t, known)
	for question, want := range map[string]string{
		"How many customers do we have?":                         "1",
		"how many CUSTOMERS are there":                           "1",
		"Number of customers":                                    "1",
		"count customers":                                        "1",
		"total monthly revenue in 2024":                          "2",
		"What was the total revenue each month of 2024, please?": "2",
		"Which five products sold best last month?":              "3",
		"the 5 best selling products of last month":              "3",
		"Which customers never placed an order":                  "4",
		"customers who have not placed an order":                 "4",
		"Which customers didn't place any orders?":               "4",
		"customers that placed orders":                           "5",
		"average order values by countries":                      "6",
		"mean order value per country":                           "6",
		"show orders that were shipped to germany":               "7",
		"What supplier has the greatest number of late delivery": "8",
		`How many orders have status "cancelled"?`:               "9",
		"how many cancelled orders by status":                    "9",
	} {
		query, err := golden.Generate(t.Context(), newQuestion(question))
		if err != nil || query.SQL != want {
			t.Errorf("%s: got %q (%v), want %q", question, query.SQL, err, want)
		}
	}
}

func TestGoldenDistinguishesTheSameQuestionFromASimilarOne(t *testing.T) {
	golden := openKnown(t, known)
	for question, want := range map[string]Origin{
		"How many customers do we have?":     FromGolden,
		"  HOW many customers do we  have? ": FromGolden,
		"how many customers do we have":      FromGolden,
		"How many customers do we have ?!":   FromGolden,
		"How many customers are there?":      FromSimilarGolden,
	} {
		query, err := golden.Generate(t.Context(), newQuestion(question))
		if err != nil || query.Source != want {
			t.Errorf("%s: got %q (%v), want %q", question, query.Source, err, want)
		}
	}
}

func TestGoldenRefusesDifferentQuestions(t *testing.T) {
	golden := openKnown(t, known)
	for _, question := range []string{
		"",
		"?!",
		"the of and",
		"What is the weather like?",
		"Which customers do we have?",    // not how many
		"How many suppliers do we have?", // another thing
		"What was the total revenue per month in 2023?",   // another year
		"What was the total revenue per month?",           // no year
		"What was the total revenue per week in 2024?",    // another period
		"What was the average revenue per month in 2024?", // another aggregate
		"Which 10 products sold best last month?",         // another number
		"Which products sold best last month?",            // no number
		"Which 5 products sold worst last month?",         // another direction
		"Show the orders shipped to France",               // another name
		"show the orders shipped to france",               // in small letters too
		"Show the orders not shipped to Germany",          // the opposite
		"Which supplier has the lowest number of late deliveries?",
		"How many orders have the status 'open'?",
		"How many customers do we have in May?",
		"What is the average order value by country and year?",
		"What is the average order value of Acme by country?",
	} {
		if query, err := golden.Generate(t.Context(), newQuestion(question)); err == nil {
			t.Errorf("%q matched question %s", question, query.SQL)
		}
	}
}

func TestGoldenErrorListsNearestQuestions(t *testing.T) {
	_, err := openKnown(t, known).Generate(t.Context(), newQuestion("Which 10 products sold best last year?"))
	checkErrorPrefix := "No golden query matches this question. The nearest questions:\n- Which 5 products sold best last month?\n- "
	if err == nil || !strings.HasPrefix(err.Error(), checkErrorPrefix) || strings.Count(err.Error(), "\n- ") != nearestCount {
		t.Errorf("got %v", err)
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Refused {
		t.Errorf("got %#v, want an *Error of kind Refused", err)
	}
}

func TestGoldenRefusesAmbiguousQuestion(t *testing.T) {
	golden := openKnown(t, `[{"question":"orders by customer","sql":"1"},{"question":"customers by order","sql":"2"}]`)
	if query, err := golden.Generate(t.Context(), newQuestion("Show orders by customer")); err == nil {
		t.Errorf("got %q", query.SQL)
	}
	if query, err := golden.Generate(t.Context(), newQuestion(" Customers by  order")); err != nil || query.SQL != "2" {
		t.Errorf("word by word: got %q, %v", query.SQL, err)
	}
}

func TestGoldenKeepsPreviousContext(t *testing.T) {
	question := newQuestion("how many customers")
	question.PreviousContext = json.RawMessage(`["before"]`)
	query, err := openKnown(t, known).Generate(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	want := Query{
		SQL:             "1",
		Reason:          json.RawMessage(`"This is the golden query for: How many customers do we have?"`),
		PreviousContext: json.RawMessage(`["before"]`),
		Source:          FromSimilarGolden,
	}
	if diff := cmp.Diff(want, query); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestGoldenRetryReturnsError(t *testing.T) {
	_, err := openKnown(t, known).Retry(t.Context(), newQuestion("how many customers"), Failure{Attempt: 1})
	checkError(t, err, Refused, "The golden query has no alternative.")
}

func TestOpenGoldenRequiresPairs(t *testing.T) {
	directory := t.TempDir()
	for content, want := range map[string]string{
		``:   "golden.json: missing in the dependencies",
		`[]`: "golden.json: empty",
		`[{"question":"a","sql":"b"},{"question":"A","sql":"c"}]`: "golden.json: pair 2: question: duplicates that of pair 1",
	} {
		if content != "" {
			if err := os.WriteFile(filepath.Join(directory, "golden.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := OpenGolden(directory); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
		if err := os.RemoveAll(filepath.Join(directory, "golden.json")); err != nil {
			t.Fatal(err)
		}
	}
}
