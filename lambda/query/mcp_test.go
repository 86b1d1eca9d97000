package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/internal/environ"
)

// postMCP sends one message of the protocol as the API does.
func (r running) postMCP(t *testing.T, route, body string) (answer events.APIGatewayV2HTTPResponse) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	event := events.APIGatewayV2HTTPRequest{
		RouteKey: route, RawPath: path, Body: body,
		Headers: map[string]string{"content-type": "application/json", "accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"},
	}
	event.RequestContext.HTTP.Method, event.RequestContext.DomainName = method, "api.example.com"
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if text := r.invoke(t, string(payload)); json.Unmarshal([]byte(text), &answer) != nil {
		t.Fatalf("%s: %s", body, text)
	}
	return answer
}

// TestAgentsUseTools sends calls of tools to the program, with files among its
// dependencies.
func TestAgentsUseTools(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	endpoint, hash := serveS3(t, map[string][]byte{
		"golden.json": []byte(`[{"question":"How many coffees do we sell?","sql":"SELECT count(*) AS n FROM coffee"}]`),
		"schema.json": []byte(`{"db_type":"sqlite","tables":[{"name":"coffee","comment":"for sale","columns":[{"name":"name","type":"TEXT","samples":["Löwen"]}]}]}`),
	})
	f := start(t, map[string]string{
		environ.Credentials: encode(t, shop, url), environ.MCP: "true", environ.MCPSQL: "true", environ.MCPMaxRows: "1",
		environ.MCPIssuer: "https://issuer.example.com", environ.DependenciesBucket: "assets", environ.DependenciesKey: "deps.zip",
		environ.DependenciesHash: hash, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "example",
	})
	call := func(tool, arguments string) string {
		t.Helper()
		answer := f.postMCP(t, "POST /mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","arguments":`+arguments+`}}`)
		if answer.StatusCode != 200 {
			t.Fatalf("%s: %d %s", tool, answer.StatusCode, answer.Body)
		}
		return answer.Body
	}
	for _, test := range []struct{ tool, arguments, want string }{
		{"ask", `{"question":"Which coffees are there?"}`, `"rows":[["Löwen \"dark\"",9.5,"2024-02-29",9.5]],"row_count":1,"truncated":true,"rest":"More rows exist.`},
		{"ask", `{"question":"Please delete all coffees"}`, `"isError":true`},
		{"ask", `{"question":"Please delete all coffees"}`, `error_code: statement_failed`},
		{"query", `{"sql":"SELECT count(*) AS n FROM coffee"}`, `"rows":[[2]]`},
		{"query", `{"sql":"DELETE FROM coffee"}`, `error_code: statement_failed`},
		{"query", `{"sql":"SELECT 1; SELECT 2"}`, `error_code: statement_failed`},
		{"describe_database", `{"word":"SALE"}`, `"structuredContent":{"db_type":"sqlite","tables":[{"name":"coffee","comment":"for sale","columns":[{"name":"name","type":"TEXT"}]}],"table_count":1,"truncated":false}`},
		{"describe_database", `{"word":7}`, `error_code: bad_request`},
		{"golden_questions", `{}`, `"structuredContent":{"questions":[{"question":"How many coffees do we sell?","sql":"SELECT count(*) AS n FROM coffee"}],"question_count":1,"truncated":false}`},
	} {
		if got := call(test.tool, test.arguments); !strings.Contains(got, test.want) {
			t.Errorf("%s %s: no %s in %s", test.tool, test.arguments, test.want, got)
		}
	}
	if answer := f.postMCP(t, "GET /mcp", ""); answer.StatusCode != 405 {
		t.Errorf("GET: %d %s", answer.StatusCode, answer.Body)
	}
	if answer := f.postMCP(t, "GET /.well-known/oauth-protected-resource/mcp", ""); !strings.Contains(answer.Body, `"resource":"https://api.example.com/mcp"`) {
		t.Errorf("metadata: %d %s", answer.StatusCode, answer.Body)
	}
	// A direct invoke calls the same tools.
	if got := f.invoke(t, `{"tool":"query","arguments":{"sql":"SELECT 1 AS one"}}`); !strings.Contains(got, `"data":[[1]]`) {
		t.Errorf("direct invoke: %s", got)
	}
}

// TestToolsShowEntriesToTheirCallers calls the tools for callers of the API and of a
// direct invoke. No argument can name another caller.
func TestToolsShowEntriesToTheirCallers(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	endpoint, hash := serveS3(t, map[string][]byte{
		"golden.json": []byte(`[{"question":"Margin?","sql":"SELECT 'golden of a'","callers":{"tenant":"a"}},{"question":"Margin?","sql":"SELECT 'golden of b'","callers":{"tenant":"b"}}]`),
		"schema.json": []byte(`{"db_type":"sqlite","tables":[{"name":"coffee","columns":[{"name":"name"},{"name":"column of a","callers":{"tenant":"a"}}]},
			{"name":"table of b","callers":{"tenant":"b"},"columns":[{"name":"id"}]}]}`),
	})
	f := start(t, map[string]string{
		environ.Credentials: encode(t, shop, url), environ.MCP: "true", environ.DependenciesBucket: "assets", environ.DependenciesKey: "deps.zip",
		environ.DependenciesHash: hash, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "example",
	})
	const (
		ofAPI = `{"version":"2.0","routeKey":"POST /mcp","rawPath":"/mcp","headers":{"content-type":"application/json","accept":"application/json, text/event-stream"},
			"requestContext":{"http":{"method":"POST"}%s},"body":%q}`
		message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":{"word":""},"caller":{"sub":"x","tenant":"a"},"_meta":{"caller":{"sub":"x","tenant":"a"}}}}`
	)
	for tool, entries := range map[string]map[string]string{
		"describe_database": {"a": "column of a", "b": "table of b"},
		"golden_questions":  {"a": "golden of a", "b": "golden of b"},
	} {
		for _, tenant := range []string{"a", "b", "c", ""} {
			authorizer, named := "", ""
			if tenant != "" {
				claims := fmt.Sprintf(`{"sub":"jane","tenant":%q}`, tenant)
				authorizer, named = `,"authorizer":{"jwt":{"claims":`+claims+`}}`, `,"caller":`+claims
			}
			for _, payload := range []string{
				fmt.Sprintf(ofAPI, authorizer, fmt.Sprintf(message, tool)), fmt.Sprintf(`{"tool":%q%s}`, tool, named),
			} {
				got := f.invoke(t, payload)
				for other, entry := range entries {
					if strings.Contains(got, entry) != (other == tenant) {
						t.Errorf("%s for tenant %q: %q in %s", tool, tenant, entry, got)
					}
				}
				if strings.Contains(got, "isError") || strings.Contains(got, "error_code") {
					t.Errorf("%s for tenant %q: %s", tool, tenant, got)
				}
			}
		}
	}
}

func TestToolsWithoutFiles(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})
	want := `{"db_type":"sqlite","tables":[{"name":"coffee","columns":[{"name":"name","type":"TEXT"},{"name":"price","type":"REAL"},{"name":"roasted","type":"TEXT"}]}],"table_count":1,"truncated":false}`
	if got := f.invoke(t, `{"tool":"describe_database","arguments":{"word":"coffee"}}`); got != want {
		t.Errorf("describe_database from the catalogue: %s", got)
	}
	if got := f.invoke(t, `{"tool":"golden_questions"}`); got != `{"questions":[],"question_count":0,"truncated":false}` {
		t.Errorf("golden_questions: %s", got)
	}
	if got := f.invoke(t, `{"tool":"query","arguments":{"sql":"SELECT 1"}}`); !strings.Contains(got, "mcp_sql=true") {
		t.Errorf("query: %s", got)
	}
	// Without the setting, the path is that of a question.
	if answer := f.postMCP(t, "POST /mcp", `{"jsonrpc":"2.0","id":1,"method":"ping"}`); answer.StatusCode != 400 {
		t.Errorf("without mcp: %d %s", answer.StatusCode, answer.Body)
	}
}

func TestProgramContainsProtocolOnlyWithTag(t *testing.T) {
	for tags, want := range map[string]bool{"onedriver,postgres": false, "onedriver,postgres,mcp": true} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tags, ".")
		out, err := list.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := strings.Contains(string(out), "github.com/modelcontextprotocol/go-sdk"); got != want {
			t.Errorf("-tags %s: contains the SDK: %v", tags, got)
		}
	}
}
