package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
)

// TestRefreshSurvivesRotationUnderLoad changes the password of the database user
// and the secret while four instances of the function answer questions.
func TestRefreshSurvivesRotationUnderLoad(t *testing.T) {
	const instances = 4
	service, url := newGenerator(t)
	service.Teach("Who am I?", "SELECT current_user AS name")
	server := postgres.Start(t)
	store := serveSecrets(t)
	const secret = "prod/defog"
	put := func(password string) {
		creds := server.Creds()
		creds["user"], creds["password"] = "reader", password
		store.put(secret, marshal(t, connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: creds, BaseURL: url}))
	}
	server.Query(t, "CREATE ROLE reader LOGIN PASSWORD 'the first password'")
	put("the first password")

	var idle sync.RWMutex // read-locked during a question
	var load sync.WaitGroup
	var answered [instances]chan struct{}
	failures := make(chan string, 1)
	ctx, stop := context.WithCancel(t.Context())
	for i := range instances {
		answered[i] = make(chan struct{})
		f := start(t, store.environment(secret))
		load.Go(func() {
			for ctx.Err() == nil {
				idle.RLock()
				answer, err := f.Invoke([]byte(`{"question":"Who am I?"}`))
				idle.RUnlock()
				if err != nil || !strings.Contains(string(answer), `"data":[["reader"]]`) {
					select {
					case failures <- fmt.Sprintf("%v: %s", err, answer):
					default:
					}
				}
				select {
				case answered[i] <- struct{}{}:
				case <-ctx.Done():
				}
			}
		})
	}
	await := func() {
		for i := range instances {
			for range 20 {
				<-answered[i]
			}
		}
	}
	await()
	if reads := store.countReads(); reads != instances {
		t.Errorf("%d instances read the secret %d times at start", instances, reads)
	}
	// Between questions: pg_terminate_backend would fail one that runs, and this
	// test is about the login.
	idle.Lock()
	put("the second password")
	server.Query(t, "ALTER ROLE reader PASSWORD 'the second password'; "+
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'reader'")
	idle.Unlock()
	await()
	stop()
	load.Wait()
	select {
	case failure := <-failures:
		t.Errorf("a question failed: %s", failure)
	default:
	}
	if reads := store.countReads(); reads != instances {
		t.Errorf("%d instances read the changed secret %d times", instances, reads)
	}
}

func marshal(t *testing.T, conn connection.Connection) string {
	t.Helper()
	data, err := json.Marshal(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// locked is a database with a password. Its login fails unless got is want.
type locked struct{ got, want string }

func (l *locked) Query(context.Context, string, database.Limits) (*database.Result, error) {
	if l.got != l.want {
		return nil, &database.ConnectionError{Message: "refused", LoginRefused: true}
	}
	return &database.Result{}, nil
}

func (l *locked) Connect(ctx context.Context) error {
	_, err := l.Query(ctx, "", database.Limits{})
	return err
}

func (l *locked) Close() error { return nil }

func TestConnectRefreshesTheSecret(t *testing.T) {
	withPassword := func(password string) connection.Connection {
		return connection.Connection{DBCreds: connection.Creds{"password": password}}
	}
	r := &refreshedDatabase{
		Database: &locked{"old", "new"},
		conn:     withPassword("old"),
		read:     func(context.Context) (connection.Connection, error) { return withPassword("new"), nil },
		open: func(conn connection.Connection) (database.Database, error) {
			return &locked{conn.DBCreds.Text("password"), "new"}, nil
		},
		log: slog.New(slog.DiscardHandler),
	}
	if err := r.Connect(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
	if _, err := r.Query(t.Context(), "SELECT 1", database.Limits{}); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestRefreshReadsSecretAtMostOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		withPassword := func(password string) connection.Connection {
			return connection.Connection{DBCreds: connection.Creds{"password": password}}
		}
		reads, secret := 0, "old"
		r := &refreshedDatabase{
			Database: &locked{"old", "new"},
			conn:     withPassword("old"),
			read: func(context.Context) (connection.Connection, error) {
				reads++
				return withPassword(secret), nil
			},
			open: func(conn connection.Connection) (database.Database, error) {
				return &locked{conn.DBCreds.Text("password"), "new"}, nil
			},
			log: slog.New(slog.DiscardHandler),
		}
		query := func() error {
			_, err := r.Query(t.Context(), "SELECT 1", database.Limits{})
			return err
		}
		refused := func(err error) bool {
			failed, ok := errors.AsType[*database.ConnectionError](err)
			return ok && failed.LoginRefused
		}
		for range 10 {
			if err := query(); !refused(err) {
				t.Errorf("with the old secret: got %v", err)
			}
		}
		secret = "new"
		time.Sleep(refreshInterval - time.Nanosecond)
		if err := query(); !refused(err) || reads != 1 {
			t.Errorf("within the minute: got %v after %d reads", err, reads)
		}
		time.Sleep(time.Nanosecond)
		if err := query(); err != nil || reads != 2 {
			t.Errorf("after the minute: got %v after %d reads", err, reads)
		}
	})
}
