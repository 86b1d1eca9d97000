package artifact

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest/settings"
)

func TestFolderWinsOverDefaults(t *testing.T) {
	defaults := settings.Folder(t, map[string]string{"ca.pem": "default", "golden.json": "default"})
	source := settings.Folder(t, map[string]string{"golden.json": "team", "data/shop.sqlite": "rows"})
	deps := packed(t, defaults, source)
	archive, err := zip.OpenReader(deps.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	got := map[string]string{}
	for _, member := range archive.File {
		got[member.Name] = content(t, member)
	}
	want := map[string]string{"ca.pem": "default", "golden.json": "team", "data/shop.sqlite": "rows"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEqualFilesGiveEqualZip(t *testing.T) {
	files := map[string]string{"b": "2", "a": "1", "c/d": "3"}
	one, other := settings.Folder(t, files), settings.Folder(t, files)
	if err := os.Chtimes(filepath.Join(other, "a"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	first, second := packed(t, one, ""), packed(t, other, "")
	if first.Hash != second.Hash {
		t.Error("the zip depends on the folder or on the files' times")
	}
	if changed := packed(t, settings.Folder(t, map[string]string{"b": "2", "a": "1", "c/d": "4"}), ""); changed.Hash == first.Hash {
		t.Error("a changed file gives the same hash")
	}
	data, err := os.ReadFile(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != first.Hash {
		t.Error("Hash is not the SHA-256 of the zip")
	}
}

func TestZipStaysUnchanged(t *testing.T) {
	source := packed(t, settings.Folder(t, map[string]string{"golden.json": "[]"}), "")
	deps := packed(t, settings.Folder(t, map[string]string{"ca.pem": "default"}), source.Path)
	if deps.Path != source.Path || deps.Hash != source.Hash {
		t.Errorf("got %+v, want %+v", deps, source)
	}
	if err := deps.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(source.Path); err != nil {
		t.Errorf("Remove deleted the operator's zip: %v", err)
	}
}

func TestInvalidSourceIsAnError(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("notes"), 0o644); err != nil {
		t.Fatal(err)
	}
	linked := settings.Folder(t, map[string]string{"a": "1"})
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, "link")); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		text:       "want a folder or a zip",
		linked:     "link is not a regular file",
		"/nowhere": "no such file",
	} {
		if _, err := PackDependencies(t.TempDir(), source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", source, err, want)
		}
	}
}

func packed(t *testing.T, defaults, source string) *Zip {
	t.Helper()
	deps, err := PackDependencies(defaults, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := deps.Remove(); err != nil {
			t.Error(err)
		}
	})
	return deps
}

func TestSQLiteDatabaseIsComplete(t *testing.T) {
	for name, test := range map[string]struct {
		database string
		files    map[string]string
		want     string
	}{
		"present":       {"shop.db", map[string]string{"shop.db": "rows"}, ""},
		"in a folder":   {"./data/shop.db", map[string]string{"data/shop.db": "rows"}, ""},
		"in a layer":    {"/opt/shop.db", map[string]string{"a": ""}, ""},
		"no database":   {"", map[string]string{"a": ""}, ""},
		"missing":       {"shop.db", map[string]string{"shop.sqlite": "rows"}, "connection_file: db_creds.database: shop.db is not among the dependencies; want a SQLite file in function_source_dependencies_zip"},
		"a folder":      {"data", map[string]string{"data/shop.db": "rows"}, "data is not among the dependencies"},
		"with a WAL":    {"shop.db", map[string]string{"shop.db": "rows", "shop.db-wal": strings.Repeat("w", 33)}, "connection_file: db_creds.database: shop.db-wal: holds changes that shop.db lacks"},
		"with journal":  {"shop.db", map[string]string{"shop.db": "rows", "shop.db-journal": "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"}, "shop.db-journal: holds changes that shop.db lacks"},
		"zeroed":        {"shop.db", map[string]string{"shop.db": "rows", "shop.db-journal": strings.Repeat("\x00", 512)}, ""}, // journal_mode = PERSIST
		"with an empty": {"shop.db", map[string]string{"shop.db": "rows", "shop.db-wal": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			deps := packed(t, settings.Folder(t, test.files), "")
			err := checkQueryDependencies(deps, minStorage, test.database, "defog", false)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestSQLGeneratorReadsItsFiles checks the folder and the zip: both give the same
// errors, for every file at once.
func TestSQLGeneratorReadsItsFiles(t *testing.T) {
	const table = `{"tables": [{"name": "orders", "columns": [{"name": "id"}]}]}`
	const setting = "function_source_dependencies_zip: "
	for name, test := range map[string]struct {
		generator string
		files     map[string]string
		want      []string

		goldenFirst bool
	}{
		"reads none":      {"defog", map[string]string{"golden.json": "{", "schema.json": "{}"}, nil, false},
		"golden":          {"golden", map[string]string{"golden.json": `[{"question": "How many?", "sql": "SELECT 1"}]`, "schema.json": "{}"}, nil, false},
		"golden, no SQL":  {"golden", map[string]string{"golden.json": `[{"question": "How many?"}]`}, []string{"golden.json: pair 1: sql: missing; want the SQL that answers the question"}, false},
		"golden, missing": {"golden", map[string]string{"schema.json": table}, []string{"golden.json: missing in the dependencies; the golden generator requires it"}, false},
		"model":           {"bedrock", map[string]string{"schema.json": table, "glossary.md": "A customer buys.", "golden.json": "[]"}, nil, false},
		"model, optional": {"openai", map[string]string{"schema.json": table}, nil, false},
		"model, invalid": {"openai", map[string]string{"schema.json": "{}", "glossary.md": "caf\xe9", "golden.json": `[{"question": "a", "sql": ";"}, {"question": "A", "sql": "SELECT 1"}]`}, []string{
			"schema.json: tables: empty; want at least one table",
			"glossary.md: not encoded in UTF-8; want text in UTF-8",
			"golden.json: pair 1: sql: missing; want the SQL that answers the question",
			"golden.json: pair 2: question: duplicates that of pair 1; want each question once",
		}, false},
		"first":          {"defog", map[string]string{"golden.json": `[{"question": "How many?", "sql": "SELECT 1"}]`}, nil, true},
		"first, missing": {"defog", map[string]string{"golden.json": "[]"}, []string{"golden.json has no golden query; want one, which golden_first requires"}, true},
		"first, invalid": {"defog", map[string]string{"golden.json": `[{"question": "How many?"}]`}, []string{"golden.json: pair 1: sql: missing; want the SQL that answers the question"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := packed(t, settings.Folder(t, test.files), "")
			for _, deps := range []*Zip{folder, packed(t, t.TempDir(), folder.Path)} {
				var got []string
				if err := checkQueryDependencies(deps, minStorage, "", test.generator, test.goldenFirst); err != nil {
					got = strings.Split(err.Error(), "\n")
				}
				var want []string
				for _, problem := range test.want {
					want = append(want, setting+problem)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}
