package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/dependencies"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/results"
)

// proveTime is how long the start waits for the database to prove that it
// cannot write. One that takes longer proves it when the first query comes.
const proveTime = 3 * time.Second

// service is what the handler needs, made from the settings.
type service struct {
	settings
	secrets *ask.Secrets
	log     *slog.Logger
}

// handler returns the handler of events. Wrong settings do not end the
// process: that would leave the caller with the API's bare 502. Each request is
// answered 503 instead, as when S3 is out of reach, and the log says why.
func (s *service) handler(wrong error) *ask.Handler {
	return &ask.Handler{
		Open: func(ctx context.Context) (ask.Backend, error) {
			if wrong != nil {
				return ask.Backend{}, wrong
			}
			return s.open(ctx)
		},
		Examine:          func(ctx context.Context) doctor.Report { return doctor.Examine(ctx, s.patient(wrong)) },
		Log:              s.log,
		Retries:          s.retries,
		MaxRows:          s.maxRows,
		StatementTimeout: s.statementTimeout,
		LogQuestions:     s.logQuestions,
		Stack:            s.stack,
		Tracer:           s.tracer,
	}
}

// patient is this function as a doctor sees it.
func (s *service) patient(wrong error) doctor.Patient {
	source := environ.Credentials
	if s.secret != "" {
		source = "the secret " + s.secret
	}
	return doctor.Patient{
		Credentials: func(ctx context.Context) (connection.Connection, error) {
			if wrong != nil {
				return connection.Connection{}, wrong
			}
			return s.connect(ctx)
		},
		Source:          source,
		Files:           s.files,
		Generator:       s.generator,
		GeneratorURL:    s.modelURL,
		GeneratorRegion: s.modelRegion,
		Token:           s.aws.databaseToken,
	}
}

// open prepares generator and database.
func (s *service) open(ctx context.Context) (backend ask.Backend, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return backend, err
	}
	directory, err := s.files(ctx)
	if err != nil {
		return backend, err
	}
	if backend.Generator, err = s.openGenerator(conn, directory); err != nil {
		return backend, err
	}
	if len(conn.DBCreds) > 0 {
		backend.Database, err = s.openDatabase(ctx, conn, directory)
	}
	if s.resultsBucket != "" {
		backend.Results = results.New(s.s3(), s.resultsBucket, cmp.Or(s.resultsPrefix, "defog"), s.resultsLifetime)
	}
	return backend, err
}

// connect returns what credentials does, and keeps it out of the log.
func (s *service) connect(ctx context.Context) (connection.Connection, error) {
	conn, err := s.credentials(ctx)
	if err == nil {
		s.secrets.Add(secretsOf(conn)...)
	}
	return conn, err
}

// files returns the folder with the dependencies, "" when there are none.
func (s *service) files(ctx context.Context) (string, error) {
	if s.dependencies.Bucket == "" {
		return s.folder, nil
	}
	extractor := dependencies.Extractor{S3: s.s3(), Directory: s.directory, MaxBytes: s.maxBytes, Log: s.log}
	return extractor.Ready(ctx, s.dependencies)
}

func (s *service) openGenerator(conn connection.Connection, directory string) (generate.Generator, error) {
	switch s.generator {
	case golden:
		return generate.OpenGolden(directory)
	case bedrock, openai:
		knowledge, err := generate.OpenKnowledge(directory)
		if err != nil {
			return nil, err
		}
		return s.openModel(conn, knowledge), nil
	default:
		return generate.NewDefog(generate.DefogConfig{
			APIKey: conn.APIKey, DBType: conn.DBType, BaseURL: conn.BaseURL, GenerateURL: conn.GenerateQueryURL,
			Timeout: s.generatorTimeout, Log: s.log,
		}), nil
	}
}

// openModel returns a language model that knows the database.
func (s *service) openModel(conn connection.Connection, knowledge *generate.Knowledge) generate.Generator {
	if s.generator == openai {
		return generate.NewOpenAI(generate.OpenAIConfig{
			DBType: conn.DBType, Knowledge: knowledge, Model: s.model, BaseURL: cmp.Or(s.modelURL, conn.BaseURL), APIKey: conn.APIKey,
			Timeout: s.generatorTimeout,
		})
	}
	return generate.NewBedrock(generate.BedrockConfig{
		DBType: conn.DBType, Knowledge: knowledge, Model: s.model, Region: s.modelRegion, Credentials: s.aws.credentials(),
		Endpoint: s.aws.baseEndpoint(), Timeout: s.generatorTimeout,
	})
}

// openDatabase fails if the database can write. One that cannot be reached is
// no failure: the first query will tell.
func (s *service) openDatabase(ctx context.Context, conn connection.Connection, directory string) (database.Database, error) {
	open := func(conn connection.Connection) (*proved, error) {
		db, err := database.Open(conn, database.Surroundings{Directory: directory, Token: s.aws.databaseToken})
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		return &proved{Database: db, log: s.log}, nil
	}
	db, err := open(conn)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, proveTime)
	defer cancel()
	if notReady, ok := errors.AsType[*ask.NotReadyError](db.prove(ctx)); ok {
		return nil, errors.Join(notReady, db.Close())
	}
	if s.secret == "" {
		return db, nil
	}
	return &renewed{
		Database: db,
		conn:     conn,
		read:     s.connect,
		open:     func(conn connection.Connection) (database.Database, error) { return open(conn) },
		log:      s.log,
	}, nil
}
