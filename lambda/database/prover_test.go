package database

import (
	"context"
	"errors"
	"testing"

	"defog-cdk/config/connection"
)

// fixed is a database that answers everything alike.
type fixed struct{ err error }

func (f fixed) query(context.Context, string, Limits) (*Result, error) { return &Result{}, f.err }

func TestProofFailsWhenAWritePasses(t *testing.T) {
	if err := proveRefused(t.Context(), fixed{}, "DROP"); !errors.As(err, new(*WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
	if err := proveRefused(t.Context(), fixed{&StatementError{Message: "refused"}}, "DROP"); err != nil {
		t.Errorf("got %v for a write that was refused", err)
	}
	lost := &ConnectionError{Message: "lost"}
	if err := proveRefused(t.Context(), fixed{lost}, "DROP"); !errors.Is(err, lost) {
		t.Errorf("got %v, want the error of the connection", err)
	}
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
		host, port, err := hostAndPort(c.creds, 7)
		if host != c.host || port != c.port || (err == nil) != (c.host != "") {
			t.Errorf("%v: got %q, %d, %v", c.creds, host, port, err)
		}
	}
}
