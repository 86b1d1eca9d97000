package runtime

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/internal/testserver/runtimeapi"
)

// question has an answer of the SQL generator: see newGenerator.
const question = `{"question": "Which number?"}`

// newGenerator returns a SQL generator and its address.
func newGenerator(t *testing.T) (*generator.Server, string) {
	t.Helper()
	service := &generator.Server{SQL: map[string]string{"Which number?": "SELECT 6 * 7 AS n"}}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return service, server.URL
}

// onSQLite returns the environment of a query function with the built-in SQLite.
func onSQLite(t *testing.T, generator string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "empty.sqlite")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return credentials(t, connection.Connection{APIKey: "key", DBType: "sqlite", DBCreds: connection.Creds{"database": file}, BaseURL: generator})
}

// onPostgres returns the environment of a query function with a server.
func onPostgres(t *testing.T, server *postgres.Server, generator string) map[string]string {
	t.Helper()
	return credentials(t, connection.Connection{APIKey: "key", DBType: "postgres", DBCreds: server.ReaderCreds(), BaseURL: generator})
}

func credentials(t *testing.T, conn connection.Connection) map[string]string {
	t.Helper()
	text, err := conn.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{environ.Credentials: text, environ.Retries: "0"}
}

// checkNumber requires the answer to question.
func checkNumber(t *testing.T, answer string) {
	t.Helper()
	var got struct {
		Data      [][]any
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || len(got.Data) != 1 || got.Data[0][0] != 42.0 || len(got.RequestID) != 36 {
		t.Fatalf("got %s (%v), want 42 and the emulator's request id", answer, err)
	}
}

func TestQueryFunctionAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		program     func(*testing.T) string
		environment func(t *testing.T, generator string) map[string]string
	}{
		"sqlite": {sqlite, onSQLite},
		"postgres": {postgreSQL, func(t *testing.T, generator string) map[string]string {
			return onPostgres(t, postgres.Start(t), generator)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			program := test.program(t)
			_, url := newGenerator(t)
			f := start(t, emulator.Config{Command: []string{program}, Environment: test.environment(t, url)})
			for range 2 {
				checkNumber(t, f.answer(t, question))
			}
			event := `{"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": "{\"question\": \"Which number?\"}"}`
			var response struct {
				StatusCode int
				Body       string
			}
			if answer := f.answer(t, event); json.Unmarshal([]byte(answer), &response) != nil || response.StatusCode != 200 {
				t.Fatalf("got %s, want the response of an HTTP API", answer)
			}
			checkNumber(t, response.Body)
			if cold, warm := f.logged(`"cold_start":true`), f.logged(`"cold_start":false`); cold != 1 || warm != 2 {
				t.Errorf("%d cold and %d warm questions in the log, want 1 and 2", cold, warm)
			}
			if f.logged("INIT RTDONE(status: success)") != 1 {
				t.Error("want one successful init")
			}
		})
	}
}

// TestQueryFunctionAnswersOnArm runs the function as deployed on Arm. Other processors
// need QEMU's user mode.
func TestQueryFunctionAnswersOnArm(t *testing.T) {
	t.Parallel()
	rie(t)
	var command []string
	if goruntime.GOARCH != "arm64" {
		qemu, err := exec.LookPath("qemu-aarch64")
		if err != nil {
			if qemu, err = exec.LookPath("qemu-aarch64-static"); err != nil {
				t.Skip("needs an Arm processor, or qemu-aarch64 (on Debian: `apt-get install qemu-user`)")
			}
		}
		command = []string{qemu}
	}
	program := filepath.Join(t.TempDir(), "bootstrap")
	if err := runtimeapi.BuildFor(t.Context(), "arm64", program, "postgres"); err != nil {
		t.Fatal(err)
	}
	_, url := newGenerator(t)
	f := start(t, emulator.Config{Command: append(command, program), Environment: onPostgres(t, postgres.Start(t), url)})
	for range 2 {
		checkNumber(t, f.answer(t, question))
	}
}

// A function with invalid settings runs, and answers 503 with a reason. An exit would
// repeat the init, and the caller would get the API's bare 502.
func TestInvalidSettingsKeepInitSuccessful(t *testing.T) {
	t.Parallel()
	program := sqlite(t)
	f := start(t, emulator.Config{Command: []string{program}, Environment: map[string]string{environ.Credentials: "no base64"}})
	for range 2 {
		if answer := f.answer(t, question); !strings.Contains(answer, `"error_code":"not_ready"`) {
			t.Errorf("got %s, want not_ready", answer)
		}
	}
	if f.logged("INIT START") != 1 || f.logged(environ.Credentials) == 0 {
		t.Error("want one init, and the variable's name in the log")
	}
}

// hang handles a request of a SQL generator, and never answers. It sends a value first.
type hang chan struct{}

func (h hang) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices the client's end only after the body
	h <- struct{}{}
	<-r.Context().Done()
}

// The function ends its own work before Lambda does: the process is not reset.
func TestGeneratorTimeoutKeepsProcess(t *testing.T) {
	t.Parallel()
	program := sqlite(t)
	service, url := newGenerator(t)
	environment := onSQLite(t, url)
	environment[environ.GeneratorTimeout] = "1"
	f := start(t, emulator.Config{Command: []string{program}, Environment: environment})
	for range 2 {
		service.Fail(make(hang, 1))
		if answer := f.answer(t, question); !strings.Contains(answer, `"error_code":"generator_timeout"`) {
			t.Errorf("got %s, want generator_timeout", answer)
		}
	}
	if f.logged("Reset initiated") != 0 || f.logged(`"cold_start":true`) != 1 {
		t.Error("want one process, without a reset")
	}
}

// A statement that does not stop is answered, and the process replaces itself without
// an exit, which the emulator would report as Runtime.ExitError.
func TestRestartKeepsProcess(t *testing.T) {
	t.Parallel()
	program := sqlite(t)
	service, url := newGenerator(t)
	service.Teach("Endless?", "SELECT instr(printf('%.*c', 8000000, 'a'), printf('%.*c', 4000000, 'a') || 'b')")
	environment := onSQLite(t, url)
	environment[environ.StatementTimeout] = "1"
	f := start(t, emulator.Config{Command: []string{program}, Environment: environment})
	if answer := f.answer(t, `{"question": "Endless?"}`); !strings.Contains(answer, "exceeded the time limit of 1s") {
		t.Errorf("got %s, want an error about the time limit", answer)
	}
	checkNumber(t, f.answer(t, question))
	if f.logged("the process restarts") != 1 || f.logged("Reset initiated") != 0 || f.logged("Runtime.ExitError") != 0 {
		t.Error("want a restart that the emulator does not notice")
	}
}

// A process that ends in an invocation, as for lack of memory, fails that question alone.
func TestExitFailsOneQuestion(t *testing.T) {
	t.Parallel()
	program := sqlite(t)
	service, url := newGenerator(t)
	f := start(t, emulator.Config{Command: []string{program}, Environment: onSQLite(t, url)})
	checkNumber(t, f.answer(t, question))
	received := make(hang)
	service.Fail(received)
	answered := make(chan emulator.Answer, 1)
	go func() {
		answer, err := f.Invoke(context.WithoutCancel(t.Context()), []byte(question))
		if err != nil {
			t.Error(err)
		}
		answered <- answer
	}()
	<-received
	f.signal(t, 9)
	answer := <-answered
	if got := failureOf(t, answer); answer.Status != http.StatusBadGateway || got.ErrorType != "Runtime.ExitError" {
		t.Errorf("got %+v, want Runtime.ExitError", answer)
	}
	checkNumber(t, f.answer(t, question))
	if f.logged("INIT START") != 2 {
		t.Error("want a second init for the next question")
	}
}

// mergeInto adds variables to an environment.
func mergeInto(environment map[string]string, more map[string]string) map[string]string {
	maps.Copy(environment, more)
	return environment
}
