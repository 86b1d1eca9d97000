// Package snowflake is a stand-in for Snowflake, which cannot be installed. It
// implements the HTTP protocol of the drivers with JSON results. The test defines
// the results of statements: there is no database. The protocol is not published,
// so this implementation follows the driver.
package snowflake

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver"
	"defog-cdk/internal/testserver/daemon"
)

// Answer returns the result of a statement, and false for an unknown one.
type Answer func(statement string) (Result, bool)

// Server is a running stand-in.
type Server struct {
	*daemon.Daemon
	testserver.Halt
	testserver.Record[Login] // with "ABORT" for each request to stop a statement

	answer Answer
	secure bool
	key    *rsa.PrivateKey

	mu       sync.Mutex
	http     *http.Server
	address  string
	password string
	sessions map[string]*session // by their tokens
	running  map[string]*query   // by their numbers
	chunks   map[string][]byte   // by their paths
}

// Login is what a session was opened with.
type Login struct {
	Account, User, Database, Schema, Warehouse, Role string
	Key                                              bool // instead of a password
	Parameters                                       map[string]any
}

// session is one client's.
type session struct {
	parameters map[string]string
	pending    []string // the rows inserted since the last ROLLBACK
}

// query is a statement that the server works on.
type query struct {
	statement string
	stopped   chan struct{}
}

// Option changes how a server is started.
type Option func(*Server)

// TLS makes the server accept TLS, with a certificate for localhost and 127.0.0.1
// by a private authority: see Authority.
func TLS() Option { return func(s *Server) { s.secure = true } }

// Start runs a stand-in until the test ends.
func Start(tb testing.TB, answer Answer, options ...Option) *Server {
	tb.Helper()
	return daemon.Start(tb, func() (*Server, error) { return Run(answer, options...) })
}

// Run starts a stand-in. The caller closes it.
func Run(answer Answer, options ...Option) (_ *Server, err error) {
	s := &Server{answer: answer, password: rand.Text(), address: "127.0.0.1:0", chunks: map[string][]byte{}}
	for _, option := range options {
		option(s)
	}
	if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, fmt.Errorf("create the user's key: %w", err)
	}
	if s.Daemon, err = daemon.New("snowflake", "pid", nil); err != nil {
		return nil, err
	}
	if err := errors.Join(s.Certify(), s.StartAgain()); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// StartAgain listens on the old port, without sessions.
func (s *Server) StartAgain() error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		return fmt.Errorf("start the stand-in for Snowflake: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = listener.Addr().String()
	s.sessions, s.running = map[string]*session{}, map[string]*query{}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.http = server
	if s.secure {
		certificate, err := tls.LoadX509KeyPair(s.Certificate(), s.Key())
		if err != nil {
			return fmt.Errorf("load the stand-in's certificate: %w", err)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		server.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are a test's purpose
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }() // until Stop
	return nil
}

// Stop ends all connections and refuses new ones.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.http.Close() // it is closed in any case
	for _, q := range s.running {
		q.stop()
	}
}

// Restart stops the server and starts it again.
func (s *Server) Restart() error {
	s.Stop()
	return s.StartAgain()
}

// Close stops the server and removes its directory.
func (s *Server) Close() error {
	s.Stop()
	return s.Remove()
}

// Expire ends all sessions.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = map[string]*session{}
}

// Rotate changes the password.
func (s *Server) Rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = rand.Text()
}

// Creds returns db_creds, in a map of the caller's own.
func (s *Server) Creds() connection.Creds {
	s.mu.Lock()
	defer s.mu.Unlock()
	host, port, _ := net.SplitHostPort(s.address)
	return connection.Creds{
		"account": "org-test", "host": host, "port": port, "warehouse": "small", "database": "bank", "user": "reader", "password": s.password,
	}
}

// PrivateKey returns the key that the user may log in with, in PEM.
func (s *Server) PrivateKey() string {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err) // a key that was just made
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Address returns where the server listens.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Sessions returns the number of sessions.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Running returns the statements that the server works on.
func (s *Server) Running() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, q := range s.running {
		list = append(list, q.statement)
	}
	return list
}

// token returns the token that a request carries.
func token(r *http.Request) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Authorization"), `Snowflake Token="`), `"`)
}
