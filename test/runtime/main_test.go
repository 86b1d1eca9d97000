// Package runtime tests the deployed programs under AWS's own Lambda Runtime Interface
// Emulator: init errors, timeouts, resets, shutdowns and size limits.
//
// No result depends on the speed of the machine. An invocation that must time out never
// ends by itself. An answer that must come is requested until the emulator's timeout,
// which counts in seconds, has not ended it.
package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/runtimeapi"
)

// folder holds the programs that the tests build.
var folder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "runtime-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		return m.Run()
	}())
}

// program builds a program once, for the first test that needs it.
func program(name string, build func(ctx context.Context, output string) error) func(t *testing.T) string {
	once := sync.OnceValue(func() error { return build(context.Background(), filepath.Join(folder, name)) })
	return func(t *testing.T) string {
		t.Helper()
		if testing.Short() {
			t.Skip("builds programs and starts servers: make test")
		}
		if !emulator.Supported {
			t.Skip("AWS's runtime interface emulator requires Linux")
		}
		if err := once(); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(folder, name)
	}
}

func query(driver string) func(t *testing.T) string {
	return program("query-"+driver, func(ctx context.Context, output string) error {
		return runtimeapi.Build(ctx, output, driver)
	})
}

var (
	rie        = program("aws-lambda-rie", emulator.Build)
	sqlite     = query("sqlite")
	postgreSQL = query("postgres")
	hydrate    = program("hydrate", runtimeapi.BuildHydrate)
	extension  = program("extension", func(ctx context.Context, output string) error {
		build := exec.CommandContext(ctx, "go", "build", "-o", output, "./testdata/extension")
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the extension: %w\n%s", err, out)
		}
		return nil
	})
)
