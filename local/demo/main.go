// Command demo shows the whole system on this machine. It starts a local AWS and
// deploys the app to it with the real CDK CLI. It asks a question through the deployed
// HTTP API, and stops everything.
//
// It needs no account, no key and no database server. The database is a SQLite file
// with an invented shop, and the SQL comes from a file of question and SQL pairs. Both
// are dependencies of the function.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"defog-cdk/local/show"
)

func main() {
	var d demo
	flag.StringVar(&d.question, "question", "What is the best-selling product in every country?", "what to ask")
	flag.BoolVar(&d.keep, "keep", false, "leave the local AWS up afterwards")
	flag.BoolVar(&d.Verbose, "v", false, "show the output of every step")
	page := flag.String("serve-page", "", "serve the page in this `folder` for a kept local AWS (the demo starts this itself)")
	flag.Parse()
	if *page != "" {
		os.Exit(serve(*page))
	}
	show.Main("demo", &d.Show, d.run)
}

// serve serves the page and returns the exit code.
func serve(folder string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // the reader of its output ends
	if err := servePage(ctx, folder, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
	return 0
}
