package sqlserver

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/lambda/database"
)

// The driver's goroutine reads several rows ahead of those that are encoded.
const (
	// windowBytes is what it may read ahead, and half of the largest row: a text in
	// UTF-16 takes twice its size in an answer.
	windowBytes = database.MaxRowBytes

	// drainedAfter is how long the reader of rows waits once no row is left.
	drainedAfter = 2 * time.Millisecond
)

// errWindow is the error of a row that exceeds two windows.
var errWindow = errors.New("the row exceeds the limit")

// pacedConn bounds the memory of unread rows. The driver reads on only after the
// rows before are used. A read within a row that is too large fails.
type pacedConn struct {
	net.Conn
	mu       sync.Mutex
	read     int  // bytes since the last window
	turn     int  // counts the waits for a row
	granted  int  // the turn of the last window
	busy     bool // a row is in use: nothing waits for the next one
	closed   bool
	exceeded bool
}

// await begins the wait for a reply or a row.
func (c *pacedConn) await() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	c.busy = false
}

// use ends the wait for a row.
func (c *pacedConn) use() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = true
}

// reset begins a statement.
func (c *pacedConn) reset() {
	c.await()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read, c.exceeded = 0, false
}

// isExceeded reports whether a row was too large.
func (c *pacedConn) isExceeded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exceeded
}

// Read implements net.Conn.
func (c *pacedConn) Read(p []byte) (int, error) {
	if err := c.pace(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read += n
	return n, err
}

// pace waits until a window is free.
func (c *pacedConn) pace() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.read > windowBytes && !c.closed {
		turn := c.turn
		if !c.busy && turn == c.granted {
			c.exceeded = true
			return errWindow
		}
		c.mu.Unlock()
		time.Sleep(drainedAfter)
		c.mu.Lock()
		if !c.busy && c.turn == turn {
			c.read, c.granted = 0, turn
		}
	}
	return nil
}

// Close implements net.Conn.
func (c *pacedConn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	return c.Conn.Close()
}

// SyscallConn implements syscall.Conn, for checks of an idle connection.
func (c *pacedConn) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%T has no socket", c.Conn)
	}
	return socket.SyscallConn()
}

// pacedRows reports when a row is awaited.
type pacedRows struct {
	*mssql.Rows
	conn *pacedConn
}

// Next implements driver.Rows.
func (r pacedRows) Next(values []driver.Value) error {
	r.conn.await()
	defer r.conn.use()
	return r.Rows.Next(values)
}

// Close implements driver.Rows. It reads the rest of the reply.
func (r pacedRows) Close() error {
	r.conn.await()
	return r.Rows.Close()
}
