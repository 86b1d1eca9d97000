// Command demo shows the whole system on this machine. It starts a local AWS and
// deploys the app to it with the real CDK CLI. It asks a question through the deployed
// HTTP API, and stops everything.
//
// It needs no account, no key and no database server. The database is a SQLite file
// with an invented shop, and the SQL comes from a file of question and SQL pairs. Both
// are dependencies of the function.
package main

import (
	"flag"

	"defog-cdk/local/show"
)

func main() {
	var d demo
	flag.StringVar(&d.question, "question", "What is the best-selling product in every country?", "what to ask")
	flag.BoolVar(&d.keep, "keep", false, "leave the local AWS up afterwards")
	flag.BoolVar(&d.Verbose, "v", false, "show the output of every step")
	flag.Parse()
	show.Main("demo", &d.Show, d.run)
}
