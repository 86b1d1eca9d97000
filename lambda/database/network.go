package database

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"

	"defog-cdk/config/connection"
)

// HostAndPort returns the host and the port in db_creds, and defaultPort
// without a port.
func HostAndPort(creds connection.Creds, defaultPort uint16) (host string, port uint16, err error) {
	if host = creds.Text("host"); host == "" {
		return "", 0, MissingError("host")
	}
	if port, err = ParsePort(cmp.Or(creds.Text("port"), strconv.Itoa(int(defaultPort)))); err != nil {
		return "", 0, err
	}
	return host, port, nil
}

// ParsePort parses db_creds.port.
func ParsePort(text string) (uint16, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("db_creds.port: %q is invalid; want a number from 1 to 65535", text)
	}
	return uint16(number), nil
}

// MissingError returns the error of db_creds without a required key.
func MissingError(key string) error {
	return fmt.Errorf("db_creds.%s: missing; want a value", key)
}

// TokenSource returns the function that makes a token for each connection, for
// db_creds with "auth": "iam". It returns nil for db_creds with a password.
func TokenSource(creds connection.Creds, options Options, host string, port uint16) (func(context.Context) (string, error), error) {
	if creds.Text("auth") != connection.IAM {
		return nil, nil
	}
	if options.Token == nil {
		return nil, errors.New(`db_creds.auth: "iam" requires AWS credentials; want the credentials of a role that may connect`)
	}
	endpoint := net.JoinHostPort(host, strconv.Itoa(int(port)))
	return func(ctx context.Context) (string, error) { return options.Token(ctx, endpoint, creds.Text("user")) }, nil
}

// HasUnread reports whether an idle connection has bytes to read, without
// consuming them and without waiting. It returns io.EOF if the other side has
// closed the connection.
func HasUnread(conn net.Conn) (bool, error) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false, fmt.Errorf("peek at the connection: %T has no socket", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false, fmt.Errorf("peek at the connection: %w", err)
	}
	var n int
	var failed error
	// raw.Read would wait for other readers: after a slow write, pgx leaves one
	// behind that waits for the server's next message.
	err = raw.Control(func(fd uintptr) { n, failed = peek(fd) })
	switch {
	case err != nil:
		return false, fmt.Errorf("peek at the connection: %w", err)
	case errors.Is(failed, errNothingToRead):
		return false, nil
	case failed != nil || n == 0:
		return false, io.EOF
	default:
		return true, nil
	}
}

// errNothingToRead is the error of peek for an idle connection.
var errNothingToRead = errors.New("nothing to read")

// errBudget is the error of a read beyond the budget of a MeteredConn.
var errBudget = errors.New("the message exceeds the limit of a row")

// MeteredConn fails when the server sends more than MaxRowBytes for one row.
type MeteredConn struct {
	net.Conn
	read atomic.Int64
}

// Reset starts the next row.
func (c *MeteredConn) Reset() { c.read.Store(0) }

// Exceeded reports whether the server sent a row that exceeds MaxRowBytes.
func (c *MeteredConn) Exceeded() bool { return c.read.Load() > MaxRowBytes }

// Read implements net.Conn.
func (c *MeteredConn) Read(p []byte) (int, error) {
	if c.Exceeded() {
		return 0, errBudget
	}
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// SyscallConn implements syscall.Conn, for checks of an idle connection.
func (c *MeteredConn) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%T has no socket", c.Conn)
	}
	return socket.SyscallConn()
}
