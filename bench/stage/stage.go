// Package stage starts what benchmarks of the query function need: a real
// PostgreSQL, a substitute for the generator, and the deployed form of the function.
package stage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/internal/testserver/runtimeapi"
)

// Question is what the benchmarks ask, and SQL what the generator answers.
const (
	Question = "Which customers are there?"
	SQL      = "SELECT n AS id, 'Customer ' || n AS name, n * 1.25 AS balance FROM generate_series(1, 20) AS n"
)

// Payload is the question as a direct invoke.
var Payload = []byte(`{"question": "` + Question + `", "profile": true}`)

// Stage is what is set up.
type Stage struct {
	Directory   string // for what a benchmark makes; removed with the stage
	Bootstrap   string // the function's program
	Postgres    *postgres.Server
	Generator   string            // its address
	Environment map[string]string // the function's

	generator *httptest.Server
}

// Set sets the stage, with options for PostgreSQL. The caller closes it.
func Set(ctx context.Context, options ...postgres.Option) (_ *Stage, err error) {
	s := &Stage{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.Directory, err = os.MkdirTemp("", "defog-bench-"); err != nil {
		return s, fmt.Errorf("make a folder: %w", err)
	}
	s.Bootstrap = filepath.Join(s.Directory, "bootstrap")
	if err := runtimeapi.Build(ctx, s.Bootstrap, "postgres"); err != nil {
		return s, err
	}
	if s.Postgres, err = postgres.Run(options...); err != nil {
		return s, err
	}
	s.generator = httptest.NewServer(withoutMemory())
	s.Generator = s.generator.URL
	credentials, err := s.Connection().Encode()
	if err != nil {
		return s, err
	}
	s.Environment = map[string]string{environ.Credentials: credentials, "TMPDIR": s.Directory}
	return s, nil
}

// withoutMemory is a substitute for the generator that is new for each request,
// because it records the requests.
func withoutMemory() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(&generator.Server{SQL: map[string]string{Question: SQL}}).ServeHTTP(w, r)
	})
}

// Connection is the content of connection.json.
func (s *Stage) Connection() connection.Connection {
	return connection.Connection{APIKey: "key", DBType: "postgres", DBCreds: s.Postgres.ReaderCreds(), BaseURL: s.Generator}
}

// Close ends everything.
func (s *Stage) Close() error {
	var problems []error
	if s.generator != nil {
		s.generator.Close()
	}
	if s.Postgres != nil {
		problems = append(problems, s.Postgres.Close())
	}
	return errors.Join(append(problems, os.RemoveAll(s.Directory))...)
}

// Median returns the middle one of the times.
func Median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
