package main

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// apiKey is a secret that must not appear in an answer or a log.
const apiKey = "key-that-stays-secret"

// encode returns the encoded connection to the SQLite database in path.
func encode(t *testing.T, path, baseURL string) string {
	t.Helper()
	text, err := connection.Connection{
		APIKey: apiKey, DBType: "sqlite", DBCreds: connection.Creds{"database": path}, BaseURL: baseURL,
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newGenerator(t *testing.T) (*generator.Server, string) {
	t.Helper()
	service := &generator.Server{
		APIKey: apiKey,
		SQL: map[string]string{
			"Which coffees are there?":  "SELECT name, price, roasted, price AS name FROM coffee ORDER BY price",
			"Which teas are there?":     "SELECT * FROM tea",
			"Please delete all coffees": "DELETE FROM coffee",
		},
		Fixes: map[string]string{"SELECT * FROM tea": "SELECT name FROM coffee WHERE name = 'tea'"},
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return service, server.URL
}

// TestAnswersMatchTestdata sends the events in testdata to one process and
// compares the answers byte by byte.
func TestAnswersMatchTestdata(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})

	events, err := filepath.Glob("testdata/*.json")
	if err != nil || len(events) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, event := range events {
		t.Run(filepath.Base(event), func(t *testing.T) {
			payload, err := os.ReadFile(event)
			if err != nil {
				t.Fatal(err)
			}
			got := f.invoke(t, string(payload))
			file := strings.TrimSuffix(event, ".json") + ".answer"
			if *update {
				if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	log := f.stop()
	if lines := strings.Count(log, "\n"); lines != len(events) {
		t.Errorf("got %d log lines for %d events:\n%s", lines, len(events), log)
	}
	for _, secret := range []string{apiKey, "Löwen", "coffees"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}

func TestGoldenQueriesAreReadFromS3(t *testing.T) {
	directory := t.TempDir()
	writeShop(t, filepath.Join(directory, "shop.sqlite"))
	shop, err := os.ReadFile(filepath.Join(directory, "shop.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint, hash := serveS3(t, map[string][]byte{
		"shop.sqlite": shop,
		"golden.json": []byte(`[{"question":"How many coffees do we sell?","sql":"SELECT count(*) AS n FROM coffee"}]`),
	})
	environment := map[string]string{
		environ.Credentials:        encode(t, "shop.sqlite", ""),
		environ.Generator:          golden,
		environ.DependenciesBucket: "assets",
		environ.DependenciesKey:    "deps.zip",
		environ.DependenciesHash:   hash,
		"AWS_ENDPOINT_URL":         endpoint,
		"AWS_REGION":               "eu-central-1",
		"AWS_ACCESS_KEY_ID":        "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":    "example",
	}
	got := start(t, environment).invoke(t, `{"question":"How many coffees do we sell"}`)
	want := `{"columns":["n"],"data":[[2]],"query_generated":"SELECT count(*) AS n FROM coffee","ran_successfully":true,` +
		`"reason_for_query":"This is the golden query for: How many coffees do we sell?","previous_context":[],"truncated":false,"row_count":1,"source":"golden","tables":["coffee"],"request_id":"r-1"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	t.Run("other content", func(t *testing.T) {
		wrong := maps.Clone(environment)
		wrong[environ.DependenciesHash] = strings.Repeat("0", 64)
		checkNotReady(t, start(t, wrong), "s3://assets/deps.zip")
	})
	t.Run("no access", func(t *testing.T) {
		wrong := maps.Clone(environment)
		wrong["AWS_ACCESS_KEY_ID"] = "AKIDOTHER"
		checkNotReady(t, start(t, wrong), "s3://assets/deps.zip")
	})
}

func TestCredentialsAreReadFromSecret(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	secret := `{"api_key": "` + apiKey + `", "db_type": "sqlite", "db_creds": {"database": "` + shop + `"}, "base_url": "` + url + `"}`
	store := serveSecrets(t)
	store.put("prod/defog", secret)
	store.put("prod/broken", `{"api_key": "`+apiKey+`"}`)
	environment := store.environment("prod/defog")
	f := start(t, environment)
	var answer map[string]any
	if err := json.Unmarshal([]byte(f.invoke(t, `{"question":"Which coffees are there?"}`)), &answer); err != nil {
		t.Fatal(err)
	}
	if answer["ran_successfully"] != true {
		t.Errorf("got %v", answer)
	}
	const tool = `{"tool":"describe_database"}`
	first := f.invoke(t, tool)
	store.countReads()
	second := f.invoke(t, tool)
	if reads := store.countReads(); reads > 0 || second != first || !strings.Contains(first, `"name":"coffee"`) {
		t.Errorf("%d more reads, got %s and %s", reads, first, second)
	}
	for name, reason := range map[string]string{"prod/none": "ResourceNotFoundException", "prod/broken": "db_type: missing"} {
		wrong := maps.Clone(environment)
		wrong[environ.CredentialsSecret] = name
		f := start(t, wrong)
		if got := f.invoke(t, tool); !strings.Contains(got, `"error_code":"not_ready"`) {
			t.Errorf("describe_database: got %s", got)
		}
		checkNotReady(t, f, name, reason)
	}
}

func TestInvalidSettingsAreNotReady(t *testing.T) {
	good := encode(t, "shop.sqlite", "")
	for name, test := range map[string]struct {
		environment map[string]string
		logged      []string
	}{
		"no credentials":  {nil, []string{environ.Credentials}},
		"not base64":      {map[string]string{environ.Credentials: "{}"}, []string{environ.Credentials}},
		"golden, no file": {map[string]string{environ.Credentials: good, environ.Generator: golden}, []string{"golden.json"}},
		"all invalid": {
			map[string]string{
				environ.Credentials: good, environ.Generator: "oracle", environ.Retries: "-1",
				environ.MaxRows: "many", environ.StatementTimeout: "0", environ.GeneratorPrice: `{"input": -1}`,
				environ.MaxCostPerDay: "NaN", environ.MaxTokensPerQuestion: "-1",
			},
			[]string{environ.Generator, environ.Retries, environ.MaxRows, environ.StatementTimeout, environ.GeneratorPrice, environ.MaxCostPerDay, environ.MaxTokensPerQuestion},
		},
		"no table for the day's cost": {
			map[string]string{environ.Credentials: good, environ.MaxCostPerDay: "20", environ.GeneratorPrice: `{"input": 3}`},
			[]string{environ.MaxCostPerDay + ": counts in the table", environ.AnswersTable},
		},
		"no cost of plans": {
			map[string]string{environ.Credentials: good, environ.MaxPlanCost: "100", environ.Generator: bedrock},
			[]string{environ.MaxPlanCost + ": not supported for db_type sqlite; want mysql, postgres, sqlserver"},
		},
		"no prices for the day's cost": {
			map[string]string{environ.Credentials: good, environ.MaxCostPerDay: "20", environ.AnswersTable: "t"},
			[]string{environ.MaxCostPerDay + ": the model's cost is unknown", environ.GeneratorPrice},
		},
	} {
		t.Run(name, func(t *testing.T) { checkNotReady(t, start(t, test.environment), test.logged...) })
	}
}

// checkNotReady requires not_ready for two questions, which shows that the
// process continues, and each reason in the log.
func checkNotReady(t *testing.T, f running, reasons ...string) {
	t.Helper()
	for range 2 {
		var answer map[string]any
		if err := json.Unmarshal([]byte(f.invoke(t, `{"question":"?"}`)), &answer); err != nil {
			t.Fatal(err)
		}
		if answer["error_code"] != "not_ready" || answer["ran_successfully"] != false {
			t.Errorf("got %v", answer)
		}
	}
	log := f.stop()
	for _, reason := range reasons {
		if !strings.Contains(log, reason) {
			t.Errorf("the log lacks %q:\n%s", reason, log)
		}
	}
	if strings.Contains(log, apiKey) {
		t.Errorf("the log holds the API key:\n%s", log)
	}
}

func TestInvalidGeneratorResponseFailsOneQuestion(t *testing.T) {
	service, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})
	service.Fail(generator.Text("<html>"))
	var codes []any
	for range 2 {
		var answer map[string]any
		if err := json.Unmarshal([]byte(f.invoke(t, `{"question":"Which coffees are there?"}`)), &answer); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, answer["error_code"])
	}
	if want := []any{"generator_unreachable", nil}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", codes, want)
	}
}
