package database

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// pending reports whether a connection that should be quiet has something to
// read, io.EOF when the other side has closed it, without taking anything from
// it or waiting.
func pending(conn net.Conn) (bool, error) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false, fmt.Errorf("look at the connection's socket: %T has none", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false, fmt.Errorf("look at the connection's socket: %w", err)
	}
	var n int
	var failed error
	// Not raw.Read, which waits for its turn: after a slow write the driver
	// leaves a reader behind that waits for the server's next word.
	err = raw.Control(func(fd uintptr) {
		var first [1]byte
		n, _, failed = syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	switch {
	case err != nil:
		return false, fmt.Errorf("look at the connection's socket: %w", err)
	case errors.Is(failed, syscall.EAGAIN):
		return false, nil
	case failed != nil || n == 0:
		return false, io.EOF
	default:
		return true, nil
	}
}
