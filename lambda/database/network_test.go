package database

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"defog-cdk/config/connection"
)

// pgx leaves a reader of the connection behind after a slow write.
func TestHasUnreadDoesNotWaitForAReader(t *testing.T) {
	ours, theirs := connected(t)
	reading := make(chan error, 1)
	go func() {
		_, err := ours.Read(make([]byte, 1))
		reading <- err
	}()
	time.Sleep(50 * time.Millisecond) // until the reader waits

	if unread, err := HasUnread(ours); unread || err != nil {
		t.Errorf("HasUnread = %v, %v", unread, err)
	}
	if _, err := theirs.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := <-reading; err != nil {
		t.Error(err)
	}
}

func TestHasUnreadConsumesNothing(t *testing.T) {
	ours, theirs := connected(t)
	if unread, err := HasUnread(ours); unread || err != nil {
		t.Errorf("quiet: HasUnread = %v, %v", unread, err)
	}
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	var first [1]byte
	for range 2 { // the byte arrives before the end of the stream
		for {
			unread, err := HasUnread(ours)
			if unread || errors.Is(err, io.EOF) {
				break
			}
		}
	}
	if n, err := ours.Read(first[:]); n != 1 || first[0] != 'x' || err != nil {
		t.Errorf("read %d, %q, %v", n, first, err)
	}
	if unread, err := HasUnread(ours); unread || !errors.Is(err, io.EOF) {
		t.Errorf("closed: HasUnread = %v, %v", unread, err)
	}
}

// connected returns the two ends of a connection.
func connected(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if ours, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func TestHostAndPort(t *testing.T) {
	for _, c := range []struct {
		creds connection.Creds
		host  string
		port  uint16
	}{
		{connection.Creds{"host": "h"}, "h", 7},
		{connection.Creds{"host": "::1", "port": "65535"}, "::1", 65535},
		{connection.Creds{"host": "h", "port": "65536"}, "", 0},
		{connection.Creds{"host": "h", "port": "0"}, "", 0},
		{connection.Creds{"port": "1"}, "", 0},
	} {
		host, port, err := HostAndPort(c.creds, 7)
		if host != c.host || port != c.port || (err == nil) != (c.host != "") {
			t.Errorf("%v: got %q, %d, %v", c.creds, host, port, err)
		}
	}
}
