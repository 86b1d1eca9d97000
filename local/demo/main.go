// Command demo shows the whole system at work on this machine: it starts a
// local AWS, deploys the app to it with the real CDK CLI, asks a question
// through the deployed HTTP API, and takes everything down again.
//
// It needs no account, no key and no database server: the database is a
// SQLite file with a made-up shop in it, and the SQL comes from a file of
// question and SQL pairs, both shipped as the function's dependencies.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() {
	var d demo
	flag.StringVar(&d.question, "question", "What is the best-selling product in every country?", "what to ask")
	flag.BoolVar(&d.keep, "keep", false, "leave the local AWS up afterwards")
	flag.BoolVar(&d.progress.verbose, "v", false, "show the output of every step")
	flag.Parse()
	d.out = os.Stdout
	d.progress.out = os.Stdout
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		d.progress.width = width
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A reader that has seen enough (grep -q) must not end the demo before it
	// has cleaned up.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err := d.run(ctx)
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}
