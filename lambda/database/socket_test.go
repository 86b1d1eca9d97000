package database

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestPendingDoesNotWaitForAReader looks at a connection that somebody reads
// from: the driver leaves such a reader behind after a write that was slow.
func TestPendingDoesNotWaitForAReader(t *testing.T) {
	ours, theirs := connected(t)
	reading := make(chan error, 1)
	go func() {
		_, err := ours.Read(make([]byte, 1))
		reading <- err
	}()
	time.Sleep(50 * time.Millisecond) // the reader waits by now; if not, the test finds nothing

	if unread, err := pending(ours); unread || err != nil { // it used to wait for ever
		t.Errorf("pending = %v, %v", unread, err)
	}
	if _, err := theirs.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := <-reading; err != nil {
		t.Error(err)
	}
}

func TestPendingSeesWhatIsThereAndTakesNothing(t *testing.T) {
	ours, theirs := connected(t)
	if unread, err := pending(ours); unread || err != nil {
		t.Errorf("quiet: pending = %v, %v", unread, err)
	}
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	var first [1]byte
	for range 2 { // whatever came is there before the end is
		for {
			unread, err := pending(ours)
			if unread || errors.Is(err, io.EOF) {
				break
			}
		}
	}
	if n, err := ours.Read(first[:]); n != 1 || first[0] != 'x' || err != nil {
		t.Errorf("read %d, %q, %v", n, first, err)
	}
	if unread, err := pending(ours); unread || !errors.Is(err, io.EOF) {
		t.Errorf("closed: pending = %v, %v", unread, err)
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
