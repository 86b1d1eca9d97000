// Command defog operates a deployed query function or custom function:
//
//	go run ./cmd/defog ask "What was our revenue last month?"
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"defog-cdk/cmd/defog/cdk"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code: 0 for success, 1 for an
// error, or the code that a subcommand documents.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	if command == root {
		err = explainCommand(root, err)
	}
	if code, ok := errors.AsType[cdk.ExitCode](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(stderr, "defog:", terminal.Text(session.Explain(explainRefusal(err, os.Getenv("AWS_ENDPOINT_URL"))).Error()))
		return 1
	}
	return 0
}
