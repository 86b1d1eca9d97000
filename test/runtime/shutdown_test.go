package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/postgres"
)

// TestSIGTERMEndsFunction shuts functions down that have an extension. Lambda sends
// SIGTERM for them, and SIGKILL if the function takes too long.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
func TestSIGTERMEndsFunction(t *testing.T) {
	t.Parallel()
	for name, external := range map[string]bool{"internal extension": false, "external extension": true} {
		t.Run(name, func(t *testing.T) {
			config := emulator.Config{Command: []string{extension(t), postgreSQL(t)}}
			if external {
				privately(t)
				config.Command, config.Private.Extension = config.Command[1:], config.Command[0]
			}
			server := postgres.Start(t)
			_, url := newGenerator(t)
			config.Environment = onPostgres(t, server, url)
			f := start(t, config)
			for range 2 {
				checkNumber(t, f.answer(t, question))
			}
			if err := f.End(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			awaitSessions(t, server, "0")
			if slow := f.logged("did not exit after deadline") > 0; external && !slow && f.logged("extension: shutdown for") != 1 {
				t.Error("the extension got no shutdown")
			}
		})
	}
}

// TestSIGTERMSuffices sends SIGTERM alone, as the emulator sends SIGKILL to a function
// that a busy machine delays.
func TestSIGTERMSuffices(t *testing.T) {
	t.Parallel()
	for name, startFunction := range map[string]func(*testing.T) *function{
		"query function": func(t *testing.T) *function {
			program := sqlite(t)
			_, url := newGenerator(t)
			return start(t, emulator.Config{Command: []string{program}, Environment: onSQLite(t, url)})
		},
		"with history": func(t *testing.T) *function {
			f, _ := startWithHistory(t, 0)
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFunction(t)
			checkNumber(t, f.answer(t, question))
			process, err := f.Process()
			if err != nil {
				t.Fatal(err)
			}
			f.signal(t, syscall.SIGTERM)
			for {
				if _, err := os.Stat(fmt.Sprintf("/proc/%d", process)); errors.Is(err, fs.ErrNotExist) {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
