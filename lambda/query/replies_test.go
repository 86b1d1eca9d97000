package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
)

// TestRepliesOfModelsRunOnPostgres sends replies that are valid in PostgreSQL's
// dialect through the function to a server. The generator has no second attempt.
func TestRepliesOfModelsRunOnPostgres(t *testing.T) {
	const model = "m"
	service := &generator.OpenAI{Name: model, APIKey: apiKey}
	url := serveGenerator(t, service)
	endpoint, hash := serveS3(t, map[string][]byte{
		"schema.json": []byte(`{"db_type": "postgres", "tables": [{"name": "orders", "columns": [{"name": "id", "type": "bigint"}]}]}`),
	})
	server := postgres.Start(t)
	credentials, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: server.ReaderCreds(), BaseURL: url}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, map[string]string{
		environ.Credentials:        credentials,
		environ.Generator:          openai,
		environ.GeneratorModel:     model,
		environ.Retries:            "0",
		environ.DependenciesBucket: "assets",
		environ.DependenciesKey:    "deps.zip",
		environ.DependenciesHash:   hash,
		"AWS_ENDPOINT_URL":         endpoint,
		"AWS_REGION":               "eu-central-1",
		"AWS_ACCESS_KEY_ID":        "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":    "example",
	})
	for name, test := range map[string]struct{ reply, data string }{
		"semicolon in dollar quotes": {`{"reason": "r", "sql": "SELECT $$a; b$$ AS n"}`, `[["a; b"]]`},
		"backslash in a string": {
			`{"reason": "r", "sql": "SELECT split_part('ACME\\ada', '\\', 2) AS who, 'ada; bob' AS names"}`, `[["ada","ada; bob"]]`,
		},
		"escape character": {
			`{"reason": "r", "sql": "SELECT 1 AS n WHERE 'a_b' LIKE 'a\\_b' ESCAPE '\\' OR 'x' = 'y;z'"}`, `[[1]]`,
		},
		"comment first":        {"```sql\n-- one row\nSELECT 1 AS n;\n```\n", `[[1]]`},
		"end of fence only":    {"SELECT 1 AS n;\n```\n", `[[1]]`},
		"explained afterwards": {"SELECT 1 AS n;\n\nThis gives one row.\n", `[[1]]`},
		"fence never closed":   {"```sql\nSELECT 1 AS n\n", `[[1]]`},
	} {
		t.Run(name, func(t *testing.T) {
			service.Fail(generator.OpenAIReply("stop", test.reply, ""))
			if answer := f.invoke(t, `{"question":"?"}`); !strings.Contains(answer, `"data":`+test.data) {
				t.Errorf("got %s, want the data %s", answer, test.data)
			}
		})
	}
	service.Fail(generator.OpenAIReply("stop", "SELECT 1; SELECT 2", ""))
	if answer := f.invoke(t, `{"question":"?"}`); !strings.Contains(answer, `"error_code":"statement_failed"`) {
		t.Errorf("two statements: got %s, want an error of the guard", answer)
	}
}

func serveGenerator(t *testing.T, service *generator.OpenAI) string {
	t.Helper()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return server.URL
}
