package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/internal/schema"
)

// newShop changes to a folder with a database in the dependencies and its
// connection file.
func newShop(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("deps", 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn("deps/shop.sqlite", sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteScript(conn, `
		CREATE TABLE coffee (id INTEGER PRIMARY KEY, roast TEXT, email TEXT);
		INSERT INTO coffee VALUES (1, 'dark', 'a@example.com'), (2, 'light', 'b@example.com');`, nil)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, "connection.json", `{"api_key": "`+secretKey+`", "db_type": "sqlite", "db_creds": {"database": "shop.sqlite"}}`)
}

var shopArgs = []string{"schema", "-c", "connection_file=connection.json", "--output", "deps"}

func TestSchemaWritesTheFiles(t *testing.T) {
	newShop(t)
	start := time.Now().Truncate(time.Second)
	code, stdout, stderr := defog(t, append(shopArgs, "--sample")...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	got, err := schema.Parse([]byte(readFile(t, "deps/schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	if at := got.Time(); at.Before(start) || at.After(time.Now()) {
		t.Errorf("read_at: got %q", got.ReadAt)
	}
	got.ReadAt = ""
	want := schema.Schema{DBType: "sqlite", Tables: []schema.Table{{
		Name: "coffee",
		Columns: []schema.Column{
			{Name: "id", Type: "INTEGER"}, {Name: "roast", Type: "TEXT", Samples: []string{"dark", "light"}}, {Name: "email", Type: "TEXT"},
		},
		PrimaryKey: []string{"id"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantProgress := "1 table with 3 columns\n1 key\nsampling 1 of 1: coffee\nnot sampled, because they look personal: coffee.email\n"
	if diff := cmp.Diff(wantProgress, stderr); diff != "" {
		t.Errorf("stderr: -want +got:\n%s", diff)
	}
	if !strings.Contains(stdout, "-c function_source_dependencies_zip=deps") {
		t.Errorf("stdout has no next step: %s", stdout)
	}
	checkFiles(t, "connection.json", "deps/glossary.md", "deps/golden.json", "deps/schema.json", "deps/shop.sqlite")
	if golden := readFile(t, "deps/golden.json"); golden != "[]\n" {
		t.Errorf("golden.json: got %q", golden)
	}
}

// checkFiles compares the existing files with want: no partial file remains.
func checkFiles(t *testing.T, want ...string) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*", "*/*", ".*", "*/.*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			if info, err := os.Stat(file); err == nil && !info.IsDir() {
				files = append(files, file)
			}
		}
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files: -want +got:\n%s", diff)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSchemaConfirmsBeforeItReplaces(t *testing.T) {
	const mine = `{"mine": true}`
	for name, test := range map[string]struct {
		answer   string
		args     []string
		replaced bool
	}{
		"yes": {"y\n", nil, true}, "no": {"n\n", nil, false}, "no answer": {"", nil, false},
		"forced": {"", []string{"--force"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			newShop(t)
			writeFile(t, "deps/schema.json", mine)
			writeFile(t, "deps/glossary.md", "my words")
			root := newRoot()
			root.SetArgs(append(shopArgs, test.args...))
			root.SetIn(strings.NewReader(test.answer))
			root.SetOut(new(bytes.Buffer))
			root.SetErr(new(bytes.Buffer))
			err := root.ExecuteContext(t.Context())
			if replaced := readFile(t, "deps/schema.json") != mine; replaced != test.replaced || (err == nil) != test.replaced {
				t.Errorf("replaced: got %t, want %t; error %v", replaced, test.replaced, err)
			}
			if glossary := readFile(t, "deps/glossary.md"); glossary != "my words" {
				t.Errorf("glossary.md: got %q", glossary)
			}
		})
	}
}

func TestSchemaDoesNotConfirmAnUnchangedFile(t *testing.T) {
	newShop(t)
	const earlier = "2024-02-29T12:00:00Z"
	for range 2 {
		if code, stdout, stderr := defog(t, shopArgs...); code != 0 || strings.Contains(stdout, "[y/N]") {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
		got, err := schema.Parse([]byte(readFile(t, "deps/schema.json")))
		if err != nil || got.ReadAt == earlier {
			t.Fatalf("read_at: got %q, %v", got.ReadAt, err)
		}
		got.ReadAt = earlier
		old, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, "deps/schema.json", string(old))
	}
}

func TestSchemaReportsInvalidSettings(t *testing.T) {
	newShop(t)
	writeFile(t, "no-creds.json", `{"api_key": "k", "db_type": "sqlite", "db_creds": {}}`)
	writeFile(t, "no-file.json", `{"api_key": "k", "db_type": "sqlite", "db_creds": {"database": "none.sqlite"}}`)
	for want, args := range map[string][]string{
		"db_creds: are empty":       {"-c", "connection_file=no-creds.json"},
		"none.sqlite: no such file": {"-c", "connection_file=no-file.json"},
		"not found":                 {"-c", "connection_file=none.json"},
		"function_source_dependencies_zip: is a zip; want a folder": {"-c", "connection_file=connection.json", "-c", "function_source_dependencies_zip=deps.zip"},
		`unexpected argument "coffee"`:                              {"coffee"},
	} {
		if code, _, stderr := defog(t, append([]string{"schema"}, args...)...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %s", want, code, stderr)
		}
	}
}

func TestSchemaWritesToTheDependenciesOfTheSettings(t *testing.T) {
	newShop(t)
	code, _, stderr := defog(t, "schema", "-c", "connection_file=connection.json", "-c", "function_source_dependencies_zip=deps")
	var content map[string]any
	if code != 0 || json.Unmarshal([]byte(readFile(t, "deps/schema.json")), &content) != nil {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
