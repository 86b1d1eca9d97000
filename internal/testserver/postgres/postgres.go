// Package postgres runs a real PostgreSQL for tests: private, on a free
// loopback port, from the binaries that npm installs into node_modules.
//
// A server has one temporary directory (see internal/testserver/daemon) with a copy
// of the binaries. PostgreSQL refuses to run as root, and other users may have no
// access to the checkout.
package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/daemon"
)

const (
	superuser = "postgres"
	reader    = "test_reader"
	database  = "postgres"
)

// Server is a running PostgreSQL. Its methods are for one goroutine at a time.
type Server struct {
	*daemon.Daemon // everything of this server is in its directory: bin, lib, share, data
	password       string
	settings       []string // arguments for the server
	tls            bool
	programs       string // folder of the programs; "" for that of Programs or npm's
	paused         []int  // processes that Pause has halted
}

// Option changes how a server is started.
type Option func(*Server)

// Setting sets one configuration parameter, as in postgresql.conf.
func Setting(name, value string) Option {
	return func(s *Server) { s.settings = append(s.settings, "-c", name+"="+value) }
}

// TLS makes the server accept TLS, with a certificate for localhost and
// 127.0.0.1 by an authority of its own: see Authority.
func TLS() Option {
	return func(s *Server) { s.tls = true }
}

// Installed selects a version that the system has: see IsInstalled.
func Installed(version string) Option {
	return func(s *Server) { s.programs = programs(version) }
}

// Start runs a server until the test ends, and fails the test if it can't.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	return daemon.Start(tb, func() (*Server, error) { return Run(options...) })
}

// Run starts a server. The caller closes it.
func Run(options ...Option) (_ *Server, err error) {
	s := &Server{password: rand.Text()}
	for _, option := range options {
		option(s)
	}
	user, err := owner()
	if err != nil {
		return nil, err
	}
	if s.Daemon, err = daemon.New("PostgreSQL", "data/postmaster.pid", user); err != nil {
		return nil, err
	}
	if err := s.create(user); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create installs the binaries, makes a data directory and starts the server.
func (s *Server) create(user *syscall.Credential) error {
	if err := install(s.Path(), cmp.Or(s.programs, os.Getenv(Programs))); err != nil {
		return err
	}
	if s.tls {
		if err := s.Certify(); err != nil {
			return err
		}
	}
	passwordFile := s.Path("password")
	if err := os.WriteFile(passwordFile, []byte(s.password), 0o600); err != nil {
		return fmt.Errorf("write PostgreSQL's password: %w", err)
	}
	if err := handOver(s.Path(), user); err != nil {
		return err
	}
	initdb := s.Command(s.Path("bin", "initdb"), "-D", s.DataDirectory(), "-U", superuser, "--pwfile", passwordFile,
		"--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("create PostgreSQL's data directory: %w\n%s", err, out)
	}
	if err := s.ChoosePort("Address already in use", s.StartAgain); err != nil {
		return err
	}
	_, err := s.query(context.Background(), "CREATE ROLE "+reader+" LOGIN PASSWORD '"+s.password+"' IN ROLE pg_read_all_data")
	return err
}

// StartAgain starts a stopped server on its old port and waits until it
// answers.
func (s *Server) StartAgain() error {
	for tries := 1; ; tries++ {
		err := s.start()
		// What a killed server leaves behind is the system's to clean up.
		if err == nil || tries == 20 || !strings.Contains(err.Error(), "is still in use") {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *Server) start() error {
	args := []string{
		"-D", s.DataDirectory(), "-p", strconv.Itoa(s.Port()),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "timezone=UTC",
	}
	if s.tls {
		args = append(args, "-c", "ssl=on",
			"-c", "ssl_cert_file="+s.Certificate(), "-c", "ssl_key_file="+s.Key())
	}
	process := s.Command(s.Path("bin", "postgres"), append(args, s.settings...)...)
	return s.Launch(process, func(ctx context.Context) error {
		_, err := s.query(ctx, "SELECT 1")
		return err
	})
}

// Stop ends the server as an administrator would: running statements are
// interrupted, clients are notified. The data is kept for StartAgain.
func (s *Server) Stop() error {
	s.Resume()
	return s.End(syscall.SIGINT)
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
	return errors.Join(err, s.Remove())
}

// Kill ends every process of the server at once, as when its machine loses
// power: clients get no notice. The data is kept for StartAgain.
func (s *Server) Kill() error {
	if err := s.Pause(); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	for _, pid := range s.paused {
		_ = syscall.Kill(pid, syscall.SIGKILL) // one that is gone needs none
	}
	s.paused = nil
	return s.End(syscall.SIGKILL)
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
	s.paused = []int{s.PID()}
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

// Password returns the password of the superuser "postgres".
func (s *Server) Password() string { return s.password }

// DataDirectory returns where the server keeps its data.
func (s *Server) DataDirectory() string { return s.Path("data") }

// URL returns how to connect as the superuser, without TLS.
func (s *Server) URL() string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort(s.Host(), strconv.Itoa(s.Port())),
		Path:     database,
		RawQuery: "sslmode=disable",
	}).String()
}

// Creds returns db_creds for the superuser, in a map of the caller's own.
func (s *Server) Creds() connection.Creds { return s.credsOf(superuser) }

// ReaderCreds returns db_creds of a user that reads all tables and can do nothing
// else. Its password is the superuser's.
func (s *Server) ReaderCreds() connection.Creds { return s.credsOf(reader) }

func (s *Server) credsOf(user string) connection.Creds {
	return connection.Creds{
		"host": s.Host(), "port": strconv.Itoa(s.Port()), "database": database,
		"user": user, "password": s.password,
	}
}
