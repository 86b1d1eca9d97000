// Command query is the Lambda function that answers questions with rows. Its
// environment (see internal/environ) says from which database and by whose SQL.
//
// With -listen it answers on this machine instead, without AWS:
//
//	go run ./lambda/query -listen 127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/lambda/ask"
)

// initTime is a little less than the 10 s that Lambda gives a function to
// start.
const initTime = 9 * time.Second

func main() {
	var local server
	local.addFlags(flag.CommandLine)
	flag.Parse()
	if local.address != "" {
		err := local.run(context.Background(), os.Getenv, os.Stderr)
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}

	service, err := newService(os.Getenv)
	handler := service.handler(err)
	ctx, cancel := context.WithTimeout(context.Background(), initTime)
	handler.Prepare(ctx)
	cancel()
	lambda.Start(handler)
}

// newService reads the environment. The service is there even if that says
// something wrong.
func newService(get func(string) string) (*service, error) {
	s, err := readSettings(get)
	var secrets ask.Secrets
	secrets.Add(s.aws.secretKey, s.aws.sessionToken)
	return &service{settings: s, secrets: &secrets, log: ask.NewLogger(os.Stdout, &secrets)}, err
}
