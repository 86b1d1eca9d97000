package databasetest

import (
	"fmt"
	"io"
	"os"
	"testing"
)

// Main runs a package's tests with a server, and exits.
func Main(m *testing.M, start func() (io.Closer, error)) {
	os.Exit(func() int {
		server, err := start()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Close()
		return m.Run()
	}())
}
