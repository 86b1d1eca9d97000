package minicore_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	_ "defog-cdk/lambda/database/snowflake" // contains the driver
)

// The driver would extract a library at the start of every program.
func TestProgramLeavesTemporaryFolderUnchanged(t *testing.T) {
	const waits = "DEFOG_TEST_WAITS"
	if os.Getenv(waits) != "" {
		time.Sleep(500 * time.Millisecond) // the driver extracts it concurrently
		return
	}
	folder := t.TempDir()
	old := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(folder, old, old); err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	program.Env = append(os.Environ(), waits+"=1", "TMPDIR="+folder)
	if output, err := program.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) {
		t.Errorf("the program wrote to %s", folder)
	}
}
