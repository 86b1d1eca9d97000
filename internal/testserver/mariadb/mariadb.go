// Package mariadb runs a real MariaDB for tests: private, on a free loopback
// port (see internal/testserver/daemon), from the files that `make` fetches into .build.
package mariadb

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/daemon"
)

const database = "bank"

// Server is a running MariaDB. Its methods are for one goroutine at a time.
type Server struct {
	*daemon.Daemon
	installation
	password string
	options  []string // arguments for the server
	tls      bool
}

// Option changes how a server is started.
type Option func(*Server)

// Setting sets one option of the server, as in my.cnf.
func Setting(name, value string) Option {
	return func(s *Server) { s.options = append(s.options, "--"+name+"="+value) }
}

// TLS makes the server accept TLS, with a certificate for localhost and
// 127.0.0.1 by an authority of its own: see Authority.
func TLS() Option {
	return func(s *Server) { s.tls = true }
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
	if s.installation, err = find(); err != nil {
		return nil, err
	}
	if s.Daemon, err = daemon.New("MariaDB", "pid", nil); err != nil {
		return nil, err
	}
	if err := s.create(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create makes a data directory and starts the server.
func (s *Server) create() error {
	if err := os.Mkdir(s.DataDirectory(), 0o700); err != nil {
		return fmt.Errorf("make MariaDB's data directory: %w", err)
	}
	if s.tls {
		if err := s.Certify(); err != nil {
			return err
		}
	}
	script, err := s.systemTables()
	if err != nil {
		return err
	}
	// Root at 127.0.0.1 is another user than root at localhost.
	script = fmt.Appendf(script, "FLUSH PRIVILEGES;\nGRANT ALL ON *.* TO root@127.0.0.1 IDENTIFIED BY '%s' WITH GRANT OPTION;\n"+
		"CREATE DATABASE %s CHARACTER SET utf8mb4;\n", s.password, database)
	bootstrap := s.Command(s.program, s.arguments("--bootstrap")...)
	bootstrap.Env = append(bootstrap.Env, "LD_LIBRARY_PATH="+s.libraries)
	bootstrap.Stdin = bytes.NewReader(script)
	if out, err := bootstrap.CombinedOutput(); err != nil {
		return fmt.Errorf("make MariaDB's system tables: %w\n%s", err, out)
	}
	return s.ChoosePort("Address already in use", s.StartAgain)
}

// arguments returns the common arguments and additional ones.
func (s *Server) arguments(more ...string) []string {
	arguments := []string{
		"--no-defaults", "--datadir=" + s.DataDirectory(), "--tmpdir=" + s.Path(),
		"--lc-messages-dir=" + s.share, "--character-sets-dir=" + s.share + "/charsets",
		// Small files, and no waiting for the disk.
		"--innodb-log-file-size=8M", "--innodb-data-file-path=ibdata1:2M:autoextend",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--user=root")
	}
	return append(arguments, more...)
}

// StartAgain starts a stopped server on its old port and waits until it
// answers.
func (s *Server) StartAgain() error {
	arguments := s.arguments("--bind-address="+s.Host(), "--port="+strconv.Itoa(s.Port()),
		"--socket="+s.Path("socket"), "--pid-file="+s.Path("pid"), "--skip-name-resolve", "--default-time-zone=+00:00",
		"--general-log", "--general-log-file="+s.Path("general.log"))
	if s.tls {
		arguments = append(arguments, "--ssl-cert="+s.Certificate(), "--ssl-key="+s.Key())
	}
	process := s.Command(s.program, append(arguments, s.options...)...)
	process.Env = append(process.Env, "LD_LIBRARY_PATH="+s.libraries)
	return s.Launch(process, func(ctx context.Context) error {
		_, err := s.query(ctx, "SELECT 1")
		return err
	})
}

// Stop ends the server as an administrator would: running statements are
// broken off. The data is kept for StartAgain.
func (s *Server) Stop() error {
	s.Resume()
	return s.End(syscall.SIGTERM)
}

// Restart stops the server and starts it again.
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.StartAgain()
}

// Close stops the server and removes its directory.
func (s *Server) Close() error {
	err := s.Stop()
	return errors.Join(err, s.Remove())
}

// Pause halts the server: connections stay open and nothing answers, as when a
// machine hangs.
func (s *Server) Pause() error {
	if err := syscall.Kill(s.PID(), syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause MariaDB: %w", err)
	}
	for s.threadsRun() { // on another core they may for a moment
		time.Sleep(time.Millisecond)
	}
	return nil
}

// threadsRun reports whether a thread is running, on systems with /proc.
func (s *Server) threadsRun() bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.PID())) // the pattern is well-formed
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		_, state, _ := strings.Cut(string(text), ") ")
		return err == nil && !strings.HasPrefix(state, "T")
	})
}

// Resume lets a paused server go on.
func (s *Server) Resume() {
	if s.Running() {
		_ = syscall.Kill(s.PID(), syscall.SIGCONT) // one that is gone needs none
	}
}

// DataDirectory returns where the server keeps its data.
func (s *Server) DataDirectory() string { return s.Path("data") }

// Statements returns the general log.
func (s *Server) Statements() (string, error) {
	data, err := os.ReadFile(s.Path("general.log"))
	if err != nil {
		return "", fmt.Errorf("read MariaDB's log of statements: %w", err)
	}
	return string(data), nil
}

// Creds returns db_creds for the superuser, in a map of the caller's own.
func (s *Server) Creds() connection.Creds {
	return connection.Creds{
		"host": s.Host(), "port": strconv.Itoa(s.Port()), "database": database,
		"user": "root", "password": s.password,
	}
}
