package database

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
)

// MaxRowBytes limits a row, as the server sends it and as JSON. It exceeds an
// answer of Lambda's 6 MB, and keeps one row from filling a memory of 128 MB.
const MaxRowBytes = 8 << 20

// IsFull reports whether `dst` exceeds MaxRowBytes. An encoder then appends
// nothing further, and Rows discards the row.
func IsFull(dst []byte) bool { return len(dst) > MaxRowBytes }

// room returns how many bytes fill `dst`.
func room(dst []byte) int { return max(0, MaxRowBytes+1-len(dst)) }

// RowTooLarge returns the error of a row that exceeds MaxRowBytes.
func RowTooLarge() *StatementError {
	return &StatementError{Message: fmt.Sprintf("the result has a row or a value of more than %d bytes; "+
		"want smaller ones: select fewer columns, or a part of the value", MaxRowBytes)}
}

// NamesTooLarge returns the error of a result whose column names exceed most
// bytes.
func NamesTooLarge(size, most int) *StatementError {
	return &StatementError{Message: fmt.Sprintf("the names of the result's columns take %d bytes; want at most %d: "+
		"select fewer columns, or give them shorter names", size, most)}
}

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
