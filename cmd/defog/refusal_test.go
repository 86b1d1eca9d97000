package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
)

// newEnded makes AWS_ENDPOINT_URL an address at which nothing listens.
func newEnded(t *testing.T) (endpoint string) {
	t.Helper()
	newAWS(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint = "http://" + listener.Addr().String()
	listener.Close()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return endpoint
}

func TestAskReportsEndedLocalAWS(t *testing.T) {
	endpoint := newEnded(t)
	want := "defog: AWS_ENDPOINT_URL: " + endpoint + " refuses connections: local AWS has ended; start it again (make local), or unset the variable\n"
	for _, args := range [][]string{{"ask", "q"}, {"ask", "q", "--url", "https://abcd1234.execute-api.eu-central-1.amazonaws.com/"}} {
		if code, _, stderr := defog(t, args...); code != 1 || stderr != want {
			t.Errorf("%q: exit code %d, %s; want %s", args, code, stderr, want)
		}
	}
}

func TestOtherRefusalsStay(t *testing.T) {
	refused := fmt.Errorf("ask: %w", &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, Err: syscall.ECONNREFUSED})
	for _, endpoint := range []string{"", "http://127.0.0.1:4566", "https://aws.example:8080"} {
		if got := explainRefusal(refused, endpoint); !errors.Is(got, refused) {
			t.Errorf("%q: %v", endpoint, got)
		}
	}
	if got := explainRefusal(refused, "http://localhost:8080"); !strings.Contains(got.Error(), "make local") {
		t.Error(got)
	}
}
