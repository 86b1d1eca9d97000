// Package sqlserver is a stand-in for Microsoft SQL Server, which no registry has.
// It implements the server's protocol, TDS 7.4. The test defines the results of
// statements: there is no database.
// https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds
package sqlserver

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

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
	testserver.Record[Login] // with transactions, and "ATTENTION" for each request to stop a statement

	answer Answer
	tls    *tls.Config

	mu       sync.Mutex
	listener net.Listener
	address  string
	password string
	sessions map[uint16]*session
	last     uint16   // the number of the newest session
	tables   []string // what was made and committed
	running  sync.WaitGroup
}

// Login is what a session was opened with.
type Login struct {
	User, Password, Database, Application, Host string
	ReadOnly                                    bool // ApplicationIntent=ReadOnly
	Encrypted                                   bool // all of it, and not just this
}

// Start runs a stand-in until the test ends.
func Start(tb testing.TB, answer Answer) *Server {
	tb.Helper()
	return daemon.Start(tb, func() (*Server, error) { return Run(answer) })
}

// Run starts a stand-in. The caller closes it.
func Run(answer Answer) (_ *Server, err error) {
	s := &Server{answer: answer, password: rand.Text(), sessions: map[uint16]*session{}, last: 50, address: "127.0.0.1:0"}
	if s.Daemon, err = daemon.New("sqlserver", "pid", nil); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *Server) begin() error {
	if err := s.Certify(); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(s.Certificate(), s.Key())
	if err != nil {
		return fmt.Errorf("load the stand-in's certificate: %w", err)
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s.tls.MaxVersion = tls.VersionTLS12 // all that TDS 7.4 has room for
	return s.StartAgain()
}

// StartAgain listens on the old port.
func (s *Server) StartAgain() error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		return fmt.Errorf("start the stand-in for SQL Server: %w", err)
	}
	s.mu.Lock()
	s.listener, s.address = listener, listener.Addr().String()
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			s.running.Go(func() { s.serve(conn) })
		}
	})
	return nil
}

// Stop ends all sessions and refuses new ones.
func (s *Server) Stop() {
	s.mu.Lock()
	_ = s.listener.Close() // twice does no harm
	for _, session := range s.sessions {
		_ = session.raw.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Restart stops the server and starts it again.
func (s *Server) Restart() error {
	s.Stop()
	return s.StartAgain()
}

// Close stops the server and removes all it had.
func (s *Server) Close() error {
	s.Stop()
	return s.Remove()
}

// Kill ends the session that runs the statement, as KILL does, or, without one,
// all that are idle.
func (s *Server) Kill(statement string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		switch {
		case session.statement != statement:
		case statement == "":
			_ = session.raw.Close()
		default:
			session.killed.Store(true)
			session.interrupt("killed")
		}
	}
}

// Creds returns db_creds, in a map of the caller's own.
func (s *Server) Creds() connection.Creds {
	host, port, _ := net.SplitHostPort(s.Address())
	s.mu.Lock()
	defer s.mu.Unlock()
	return connection.Creds{"server": host + "," + port, "database": "bank", "user": "reader", "password": s.password}
}

// Address returns where the server listens.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Rotate changes the password.
func (s *Server) Rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = rand.Text()
}

// Running returns the statements that the server works on.
func (s *Server) Running() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var running []string
	for _, session := range s.sessions {
		if session.statement != "" {
			running = append(running, session.statement)
		}
	}
	return running
}

// Tables returns the tables that were made and committed.
func (s *Server) Tables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tables)
}

// admit returns the errors that a login meets.
func (s *Server) admit(login Login) []Error {
	s.Enter(login)
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := Error{Number: 18456, Class: 14, Message: "Login failed for user '" + login.User + "'."}
	switch {
	case login.User != "reader" || login.Password != s.password:
		return []Error{failed}
	case login.Database != "" && login.Database != "bank":
		return []Error{{4060, 11, `Cannot open database "` + login.Database + `" requested by the login. The login failed.`}, failed}
	}
	return nil
}

// enter gives a session its number.
func (s *Server) enter(session *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	session.id = s.last
	s.sessions[session.id] = session
}

func (s *Server) leave(session *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// busy stores the running statement of a session, "" for none.
func (s *Server) busy(session *session, statement string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session.statement = statement
}

// commit keeps tables.
func (s *Server) commit(tables []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables = append(s.tables, tables...)
}
