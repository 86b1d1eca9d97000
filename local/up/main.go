// Command up keeps a local AWS up, ready for CDK deploys, until it is
// interrupted. It is behind `make local`, and runs in the checkout.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"defog-cdk/local"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if err := run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes what to type to out, and progress to log.
func run(ctx context.Context, out, log io.Writer) (err error) {
	fmt.Fprintln(log, "Starting local AWS …")
	aws, err := local.Start(ctx, ".")
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(log, "Stopping local AWS …")
		err = errors.Join(err, aws.Stop())
	}()
	if err := aws.Bootstrap(ctx, log); err != nil {
		if ctx.Err() != nil {
			return nil // interrupted: that is how it is stopped
		}
		return err
	}
	fmt.Fprintf(out, `
# Local AWS is up. In another terminal, in this directory:

%s
npx cdk deploy -c app_name=defog
go run ./cmd/defog ask -c app_name=defog "…"

# Ctrl-C here stops it, and all that was deployed is gone.
`, aws.Exports())

	select {
	case <-ctx.Done():
	case <-aws.Done(): // Stop returns the reason
	}
	return nil
}
