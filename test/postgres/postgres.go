// Package postgres runs a real PostgreSQL for tests: private, on a free
// loopback port, from the binaries that npm installs into node_modules.
//
// A server lives in one temporary directory with a copy of the binaries, since
// PostgreSQL refuses to run as root and the checkout may be closed to other
// users. Neither the server nor the directory outlives the test process, even
// one that is killed: a shell waits for the end of a pipe that only the test
// process holds, and cleans up.
package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"defog-cdk/config/connection"
)

const (
	superuser = "postgres"
	database  = "postgres"

	// startTime is how long a server may take until it answers.
	startTime = time.Minute
)

// Server is a running PostgreSQL. Its methods are for one goroutine at a time.
type Server struct {
	directory string              // everything of this server; holds bin, lib, share, data
	owner     *syscall.Credential // the user that it runs as; nil for the test's own
	port      int
	password  string
	settings  []string // arguments for the server
	tls       bool

	process *exec.Cmd
	exited  chan struct{} // closed when process has ended
	watcher *watcher
	paused  []int // processes that Pause has halted
}

// Option changes how a server is started.
type Option func(*Server)

// Setting sets one configuration parameter, as in postgresql.conf.
func Setting(name, value string) Option {
	return func(s *Server) { s.settings = append(s.settings, "-c", name+"="+value) }
}

// TLS makes the server accept TLS, with a certificate for localhost and
// 127.0.0.1 by an authority of its own: see Server.Authority.
func TLS() Option {
	return func(s *Server) { s.tls = true }
}

// Start runs a server until the test ends, and fails the test if it can't.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	server, err := Run(options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	return server
}

// Run starts a server. The caller closes it.
func Run(options ...Option) (_ *Server, err error) {
	s := &Server{password: rand.Text()}
	for _, option := range options {
		option(s)
	}
	if s.owner, err = owner(); err != nil {
		return nil, err
	}
	if err := s.makeDirectory(); err != nil {
		return nil, err
	}
	if s.watcher, err = watch(s.directory); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.directory))
	}
	if err := s.create(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create installs the binaries, makes a data directory and starts the server.
func (s *Server) create() error {
	if err := install(s.directory); err != nil {
		return err
	}
	if s.tls {
		if err := s.createCertificates(); err != nil {
			return err
		}
	}
	passwordFile := filepath.Join(s.directory, "password")
	if err := os.WriteFile(passwordFile, []byte(s.password), 0o600); err != nil {
		return fmt.Errorf("write PostgreSQL's password: %w", err)
	}
	if err := s.handOver(); err != nil {
		return err
	}
	initdb := s.command("initdb", "-D", s.DataDirectory(), "-U", superuser, "--pwfile", passwordFile,
		"--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("create PostgreSQL's data directory: %w\n%s", err, out)
	}
	return s.choosePort()
}

// choosePort starts the server on a free port, on another one if a stranger
// takes it first.
func (s *Server) choosePort() (err error) {
	for range 5 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.StartAgain(); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
	return err
}

// StartAgain starts a stopped server on its old port and waits until it
// answers.
func (s *Server) StartAgain() error {
	args := []string{
		"-D", s.DataDirectory(), "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "timezone=UTC",
	}
	if s.tls {
		args = append(args, "-c", "ssl=on",
			"-c", "ssl_cert_file="+s.path(certificateFile), "-c", "ssl_key_file="+s.path(keyFile))
	}
	log, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	defer log.Close()

	process := s.command("postgres", append(args, s.settings...)...)
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = process.Wait() // the log says why it ended
	}()
	s.process, s.exited = process, exited
	return s.awaitReady()
}

// awaitReady returns when the server answers a query.
func (s *Server) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		_, err := s.query(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("start PostgreSQL: it ended:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("start PostgreSQL: no answer within %s: %w\n%s", startTime, err, s.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop ends the server as an administrator would: running statements are
// broken off, clients are told. The data is kept for StartAgain.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	s.Resume()
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	<-s.exited
	s.process = nil
	return nil
}

// Restart stops the server and starts it again.
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.StartAgain()
}

// Close stops the server and removes all it had.
func (s *Server) Close() error {
	err := s.Stop()
	return errors.Join(err, s.watcher.finish())
}

// Pause halts every process of the server: connections stay open and nothing
// answers, as when a machine hangs.
func (s *Server) Pause() error {
	ctx := context.Background()
	conn, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("pause PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	s.paused = []int{s.process.Process.Pid}
	if err := syscall.Kill(s.paused[0], syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause PostgreSQL: %w", err)
	}
	// A connection that was made before still works, and no new one can
	// start now.
	rows, err := queryOn(ctx, conn, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return fmt.Errorf("pause PostgreSQL: %w", err)
	}
	for _, row := range rows {
		pid, err := strconv.Atoi(row[0])
		if err != nil {
			return fmt.Errorf("pause PostgreSQL: %w", err)
		}
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return fmt.Errorf("pause PostgreSQL: %w", err)
		}
		s.paused = append(s.paused, pid)
	}
	return nil
}

// Resume lets a paused server go on.
func (s *Server) Resume() {
	for _, pid := range s.paused {
		_ = syscall.Kill(pid, syscall.SIGCONT) // one that is gone needs none
	}
	s.paused = nil
}

// Host returns the address that the server listens on.
func (s *Server) Host() string { return "127.0.0.1" }

// Port returns the port that the server listens on.
func (s *Server) Port() int { return s.port }

// Password returns the password of the superuser "postgres".
func (s *Server) Password() string { return s.password }

// DataDirectory returns where the server keeps its data.
func (s *Server) DataDirectory() string { return s.path("data") }

// URL returns how to connect as the superuser, without TLS.
func (s *Server) URL() string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort(s.Host(), strconv.Itoa(s.port)),
		Path:     database,
		RawQuery: "sslmode=disable",
	}).String()
}

// Creds returns db_creds for the superuser, in a map of the caller's own.
func (s *Server) Creds() connection.Creds {
	return connection.Creds{
		"host": s.Host(), "port": strconv.Itoa(s.port), "database": database,
		"user": superuser, "password": s.password,
	}
}

// Log returns what the server has logged.
func (s *Server) Log() string {
	log, err := os.ReadFile(s.path("log"))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(log))
}

func (s *Server) path(name string) string { return filepath.Join(s.directory, name) }

// freePort returns a port of the loopback interface that nobody listens on.
func freePort() (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
