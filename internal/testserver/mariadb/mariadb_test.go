package mariadb_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/testserver/mariadb"
)

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	server := mariadb.Start(t, mariadb.Setting("max-connections", "17"))
	server.Query(t, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (NULL)")
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"1", "17"}, {"NULL", "17"}}
	got := server.Query(t, "SELECT n, @@max_connections FROM kept ORDER BY n IS NULL")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	statements, err := server.Statements()
	if err != nil || !strings.Contains(statements, "INSERT INTO kept") {
		t.Errorf("the log of statements lacks one: %v", err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs MariaDB: make test")
	}
	server, err := mariadb.Run()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(server.Path()); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", server.Path(), err)
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort(server.Host(), strconv.Itoa(server.Port()))); err == nil {
		conn.Close()
		t.Errorf("something still listens on port %d", server.Port())
	}
}
