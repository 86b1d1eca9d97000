//go:build !onedriver || postgres || redshift

package database

import (
	"context"
	"net"
	"testing"
	"time"
)

// lateWriter returns from Write later than the driver waits before it reads in
// the background, as on a machine under load.
type lateWriter struct{ *net.TCPConn }

func (w lateWriter) Write(p []byte) (int, error) {
	n, err := w.TCPConn.Write(p)
	time.Sleep(60 * time.Millisecond)
	return n, err
}

// TestPostgresAfterASlowWrite asks again after writes for which the driver has
// left a reader behind. It used to wait for that reader for ever.
func TestPostgresAfterASlowWrite(t *testing.T) {
	db := openServer(t, map[string]any{"sslmode": "disable"}, "")
	dial := db.config.DialFunc
	db.config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return lateWriter{conn.(*net.TCPConn)}, nil
	}
	for range 3 {
		if _, err := db.Query(t.Context(), "SELECT 1", Limits{}); err != nil {
			t.Fatal(err)
		}
	}
}
