package database

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// wsaPoll asks without waiting whether a socket is readable. Go's sockets block on
// Windows, and Windows has no flag MSG_DONTWAIT.
// https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-wsapoll
var wsaPoll = windows.NewLazySystemDLL("ws2_32.dll").NewProc("WSAPoll")

// pollFD is Windows' WSAPOLLFD.
type pollFD struct {
	fd              windows.Handle
	events, revents int16
}

const pollReadNormal = 0x0100

// peek reads a byte of a socket without consuming it and without waiting. It returns
// 0 if the other side has closed the connection.
func peek(fd uintptr) (int, error) {
	poll := pollFD{fd: windows.Handle(fd), events: pollReadNormal}
	ready, _, err := wsaPoll.Call(uintptr(unsafe.Pointer(&poll)), 1, 0) //nolint:gosec // as the API requires
	switch int32(ready) {                                               //nolint:gosec // a C int
	case -1:
		return 0, err
	case 0:
		return 0, errNothingToRead
	}
	var first [1]byte
	var n uint32
	flags := uint32(windows.MSG_PEEK)
	err = windows.WSARecv(windows.Handle(fd), &windows.WSABuf{Len: 1, Buf: &first[0]}, 1, &n, &flags, nil, nil)
	return int(n), err
}
