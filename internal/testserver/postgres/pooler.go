package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/daemon"
)

// Pooler is a running PgBouncer in front of a server. All its clients share one
// connection to the server, a transaction each.
type Pooler struct {
	*daemon.Daemon
	server *Server
}

// StartPooler runs a pooler until the test ends. It skips the test without the
// program `pgbouncer` (on Debian: `apt-get install pgbouncer`).
func StartPooler(tb testing.TB, server *Server) *Pooler {
	tb.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		tb.Skip("PgBouncer is not installed (on Debian: `apt-get install pgbouncer`)")
	}
	return daemon.Start(tb, func() (*Pooler, error) { return runPooler(program, server) })
}

func runPooler(program string, server *Server) (*Pooler, error) {
	user, err := owner()
	if err != nil {
		return nil, err
	}
	p := &Pooler{server: server}
	if p.Daemon, err = daemon.New("PgBouncer", "pid", user); err != nil {
		return nil, err
	}
	if err := p.ChoosePort("Address already in use", func() error { return p.start(program, user) }); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Pooler) start(program string, user *syscall.Credential) error {
	// https://www.pgbouncer.org/config.html
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
pidfile = %s
auth_type = scram-sha-256
auth_file = %s
pool_mode = transaction
default_pool_size = 1
`, p.server.Host(), p.server.Port(), p.Host(), p.Port(), p.Path("pid"), p.Path("users"))
	users := fmt.Sprintf("%q %q\n%q %q\n", superuser, p.server.password, reader, p.server.password)
	for name, text := range map[string]string{"pgbouncer.ini": settings, "users": users} {
		if err := os.WriteFile(p.Path(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("configure PgBouncer: %w", err)
		}
	}
	if err := handOver(p.Path(), user); err != nil {
		return err
	}
	return p.Launch(p.Command(program, p.Path("pgbouncer.ini")), func(ctx context.Context) error {
		conn, err := p.Connect(ctx)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// Connect returns a connection of the superuser to the pooler.
func (p *Pooler) Connect(ctx context.Context) (*pgconn.PgConn, error) {
	through := *p.server
	through.Daemon = p.Daemon
	return through.connect(ctx)
}

// Creds returns db_creds for the superuser at the pooler, in a map of the caller's
// own.
func (p *Pooler) Creds() connection.Creds {
	creds := p.server.Creds()
	creds["port"] = strconv.Itoa(p.Port())
	return creds
}

// Close stops the pooler and removes all it had.
func (p *Pooler) Close() error {
	return errors.Join(p.End(syscall.SIGTERM), p.Remove())
}
