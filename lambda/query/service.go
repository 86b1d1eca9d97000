package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/catalog"
	"defog-cdk/lambda/catalog/check"
	"defog-cdk/lambda/catalog/live"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/dependencies"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/recorder"
	"defog-cdk/lambda/results"
	"defog-cdk/lambda/spending"
)

// checkTime is the timeout of the read-only check at the start. After a timeout,
// the first query runs the check.
const checkTime = 3 * time.Second

// service creates the handler and its backend from the settings.
type service struct {
	settings
	secrets  *ask.Secrets
	log      *slog.Logger
	relaunch *relaunch
	long     *answers.Service   // nil without long questions
	ledger   spending.Ledger    // of max_cost_per_day; nil without the table of long questions
	recorder *recorder.Recorder // of history; nil without

	mu     sync.Mutex
	source generate.Source // of the generator and of agents' tools; nil before its first use
}

// handler returns the handler of events. With invalid settings it answers each
// request 503 and logs the cause; an exit would leave the caller with the API's
// bare 502.
func (s *service) handler(invalid error) *ask.Handler {
	if s.maxDailyCost > 0 && s.ledger == nil {
		invalid = errors.Join(invalid, fmt.Errorf("%s: counts in the table of long questions; want %s with it", environ.MaxCostPerDay, environ.AnswersTable))
	}
	handler := &ask.Handler{
		Open: func(ctx context.Context) (ask.Backend, error) {
			if invalid != nil {
				return ask.Backend{}, invalid
			}
			return s.open(ctx)
		},
		Examine:          func(ctx context.Context) doctor.Report { return doctor.Examine(ctx, s.target(invalid)) },
		CheckSchema:      func(ctx context.Context) (check.Report, error) { return s.checkSchema(ctx, invalid) },
		Tools:            s.tools(),
		ToolRows:         s.toolRows,
		AgentSQL:         s.agentSQL,
		Log:              s.log,
		Secrets:          s.secrets,
		Retries:          s.retries,
		MaxRows:          s.maxRows,
		MaxPlanCost:      s.maxPlanCost,
		StatementTimeout: s.statementTimeout,
		LogQuestions:     s.logQuestions,
		LogCallers:       s.logCallers,
		Policy:           s.policy,
		Stack:            s.stack,
		Prices:           s.prices,
		Spending:         s.spendingLimits(),
		Tracer:           s.tracer,
		Long:             s.long,
	}
	s.keepHistory(handler)
	return handler
}

// target returns the function's configuration for the doctor.
func (s *service) target(invalid error) doctor.Target {
	source := environ.Credentials
	if s.secret != "" {
		source = "secret " + s.secret
	}
	return doctor.Target{
		Credentials: func(ctx context.Context) (connection.Connection, error) {
			if invalid != nil {
				return connection.Connection{}, invalid
			}
			return s.connect(ctx)
		},
		Source:          source,
		Files:           s.files,
		Generator:       s.generator,
		GeneratorURL:    s.modelURL,
		GeneratorRegion: s.modelRegion,
		Drivers:         drivers,
		Token:           s.databaseToken,
		PrivilegedLogin: s.privilegedLogin,
		RowSecurity:     s.policy.Mode,
		Roles:           s.policy.Roles,
		NewGenerator: func(_ context.Context, conn connection.Connection, folder string) (generate.Generator, error) {
			return s.openGenerator(conn, folder)
		},
	}
}

// open prepares the generator, the database and the results store.
func (s *service) open(ctx context.Context) (backend ask.Backend, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return backend, err
	}
	directory, err := s.files(ctx)
	if err != nil {
		return backend, err
	}
	if backend.CallerKey, err = callerKey(conn); err != nil {
		return backend, err
	}
	if backend.Generator, err = s.openGenerator(conn, directory); err != nil {
		return backend, err
	}
	backend.Rater = generate.RaterOf(backend.Generator)
	backend.Samples = s.samples
	if len(conn.DBCreds) > 0 {
		backend.Database, err = s.openDatabase(ctx, conn, directory)
		for range s.samples - 1 {
			if err != nil {
				break
			}
			var spare database.Database
			spare, _, err = s.prepareDatabase(conn, directory)
			backend.Spare = append(backend.Spare, spare)
		}
	}
	if s.resultsBucket != "" {
		backend.Results = results.New(s.aws.S3(), s.resultsBucket, s.resultsPrefix, s.resultsLifetime)
	}
	return backend, err
}

// connect returns the credentials and registers their secrets for redaction.
func (s *service) connect(ctx context.Context) (connection.Connection, error) {
	conn, err := s.credentials(ctx)
	if err == nil {
		s.secrets.Add(secretsOf(conn)...)
		s.secrets.AddShared(conn.APIKey)
	}
	return conn, err
}

// callerKey returns the key of the callers' hashes in the log. The connection
// belongs to this deployment alone, and readers of the log do not have it.
func callerKey(conn connection.Connection) (caller.Key, error) {
	text, err := conn.Encode()
	if err != nil {
		return caller.Key{}, err
	}
	return caller.NewKey(text), nil
}

// files returns the folder with the dependencies, or "" without any.
func (s *service) files(ctx context.Context) (string, error) {
	if s.dependencies.Bucket == "" {
		return s.folder, nil
	}
	extractor := dependencies.Extractor{S3: s.aws.S3(), Directory: s.directory, MaxBytes: s.maxBytes, Log: s.log}
	return extractor.Extract(ctx, s.dependencies)
}

func (s *service) openGenerator(conn connection.Connection, directory string) (generate.Generator, error) {
	return generate.Open(generate.Config{
		Type: s.generator, Connection: conn, Directory: directory,
		Source: func() (generate.Source, error) {
			return s.knowledge(func() (connection.Connection, error) { return conn, nil }, directory)
		},
		Model: s.model, Region: s.modelRegion, Endpoint: s.aws.ModelEndpoint(), Credentials: s.aws.Credentials(),
		BaseURL: s.modelURL, Timeout: s.generatorTimeout, Log: s.log, Form: s.form, GoldenFirst: s.goldenFirst,
	})
}

// knowledge opens the description of the database once: a live one is read in the
// background. It calls connect only for that.
func (s *service) knowledge(connect func() (connection.Connection, error), directory string) (generate.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.source != nil {
		return s.source, nil
	}
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	source, err := s.openKnowledge(conn, directory)
	if err == nil {
		s.source = source
	}
	return source, err
}

// openKnowledge returns the description of the database for a prompt: that of
// schema.json, or without the file that of the database's catalogue.
func (s *service) openKnowledge(conn connection.Connection, directory string) (generate.Source, error) {
	texts, err := generate.OpenKnowledge(directory)
	switch {
	case err != nil:
		return nil, err
	case texts.HasSchema():
		return texts, nil
	case len(conn.DBCreds) == 0:
		return nil, knowledge.ErrNoSchema
	}
	config := live.Config{Read: s.catalogueReader(conn, directory), TTL: s.schemaTTL, Log: s.log}
	if s.resultsBucket != "" {
		if config.Store, err = live.NewStore(s.aws.S3(), s.resultsBucket, s.resultsPrefix, conn); err != nil {
			return nil, err
		}
	}
	source := live.New(texts, config)
	source.Start()
	return source, nil
}

// catalogueReader returns a function that reads the database's catalogue on a new
// connection. After the first read, it reads the credentials again.
func (s *service) catalogueReader(conn connection.Connection, directory string) func(context.Context) (schema.Schema, error) {
	current := &conn
	return func(ctx context.Context) (found schema.Schema, err error) {
		conn := current
		current = nil
		if conn == nil {
			fresh, err := s.connect(ctx)
			if err != nil {
				return found, err
			}
			conn = &fresh
		}
		db, err := drivers.Open(*conn, s.databaseOptions(directory))
		if err != nil {
			return found, fmt.Errorf("open database: %w", err)
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		// Views are not probed, since one that is slow would delay the first question.
		return catalog.Read(ctx, db, conn.DBType, catalog.Options{Dataset: conn.DBCreds.Text("dataset"), Unprobed: true})
	}
}

func (s *service) databaseOptions(directory string) database.Options {
	return database.Options{
		Directory: directory, Token: s.databaseToken, AllowedFunctions: s.allowedFunctions,
		MaxSQLBytes: s.maxSQLBytes, Abandoned: s.relaunch.request,
	}
}

// openDatabase returns an error if the database is writable. If it is
// unreachable, the first query reports that.
func (s *service) openDatabase(ctx context.Context, conn connection.Connection, directory string) (database.Database, error) {
	db, checked, err := s.prepareDatabase(conn, directory)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if notReady, ok := errors.AsType[*ask.NotReadyError](checked.check(ctx)); ok {
		return nil, errors.Join(notReady, db.Close())
	}
	return db, nil
}

// prepareDatabase returns a database that is checked before its first query, and the part
// that checks it.
func (s *service) prepareDatabase(conn connection.Connection, directory string) (database.Database, *checkedDatabase, error) {
	if s.maxPlanCost > 0 && !slices.Contains(connection.PlanCostTypes(), conn.DBType) {
		return nil, nil, fmt.Errorf("%s: not supported for db_type %s; want %s", environ.MaxPlanCost, conn.DBType, strings.Join(connection.PlanCostTypes(), ", "))
	}
	open := func(conn connection.Connection) (*checkedDatabase, error) {
		options := s.databaseOptions(directory)
		options.RowSecurity = s.policy.Mode
		db, err := drivers.Open(conn, options)
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		return &checkedDatabase{Database: db, log: s.log, privileged: s.privilegedLogin, policy: s.policy}, nil
	}
	db, err := open(conn)
	if err != nil {
		return nil, nil, err
	}
	if s.secret == "" {
		return db, db, nil
	}
	return &refreshedDatabase{
		Database: db,
		conn:     conn,
		read:     s.connect,
		open:     func(conn connection.Connection) (database.Database, error) { return open(conn) },
		log:      s.log,
	}, db, nil
}
