//go:build unix

package database

import (
	"errors"
	"syscall"
)

// peek reads a byte of a socket without consuming it and without waiting. It returns
// 0 if the other side has closed the connection.
func peek(fd uintptr) (int, error) {
	var first [1]byte
	n, _, err := syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	if errors.Is(err, syscall.EAGAIN) {
		return 0, errNothingToRead
	}
	return n, err
}
