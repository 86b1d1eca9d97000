package stacks

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAFolderIsLaidOverTheDefaults(t *testing.T) {
	defaults := folder(t, map[string]string{"ca.pem": "default", "golden.json": "default"})
	source := folder(t, map[string]string{"golden.json": "own", "data/shop.sqlite": "rows"})
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
	want := map[string]string{"ca.pem": "default", "golden.json": "own", "data/shop.sqlite": "rows"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheSameFilesGiveTheSameZip(t *testing.T) {
	files := map[string]string{"b": "2", "a": "1", "c/d": "3"}
	one, other := folder(t, files), folder(t, files)
	if err := os.Chtimes(filepath.Join(other, "a"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	first, second := packed(t, one, ""), packed(t, other, "")
	if first.Hash != second.Hash {
		t.Error("the zip depends on the folder or on the files' times")
	}
	if changed := packed(t, folder(t, map[string]string{"b": "2", "a": "1", "c/d": "4"}), ""); changed.Hash == first.Hash {
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

func TestAZipIsTakenAsItIs(t *testing.T) {
	source := packed(t, folder(t, map[string]string{"golden.json": "[]"}), "")
	deps := packed(t, folder(t, map[string]string{"ca.pem": "default"}), source.Path)
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

func TestWhatCannotBePackedIsRefused(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("notes"), 0o644); err != nil {
		t.Fatal(err)
	}
	linked := folder(t, map[string]string{"a": "1"})
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, "link")); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		text:       "is neither a folder nor a zip",
		linked:     "link is not a regular file",
		"/nowhere": "no such file",
	} {
		if _, err := PackDependencies(t.TempDir(), source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", source, err, want)
		}
	}
}

func packed(t *testing.T, defaults, source string) *Dependencies {
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

// content is a member's.
func content(t *testing.T, member *zip.File) string {
	t.Helper()
	reader, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}
