package runtime

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/postgres"
)

// TestTimeoutResetsQueryFunction stops the process, so that its invocation times out.
// The next question gets a new process, which reads the secret again, connects again, and
// finds the dependencies in /tmp.
func TestTimeoutResetsQueryFunction(t *testing.T) {
	t.Parallel()
	program := postgreSQL(t)
	server := postgres.Start(t)
	_, url := newGenerator(t)
	c := newCloud(t, map[string]string{"glossary.md": "A number is a number."})
	secret, err := json.Marshal(connection.Connection{APIKey: "key", DBType: "postgres", DBCreds: server.ReaderCreds(), BaseURL: url})
	if err != nil {
		t.Fatal(err)
	}
	c.putSecret(string(secret))
	environment := c.environment()
	environment[environ.CredentialsSecret] = "secret"
	f := start(t, emulator.Config{Command: []string{program}, Environment: environment, Timeout: shortTimeout})
	checkNumber(t, f.answer(t, question))
	awaitSessions(t, server, "1")
	requests, reads := c.counts()
	if requests == 0 || reads == 0 {
		t.Fatalf("%d requests to S3, %d reads of the secret, want some", requests, reads)
	}

	f.pause(t)
	f.timeOut(t, question)
	awaitSessions(t, server, "0")
	checkNumber(t, f.answer(t, question))
	again, rereads := c.counts()
	if again != requests {
		t.Errorf("%d more requests to S3, want the dependencies in /tmp", again-requests)
	}
	if rereads == reads {
		t.Error("the secret was not read again")
	}
	awaitSessions(t, server, "1")
	if f.logged("Reset initiated: Timeout") == 0 || f.logged(`"cold_start":true`, `"outcome":"ok"`) < 2 {
		t.Error("want a reset, and a second cold start")
	}
	f.checkExtracted(t, "defog")
}

// sessions returns how many sessions the function has.
func sessions(t *testing.T, server *postgres.Server) string {
	t.Helper()
	return server.Query(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'test_reader'")[0][0]
}

// awaitSessions waits until the function has the given number of sessions: PostgreSQL
// notices the end of a killed client by itself.
func awaitSessions(t *testing.T, server *postgres.Server, want string) {
	t.Helper()
	for sessions(t, server) != want {
		time.Sleep(10 * time.Millisecond)
	}
}

// checkExtracted requires exactly one folder of dependencies, and no incomplete one, in
// a folder of /tmp.
func (f *function) checkExtracted(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.temporary, folder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			names = append(names, entry.Name())
		}
	}
	if len(names) != 1 || strings.HasPrefix(names[0], ".") {
		t.Errorf("/tmp/%s has %v, want one complete folder", folder, names)
	}
}

// TestTimeoutInInitIsRepeated leaves S3 without an answer until the start has timed out.
// The next invocation starts the function again, which extracts the dependencies.
func TestTimeoutInInitIsRepeated(t *testing.T) {
	t.Parallel()
	program := sqlite(t)
	_, url := newGenerator(t)
	c := newCloud(t, map[string]string{"glossary.md": "A number is a number."})
	c.hold(func(*http.Request) bool { return true })
	f := start(t, emulator.Config{
		Command: []string{program}, Environment: mergeInto(onSQLite(t, url), c.environment()), Timeout: shortTimeout,
	})
	for range 2 {
		f.timeOut(t, question)
	}
	c.hold(nil)
	checkNumber(t, f.answer(t, question))
	if starts := f.logged("INIT START"); starts < 3 {
		t.Errorf("%d starts, want one an invocation", starts)
	}
	f.checkExtracted(t, "defog")
}

// A killed question leaves no statement that runs on in the database without end:
// PostgreSQL ends it at statement_timeout.
func TestStatementOfKilledQuestionEnds(t *testing.T) {
	t.Parallel()
	program := postgreSQL(t)
	server := postgres.Start(t)
	service, url := newGenerator(t)
	service.Teach("Sleep?", "SELECT count(*) FROM generate_series(1, 1000000000000)")
	environment := onPostgres(t, server, url)
	environment[environ.StatementTimeout] = "2"
	f := start(t, emulator.Config{Command: []string{program}, Environment: environment})
	checkNumber(t, f.answer(t, question))
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := f.Invoke(context.WithoutCancel(t.Context()), []byte(`{"question": "Sleep?"}`)); err != nil {
			t.Error(err)
		}
	})
	for server.Query(t, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND state = 'active' AND usename = 'test_reader'")[0][0] == "0" {
		time.Sleep(10 * time.Millisecond)
	}
	f.signal(t, syscall.SIGKILL)
	wait.Wait()
	awaitSessions(t, server, "0")
	checkNumber(t, f.answer(t, question))
}
