package postgres_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/testserver/postgres"
)

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	server := postgres.Start(t, postgres.Setting("work_mem", "7MB"))
	server.Query(t, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (NULL)")
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"1", "7MB"}, {"NULL", "7MB"}}
	got := server.Query(t, "SELECT n, current_setting('work_mem') FROM kept")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs PostgreSQL: make test")
	}
	server, err := postgres.Run()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	expectGone(t, server.Host(), server.Port(), server.DataDirectory())
}

// The test runs itself in a process that starts a server and is then killed.
func TestServerDiesWithAKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("needs PostgreSQL: make test")
	}
	if os.Getenv("DEFOG_TEST_KILLED") != "" {
		server, err := postgres.Run()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(server.Port(), server.DataDirectory())
		select {}
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "DEFOG_TEST_KILLED=1")
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var port int
	var directory string
	if _, err := fmt.Fscan(output, &port, &directory); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	for t.Context().Err() == nil {
		if _, err := os.Stat(filepath.Dir(directory)); os.IsNotExist(err) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	expectGone(t, "127.0.0.1", port, directory)
}

func expectGone(t *testing.T, host string, port int, directory string) {
	t.Helper()
	if _, err := os.Stat(filepath.Dir(directory)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", filepath.Dir(directory), err)
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
		conn.Close()
		t.Errorf("something still listens on port %d", port)
	}
}
