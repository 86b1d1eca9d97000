package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// startMCP runs defog mcp in this process, and returns a client's session. The
// session ends at the end of the test, and the command with it.
func startMCP(t *testing.T, flags ...string) *sdk.ClientSession {
	t.Helper()
	return startMCPWith(t, nil, flags...)
}

func startMCPWith(t *testing.T, options *sdk.ClientOptions, flags ...string) *sdk.ClientSession {
	t.Helper()
	input, toServer := io.Pipe()
	fromServer, output := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan error, 1)
	root := newRoot()
	root.SetArgs(append([]string{"mcp"}, flags...))
	root.SetIn(input)
	root.SetOut(output)
	root.SetErr(&stderr)
	go func() {
		err := root.ExecuteContext(t.Context())
		output.CloseWithError(io.EOF)
		ended <- err
	}()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, options)
	session, err := client.Connect(t.Context(), &sdk.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil || stderr.Len() > 0 {
			t.Errorf("defog mcp: %v, stderr %q", err, stderr.String())
		}
	})
	return session
}

func callTool(t *testing.T, session *sdk.ClientSession, name string, arguments map[string]any) (text string, isError bool) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	text = result.Content[0].(*sdk.TextContent).Text
	if strings.Contains(text, secretKey) {
		t.Errorf("%s returned the secret key: %s", name, text)
	}
	return text, result.IsError
}

func TestMCPAsksAPIOfStack(t *testing.T) {
	fake := newAWS(t)
	session := startMCP(t)
	text, isError := callTool(t, session, "ask", map[string]any{"question": "How many?", "previous_context": []string{"c"}})
	if isError || !strings.Contains(text, "SELECT 1 AS n") || !strings.Contains(text, "| 1 |\n\n1 row") {
		t.Errorf("%v: %s", isError, text)
	}
	if want := `{"previous_context":["c"],"question":"How many?"}`; fake.body != want {
		t.Errorf("asked %s, want %s", fake.body, want)
	}
	if diff := cmp.Diff(signature(t, fake.asked, fake.body, "eu-central-1"), fake.asked.Header.Get("Authorization")); diff != "" {
		t.Errorf("Authorization (-want +got):\n%s", diff)
	}
	fake.status, fake.answer = http.StatusBadGateway, `{"ran_successfully":false,"error_message":"The database is down.","error_code":"database_unreachable","request_id":"r-1"}`
	if text, isError = callTool(t, session, "ask", map[string]any{"question": "x"}); !isError || text != "error_code: database_unreachable\nerror_message: The database is down.\nrequest_id: r-1" {
		t.Errorf("%v: %s", isError, text)
	}
	fake.status, fake.answer = http.StatusForbidden, `{"message":"Forbidden"}`
	if text, isError = callTool(t, session, "ask", map[string]any{"question": "x"}); !isError || !strings.Contains(text, "execute-api:Invoke") {
		t.Errorf("%v: %s", isError, text)
	}
}

func TestMCPInvokesFunctionForOtherTools(t *testing.T) {
	fake := newAWS(t)
	fake.outputs["FunctionName"] = "fn"
	session := startMCP(t, "-c", "mcp=true", "-c", "mcp_sql=true", "-c", "mcp_max_rows=1")
	fake.answer = `{"questions":[{"question":"How many?","sql":"SELECT 1"}],"question_count":1,"truncated":false}`
	if text, isError := callTool(t, session, "golden_questions", nil); isError || !strings.Contains(text, "How many?") {
		t.Errorf("%v: %s", isError, text)
	}
	if fake.asked.URL.Path != "/2015-03-31/functions/fn/invocations" || fake.body != `{"arguments":{},"tool":"golden_questions"}` {
		t.Errorf("%s got %s", fake.asked.URL.Path, fake.body)
	}
	fake.answer = `{"columns":["n"],"data":[[1],[2]],"query_generated":"SELECT n FROM t","ran_successfully":true,"truncated":false,"request_id":"r"}`
	if text, isError := callTool(t, session, "query", map[string]any{"sql": "SELECT n FROM t"}); isError || !strings.Contains(text, "1 row. More rows exist.") {
		t.Errorf("%v: %s", isError, text)
	}
	fake.status, fake.answer = http.StatusForbidden, `{"message":"not authorized to perform: lambda:InvokeFunction"}`
	if text, isError := callTool(t, session, "describe_database", nil); !isError || !strings.Contains(text, "lambda:InvokeFunction") {
		t.Errorf("%v: %s", isError, text)
	}
}

func TestMCPOffersQueryOnlyBySetting(t *testing.T) {
	newAWS(t)
	list, err := startMCP(t).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	if diff := cmp.Diff([]string{"ask", "describe_database", "golden_questions"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestMCPExplainsDeployment: a client shows the errors of tools, and not why a
// server ended.
func TestMCPExplainsDeployment(t *testing.T) {
	fake := newAWS(t)
	fake.expired = true
	session := startMCP(t)
	if text, isError := callTool(t, session, "ask", map[string]any{"question": "x"}); !isError || !strings.Contains(text, "sign in with aws login") {
		t.Errorf("%v: %s", isError, text)
	}
	fake.expired = false
	if text, isError := callTool(t, session, "ask", map[string]any{"question": "x"}); isError {
		t.Errorf("after the sign-in: %s", text)
	}
	if text, isError := callTool(t, session, "describe_database", nil); !isError || !strings.Contains(text, "--function") {
		t.Errorf("without a function: %v, %s", isError, text)
	}
}

func TestMCPEndsWhenInterrupted(t *testing.T) {
	newAWS(t)
	input, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	root := newRoot()
	root.SetArgs([]string{"mcp"})
	root.SetIn(input)
	root.SetOut(io.Discard)
	cancel()
	if err := root.ExecuteContext(ctx); err != nil {
		t.Error(err)
	}
}

// A client reaches local AWS only with its keys, which are public.
func TestMCPPrintsKeysOfLocalAWSOnly(t *testing.T) {
	for name, test := range map[string]struct {
		endpoint, key string
		printed       bool
	}{
		"local AWS":      {"http://127.0.0.1:4566", "test", true},
		"other key":      {"http://127.0.0.1:4566", "AKIDEXAMPLE", false},
		"other endpoint": {"https://vpce.example", "test", false},
		"AWS":            {"", "test", false},
	} {
		t.Run(name, func(t *testing.T) {
			newAWS(t)
			t.Setenv("AWS_ENDPOINT_URL", test.endpoint)
			t.Setenv("AWS_ACCESS_KEY_ID", test.key)
			t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
			code, stdout, stderr := defog(t, "mcp", "--print-config")
			if code != 0 || strings.Contains(stdout, "KEY_ID") != test.printed || strings.Contains(stdout, "SECRET_ACCESS_KEY") != test.printed {
				t.Errorf("exit code %d: %s%s", code, stdout, stderr)
			}
			if !strings.Contains(stdout, test.endpoint) {
				t.Errorf("no endpoint: %s", stdout)
			}
		})
	}
	newAWS(t)
	t.Setenv("AWS_ENDPOINT_URL", "https://ann:hunter2@127.0.0.1/")
	if code, stdout, stderr := defog(t, "mcp", "--print-config"); code != 1 || strings.Contains(stdout+stderr, "hunter2") || !strings.Contains(stderr, "AWS_ENDPOINT_URL") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

func TestMCPPrintsConfigurationWithoutCredentials(t *testing.T) {
	newAWS(t)
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_CA_BUNDLE", "")
	code, stdout, stderr := defog(t, "mcp", "--print-config", "-c", "app_name=shop", "-c", "stage=prod", "--region", "eu-west-1")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	var servers []string
	for _, part := range strings.SplitAfter(stdout, "\n}\n") {
		_, text, found := strings.Cut(part, "\n\n{")
		if !found {
			continue
		}
		var config map[string]map[string]struct {
			Command string            `json:"command"`
			Args    []string          `json:"args"`
			Env     map[string]string `json:"env"`
		}
		if err := json.Unmarshal([]byte("{"+text), &config); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		for key, list := range config {
			servers = append(servers, key)
			server, ok := list["shop-prod"]
			if !ok || server.Command == "" || !strings.HasSuffix(strings.Join(server.Args, " "), "mcp -c app_name=shop -c stage=prod --region eu-west-1") || server.Env["AWS_REGION"] != "eu-central-1" || server.Env["AWS_ENDPOINT_URL"] != os.Getenv("AWS_ENDPOINT_URL") || len(server.Env) != 4 {
				t.Errorf("%s: %+v", key, list)
			}
		}
	}
	if diff := cmp.Diff([]string{"mcpServers", "servers"}, servers); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
