// Command query is the Lambda function that answers questions with rows. Its
// environment (see internal/environ) configures the database and the SQL
// generator.
//
// With -listen it serves HTTP on this machine, without AWS:
//
//	go run ./lambda/query -listen 127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/internal/release"
	"defog-cdk/lambda/ask"
)

// initTime is the timeout of the start, less than Lambda's 10 s.
const initTime = 9 * time.Second

func main() {
	var local server
	local.addFlags(flag.CommandLine)
	flag.Parse()
	if local.address != "" {
		serve(&local)
		return
	}

	limitMemory(os.Getenv)
	service, err := newService(os.Getenv)
	handler := service.handler(err)
	service.startHistory(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), initTime)
	handler.Prepare(ctx)
	cancel()
	lambda.Start(service.relaunch.lambdaHandler(newRouter(handler, service.paths(handler))))
}

// serve runs the server until an interrupt, such as Ctrl-C.
func serve(local *server) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := local.run(ctx, os.Getenv, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}
}

// newService reads the environment. It returns a service even with an error, so
// that the handler can report it.
func newService(get func(string) string) (*service, error) {
	s, err := readSettings(get)
	var secrets ask.Secrets
	secrets.Add(s.aws.SecretKey, s.aws.SessionToken)
	log := ask.NewLogger(os.Stdout, &secrets).With(release.LogKey, release.Version)
	created := &service{settings: s, secrets: &secrets, log: log, relaunch: newRelaunch(log)}
	created.long, created.ledger = created.longQuestions(), created.costLedger()
	return created, err
}
