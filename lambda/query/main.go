// Command query is the Lambda function that answers questions with rows. Its
// environment (see config/environ) says from which database and by whose SQL.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/dependencies"
	"defog-cdk/lambda/generate"
)

// initTime is a little less than the 10 s that Lambda gives a function to
// start.
const initTime = 9 * time.Second

func main() {
	s, err := readSettings(os.Getenv)
	var secrets ask.Secrets
	secrets.Add(s.aws.secretKey, s.aws.sessionToken)
	log := ask.NewLogger(os.Stdout, &secrets)
	handler := &ask.Handler{
		// Wrong settings do not end the process: that would leave the caller
		// with the API's bare 502. Each request is answered 503 instead, as
		// when S3 is out of reach, and the log says why.
		Open: func(ctx context.Context) (ask.Backend, error) {
			if err != nil {
				return ask.Backend{}, err
			}
			conn, err := s.credentials(ctx)
			if err != nil {
				return ask.Backend{}, err
			}
			secrets.Add(secretsOf(conn)...)
			return s.open(ctx, conn, log)
		},
		Log:              log,
		Retries:          s.retries,
		MaxRows:          s.maxRows,
		StatementTimeout: s.statementTimeout,
		LogQuestions:     s.logQuestions,
	}
	ctx, cancel := context.WithTimeout(context.Background(), initTime)
	handler.Prepare(ctx)
	cancel()
	lambda.Start(handler)
}

// open prepares generator and database. It connects to neither.
func (s settings) open(ctx context.Context, conn connection.Connection, log *slog.Logger) (backend ask.Backend, err error) {
	var directory string
	if s.dependencies.Bucket != "" {
		extractor := dependencies.Extractor{S3: s.s3(), Directory: s.directory, Log: log}
		if directory, err = extractor.Ready(ctx, s.dependencies); err != nil {
			return backend, err
		}
	}
	switch s.generator {
	case golden:
		backend.Generator, err = generate.OpenGolden(directory)
	case defog:
		backend.Generator = generate.NewDefog(generate.DefogConfig{
			APIKey: conn.APIKey, DBType: conn.DBType, BaseURL: conn.BaseURL, GenerateURL: conn.GenerateQueryURL, Log: log,
		})
	}
	if err != nil || len(conn.DBCreds) == 0 {
		return backend, err
	}
	if backend.Database, err = database.Open(conn, directory); err != nil {
		return backend, fmt.Errorf("open database: %w", err)
	}
	return backend, nil
}
