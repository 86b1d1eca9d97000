package databasetest

import (
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
)

// Main runs a package's tests with a server, and exits. Short tests (go test -short)
// start no server, so Main runs none of them.
func Main(m *testing.M, start func() (io.Closer, error)) {
	os.Exit(func() int {
		if flag.Parse(); testing.Short() {
			fmt.Println("skipped: needs a database server")
			return 0
		}
		server, err := start()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Close()
		return m.Run()
	}())
}
