package connection

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCreateWritesOnceWithMode0600(t *testing.T) {
	conn, err := Parse([]byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new", "connection.json")
	if created, err := conn.Create(path); !created || err != nil {
		t.Fatalf("created %v, %v", created, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := conn.same(path); err != nil {
		t.Errorf("the file reads differently: %v", err)
	}

	if created, err := conn.Create(path); created || err != nil {
		t.Errorf("the same again: created %v, %v", created, err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	conn.DBCreds["password"] = "s3cret"
	if _, err := conn.Create(path); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("another connection over it: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
}
