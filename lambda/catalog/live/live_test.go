package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/config/connection"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/generate"
)

const second = time.Second // a clock is named time, too

// catalogue is a database's catalogue under test. A read waits for a value of answers.
type catalogue struct {
	answers chan error
	reads   int
}

func (c *catalogue) read(ctx context.Context) (schema.Schema, error) {
	c.reads++
	table := fmt.Sprintf("read_%d", c.reads)
	select {
	case err := <-c.answers:
		return schema.Schema{DBType: "postgres", Tables: []schema.Table{{Name: table, Columns: []schema.Column{{Name: "id"}}}}}, err
	case <-ctx.Done():
		return schema.Schema{}, ctx.Err()
	}
}

// clock is the time of a source.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newSource(t *testing.T, c *catalogue, store *Store) (*Source, *clock) {
	t.Helper()
	texts, err := generate.OpenKnowledge(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := New(texts, Config{Read: c.read, Store: store, TTL: time.Hour, Log: slog.New(slog.DiscardHandler)})
	time := &clock{at: time.Now()}
	s.now = time.now
	return s, time
}

// table returns the name of the only table in the prompt of a question.
func table(t *testing.T, s *Source) string {
	t.Helper()
	k, err := s.Knowledge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k.Tables()[0]
}

// idle waits until no read runs.
func idle(s *Source) {
	for {
		s.mu.Lock()
		read := s.reading
		s.mu.Unlock()
		if read == nil {
			return
		}
		<-read.done
	}
}

func TestFirstQuestionWaitsForTheCatalogue(t *testing.T) {
	c := &catalogue{answers: make(chan error)}
	s, _ := newSource(t, c, nil)
	s.Start()
	// A question whose time ends leaves the read running.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Knowledge(ended)
	if unready, ok := errors.AsType[*generate.SchemaError](err); !ok || !errors.Is(unready, context.Canceled) {
		t.Errorf("got %v", err)
	}
	go func() { c.answers <- nil }()
	if got := table(t, s); got != "read_1" || c.reads != 1 {
		t.Errorf("got %s after %d reads", got, c.reads)
	}
}

func TestSchemaIsRefreshedInTheBackground(t *testing.T) {
	c := &catalogue{answers: make(chan error, 1)}
	s, time := newSource(t, c, nil)
	c.answers <- nil
	if got := table(t, s); got != "read_1" {
		t.Errorf("got %s", got)
	}
	k, err := s.Knowledge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if age := s.now().Sub(k.Schema().Time()); age < 0 || age >= 2*second {
		t.Errorf("the age of a new schema: got %s", age)
	}
	time.pass(s.TTL - 1)
	if got := table(t, s); got != "read_1" || c.reads != 1 {
		t.Errorf("before the TTL: got %s after %d reads", got, c.reads)
	}
	// The old schema serves while the catalogue is read, and after a failure.
	time.pass(1)
	if got := table(t, s); got != "read_1" {
		t.Errorf("during a refresh: got %s", got)
	}
	c.answers <- errors.New("no")
	idle(s)
	if got := table(t, s); got != "read_1" || s.reading != nil {
		t.Errorf("after a failure: got %s", got)
	}
	time.pass(retryPause)
	table(t, s)
	c.answers <- nil
	idle(s)
	if got := table(t, s); got != "read_3" {
		t.Errorf("after a refresh: got %s", got)
	}
}

func TestFailedFirstReadIsRepeated(t *testing.T) {
	c := &catalogue{answers: make(chan error, 1)}
	s, _ := newSource(t, c, nil)
	refused := errors.New("refused")
	c.answers <- refused
	if _, err := s.Knowledge(t.Context()); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	c.answers <- nil
	if got := table(t, s); got != "read_2" {
		t.Errorf("got %s", got)
	}
}

// bucket is a test server for the objects of one bucket.
type bucket struct {
	mu      sync.Mutex
	objects map[string]string
	written map[string]time.Time
	puts    chan struct{}
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		b.objects[r.URL.Path], b.written[r.URL.Path] = string(body), time.Now()
		w.WriteHeader(http.StatusOK)
		b.puts <- struct{}{}
		return
	}
	text, ok := b.objects[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Last-Modified", b.written[r.URL.Path].UTC().Format(http.TimeFormat))
	fmt.Fprint(w, text)
}

func newStore(t *testing.T, url, user string) *Store {
	t.Helper()
	client := s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &url, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials:                credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
	store, err := NewStore(client, "results", "shop-dev", connection.Connection{
		DBType: "postgres", DBCreds: connection.Creds{"host": "h", "user": user, "password": "secret-" + t.Name()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStoredSchemaServesOtherProcesses(t *testing.T) {
	b := &bucket{objects: map[string]string{}, written: map[string]time.Time{}, puts: make(chan struct{}, 10)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	c := &catalogue{answers: make(chan error, 1)}

	s, _ := newSource(t, c, newStore(t, server.URL, "reader"))
	c.answers <- nil
	if got := table(t, s); got != "read_1" {
		t.Errorf("the first process: got %s", got)
	}
	<-b.puts

	s, now := newSource(t, c, newStore(t, server.URL, "reader"))
	if got := table(t, s); got != "read_1" || c.reads != 1 {
		t.Errorf("the second process: got %s after %d reads", got, c.reads)
	}

	now.pass(2 * s.TTL)
	table(t, s)
	c.answers <- nil
	idle(s)
	if got := table(t, s); got != "read_2" {
		t.Errorf("after the TTL: got %s", got)
	}
	<-b.puts

	// Another user may read other tables.
	s, _ = newSource(t, c, newStore(t, server.URL, "another"))
	c.answers <- nil
	if got := table(t, s); got != "read_3" {
		t.Errorf("another user: got %s", got)
	}
	<-b.puts
	if len(b.objects) != 2 {
		t.Errorf("got %d objects, want one a user", len(b.objects))
	}
	for key, text := range b.objects {
		if !strings.HasPrefix(key, "/results/shop-dev/schema-") || strings.Contains(text+key, "secret-") {
			t.Errorf("%s: %s", key, text)
		}
	}
}
