package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shown reports whether a path below directory leads to something.
func shown(directory, name string) bool {
	_, err := os.Stat(filepath.Join(directory, name))
	return err == nil
}

func folderOf(t *testing.T, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(folder, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestLinks(t *testing.T) {
	tmp := folderOf(t, "mine")
	if err := os.Symlink("mine", filepath.Join(tmp, "my-link")); err != nil {
		t.Fatal(err)
	}
	first, second := folderOf(t, "scipy", "numpy", "old", "mine", "my-link", pointer), folderOf(t, "scipy", "new")
	var log bytes.Buffer
	show := func(folder string) {
		t.Helper()
		if err := showIn(tmp, folder, newLogger(&log)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want map[string]string) {
		t.Helper()
		entries, err := os.ReadDir(tmp)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			to, err := filepath.EvalSymlinks(filepath.Join(tmp, entry.Name()))
			if err != nil || want[entry.Name()] != to {
				t.Errorf("%s leads to %q (%v), want %q", entry.Name(), to, err, want[entry.Name()])
			}
		}
		if len(entries) != len(want) {
			t.Errorf("%d names, want %d", len(entries), len(want))
		}
	}
	mine := filepath.Join(tmp, "mine")

	show(first)
	check(map[string]string{
		"mine": mine, "my-link": mine, pointer: first,
		"scipy": first + "/scipy", "numpy": first + "/numpy", "old": first + "/old",
	})
	if text := log.String(); strings.Count(text, "is taken") != 2 {
		t.Errorf("log %s", text)
	}
	show(first)
	show(second)
	check(map[string]string{"mine": mine, "my-link": mine, pointer: second, "scipy": second + "/scipy", "new": second + "/new"})
	if text := log.String(); strings.Count(text, "is taken") != 2 {
		t.Errorf("log %s", text)
	}
}
