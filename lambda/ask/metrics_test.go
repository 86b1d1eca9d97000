package ask

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// logLine sends one question to a handler with Stack set, and returns its log
// line.
func logLine(t *testing.T, f *fake) map[string]any {
	t.Helper()
	h, log := newHandler(f)
	h.Stack = "shop-dev"
	invoke(t, h, `{"question":"How many?"}`)
	return decode(t, log.String())
}

func TestMetricsCountOutcomes(t *testing.T) {
	unreachable := &database.ConnectionError{Message: "No connection."}
	for name, test := range map[string]struct {
		fake *fake
		want map[string]any // without times and bytes, which vary
	}{
		"answer": {
			&fake{sql: []string{"A"}, result: rows()},
			map[string]any{"Outcome": "ok", "Failures": 0.0, "GeneratorFailures": 0.0, "DatabaseFailures": 0.0, "Retries": 0.0, "Rows": 2.0},
		},
		"answer after a retry": {
			&fake{sql: []string{"A", "B"}, fails: map[string]error{"A": &database.StatementError{}}, result: rows()},
			map[string]any{"Outcome": "ok", "Failures": 0.0, "GeneratorFailures": 0.0, "DatabaseFailures": 0.0, "Retries": 1.0, "Rows": 2.0},
		},
		"database": {
			&fake{sql: []string{"A"}, fails: map[string]error{"A": unreachable}},
			map[string]any{"Outcome": "database_unreachable", "Failures": 1.0, "GeneratorFailures": 0.0, "DatabaseFailures": 1.0, "Retries": 0.0},
		},
		"generator": {
			&fake{err: &generate.Error{Kind: generate.Timeout, Cause: errors.New("slow")}},
			map[string]any{"Outcome": "generator_timeout", "Failures": 1.0, "GeneratorFailures": 1.0, "DatabaseFailures": 0.0, "Retries": 0.0},
		},
		"question without SQL": {
			&fake{err: &generate.Error{Kind: generate.Refused}},
			map[string]any{"Outcome": "generator_refused", "Failures": 1.0, "GeneratorFailures": 0.0, "DatabaseFailures": 0.0, "Retries": 0.0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			line := logLine(t, test.fake)
			test.want["Stack"], test.want["Questions"], test.want["ColdStarts"] = "shop-dev", 1.0, 1.0
			got := map[string]any{}
			for _, key := range []string{
				"Stack", "Outcome", "Questions", "Failures", "GeneratorFailures", "DatabaseFailures", "Retries", "Rows", "ColdStarts",
			} {
				if value, ok := line[key]; ok {
					got[key] = value
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if _, ok := line["DatabaseTime"]; ok != (len(test.fake.executed) > 0) {
				t.Errorf("DatabaseTime: %v after the statements %q", line["DatabaseTime"], test.fake.executed)
			}
		})
	}
}

// TestMetricsFollowEmbeddedMetricFormat checks the rules of CloudWatch's
// specification.
func TestMetricsFollowEmbeddedMetricFormat(t *testing.T) {
	line := logLine(t, &fake{sql: []string{"A"}, result: rows()})
	aws := line["_aws"].(map[string]any)
	if len(aws) != 2 {
		t.Errorf("_aws has other members: %v", aws)
	}
	stamp := aws["Timestamp"].(float64)
	if now := float64(time.Now().UnixMilli()); stamp != float64(int64(stamp)) || stamp > now || stamp < now-time.Hour.Seconds()*1000 {
		t.Errorf("Timestamp %v is not now in whole milliseconds", stamp)
	}
	directives := aws["CloudWatchMetrics"].([]any)
	wantDimensions := []any{[]any{[]any{"Stack"}, []any{"Stack", "Outcome"}}, []any{[]any{"Stack"}}}
	var names []string
	var dimensions []any
	for _, d := range directives {
		directive := d.(map[string]any)
		if directive["Namespace"] != "Defog" || len(directive) != 3 {
			t.Errorf("got %v", directive)
		}
		dimensions = append(dimensions, directive["Dimensions"])
		for _, m := range directive["Metrics"].([]any) {
			definition := m.(map[string]any)
			name := definition["Name"].(string)
			names = append(names, name)
			if _, ok := line[name].(float64); !ok {
				t.Errorf("metric %s has the value %v", name, line[name])
			}
			if unit := definition["Unit"].(string); !slices.Contains([]string{"Count", "Bytes", "Milliseconds"}, unit) || len(definition) != 2 {
				t.Errorf("metric %s: %v", name, definition)
			}
		}
	}
	if diff := cmp.Diff(wantDimensions, dimensions); diff != "" {
		t.Errorf("dimensions (-want +got):\n%s", diff)
	}
	for _, dimension := range []string{"Stack", "Outcome"} {
		if text, ok := line[dimension].(string); !ok || text == "" || len(text) > 1024 {
			t.Errorf("dimension %s has the value %v", dimension, line[dimension])
		}
	}
	if names[0] != "Questions" {
		t.Errorf("%s has the dimension Outcome", names[0])
	}
	slices.Sort(names)
	want := []string{
		"Bytes", "ColdStarts", "DatabaseFailures", "DatabaseTime", "Failures", "GenerationTime", "GeneratorFailures",
		"Questions", "Retries", "Rows", "TotalTime",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// priced are prices of which each token kind has another one.
var priced = &generate.Prices{Input: 3, Output: 15, CacheRead: 0.5, CacheWrite: 4}

func TestTokensAndCostAreLogged(t *testing.T) {
	used := generate.Usage{Replies: 2, Input: 1000, Output: 200, CacheRead: 4000, CacheWrite: 500}
	x := &exchange{usage: used}
	h, log := newHandler(&fake{})
	h.Stack, h.Prices = "shop-dev", priced
	h.log(t.Context(), x, time.Second, 0)
	line := decode(t, log.String())
	for name, want := range map[string]float64{
		"input_tokens": 1000, "output_tokens": 200, "cache_read_tokens": 4000, "cache_write_tokens": 500, "cost_usd": 0.01,
		"InputTokens": 1000, "OutputTokens": 200, "CacheReadTokens": 4000, "CacheWriteTokens": 500, "Cost": 0.01,
	} {
		if line[name] != want {
			t.Errorf("%s: got %v, want %v", name, line[name], want)
		}
	}
	definitions := map[string]string{}
	for _, d := range line["_aws"].(map[string]any)["CloudWatchMetrics"].([]any) {
		for _, m := range d.(map[string]any)["Metrics"].([]any) {
			definition := m.(map[string]any)
			definitions[definition["Name"].(string)] = definition["Unit"].(string)
		}
	}
	if definitions["Cost"] != "None" || definitions["InputTokens"] != "Count" || definitions["CacheWriteTokens"] != "Count" {
		t.Errorf("got %v", definitions)
	}
}

func TestUnknownPricesAreLoggedOnce(t *testing.T) {
	h, log := newHandler(&fake{})
	h.Stack = "shop-dev"
	for range 3 {
		h.log(t.Context(), &exchange{usage: generate.Usage{Replies: 1, Input: 7}}, time.Second, 0)
	}
	if n := strings.Count(log.String(), "want the setting generator_price"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	if n := strings.Count(log.String(), `"input_tokens":7`); n != 3 || strings.Contains(log.String(), "cost_usd") || strings.Contains(log.String(), "InputTokens") {
		t.Errorf("got %s", log)
	}
}

func TestQuestionWithoutModelHasNeitherTokensNorCost(t *testing.T) {
	h, log := newHandler(&fake{sql: []string{"A"}, result: rows()})
	h.Stack, h.Prices = "shop-dev", priced
	invoke(t, h, `{"question":"How many?"}`)
	for _, name := range []string{"input_tokens", "cost_usd", "InputTokens", `"Cost"`} {
		if strings.Contains(log.String(), name) {
			t.Errorf("the log has %s: %s", name, log)
		}
	}
}
