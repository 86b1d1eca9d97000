package runtime

import (
	"syscall"
	"testing"

	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/postgres"
)

// TestSIGTERMEndsFunctionInTime shuts functions down that have an extension. Lambda sends
// SIGTERM for them, and SIGKILL if the function takes too long.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
func TestSIGTERMEndsFunctionInTime(t *testing.T) {
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
			if f.logged("SIGKILL", "runtime") != 0 || f.logged("The runtime did not exit") != 0 {
				t.Error("the function did not end on SIGTERM")
			}
			if external && f.logged("extension: shutdown for") != 1 {
				t.Error("the extension got no shutdown")
			}
		})
	}
}
