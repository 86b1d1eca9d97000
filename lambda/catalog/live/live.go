// Package live reads the schema for a language model's prompts from the database's
// catalogue, while the function runs. It keeps the schema in the process, and with a
// store for other processes.
package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"defog-cdk/internal/schema"
	"defog-cdk/lambda/generate"
)

const (
	// readTimeout limits one read of the catalogue. No request waits that long.
	readTimeout = 5 * time.Minute

	// storeTimeout limits one request to the store, so that a process without a
	// route to S3 reads the catalogue.
	storeTimeout = 3 * time.Second

	// retryPause is the time between a failed refresh and the next one.
	retryPause = time.Minute
)

// Config configures a Source. Read and TTL are required.
type Config struct {
	// Read reads the schema from the database. It runs in parallel with questions,
	// on a connection of its own.
	Read func(context.Context) (schema.Schema, error)

	Store *Store        // nil for none
	TTL   time.Duration // of a schema
	Log   *slog.Logger
}

// Source is a generate.Source with a live schema.
type Source struct {
	Config
	texts *generate.Knowledge // without a schema
	now   func() time.Time

	mu      sync.Mutex
	current *generate.Knowledge // nil before the first read
	readAt  time.Time           // of current
	failed  time.Time           // of the last failed read
	reading *reading            // nil between two reads
}

// reading is a read in the background.
type reading struct {
	done chan struct{} // closed once the read has a schema or an error
	err  error
}

// New returns a source that adds the schema to texts, the other files of a prompt.
func New(texts *generate.Knowledge, config Config) *Source {
	// The wall clock: the monotonic one stops while Lambda freezes the function.
	return &Source{Config: config, texts: texts, now: func() time.Time { return time.Now().Round(0) }}
}

// Start begins the first read, and does not wait for it.
func (s *Source) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
}

// Knowledge implements generate.Source. It waits for the first schema until ctx ends,
// and the read goes on after that. A schema older than the TTL serves until a new one
// is read in the background.
func (s *Source) Knowledge(ctx context.Context) (*generate.Knowledge, error) {
	s.mu.Lock()
	if now := s.now(); s.current == nil || now.Sub(s.readAt) >= s.TTL && now.Sub(s.failed) >= retryPause {
		s.begin()
	}
	current, read := s.current, s.reading
	s.mu.Unlock()
	if current != nil {
		return current, nil
	}
	select {
	case <-read.done:
	case <-ctx.Done():
		return nil, &generate.SchemaError{Cause: ctx.Err()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil, &generate.SchemaError{Cause: read.err}
	}
	return s.current, nil
}

// begin starts a read unless one runs.
func (s *Source) begin() {
	if s.reading != nil {
		return
	}
	read := &reading{done: make(chan struct{})}
	s.reading = read
	first := s.current == nil && s.Store != nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		if first && s.load(ctx, read) {
			return
		}
		found, err := s.Read(ctx)
		if err == nil && len(found.Tables) == 0 {
			err = errors.New("it has no tables")
		}
		if err != nil {
			s.fail(ctx, read, err)
			return
		}
		s.publish(read, found, s.now())
		s.save(ctx, found)
	}()
}

// load publishes the store's schema, and reports whether it is recent.
func (s *Source) load(ctx context.Context, read *reading) bool {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	found, at, err := s.Store.load(ctx)
	if err != nil {
		if !isAbsent(err) {
			s.Log.WarnContext(ctx, "the stored schema cannot be read; the catalogue is read instead", "cause", err)
		}
		return false
	}
	if s.now().Sub(at) < s.TTL {
		s.publish(read, found, at)
		return true
	}
	return false
}

func (s *Source) publish(read *reading, found schema.Schema, at time.Time) {
	current := s.texts.WithSchema(found.At(at))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.readAt, s.failed, s.reading = current, at, time.Time{}, nil
	close(read.done)
}

func (s *Source) fail(ctx context.Context, read *reading, err error) {
	s.Log.ErrorContext(ctx, "the database's catalogue cannot be read", "cause", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	read.err = err
	s.failed, s.reading = s.now(), nil
	close(read.done)
}

// save stores the schema for other processes.
func (s *Source) save(ctx context.Context, found schema.Schema) {
	if s.Store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.Store.save(ctx, found); err != nil {
		s.Log.WarnContext(ctx, "the schema cannot be stored; other processes read the catalogue", "cause", err)
	}
}
