// Command demo shows the whole system at work on this machine: it starts a
// local AWS, deploys the app to it with the real CDK CLI, asks a question
// through the deployed HTTP API, and takes everything down again.
//
// It needs no account, no key and no database server: the database is a
// SQLite file with a made-up shop in it, and the SQL comes from a file of
// question and SQL pairs, both shipped as the function's dependencies.
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
	d.Expect = "The first run may take some minutes, to download and compile; later ones take less than one."
	show.Main("demo", &d.Show, d.run)
}
