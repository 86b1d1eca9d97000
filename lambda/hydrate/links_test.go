package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exists reports whether name below directory exists, after following links.
func exists(directory, name string) bool {
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

func TestLinkIntoReplacesEarlierLinks(t *testing.T) {
	tmp := folderOf(t, "mine")
	if err := os.Symlink("mine", filepath.Join(tmp, "my-link")); err != nil {
		t.Fatal(err)
	}
	first, second := folderOf(t, "scipy", "numpy", "old", "mine", "my-link", pointer), folderOf(t, "scipy", "new")
	var log bytes.Buffer
	link := func(folder string) {
		t.Helper()
		if err := linkInto(tmp, folder, newLogger(&log)); err != nil {
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

	link(first)
	check(map[string]string{
		"mine": mine, "my-link": mine, pointer: first,
		"scipy": first + "/scipy", "numpy": first + "/numpy", "old": first + "/old",
	})
	if text := log.String(); strings.Count(text, "a file with its name exists") != 2 {
		t.Errorf("log %s", text)
	}
	link(first)
	link(second)
	check(map[string]string{"mine": mine, "my-link": mine, pointer: second, "scipy": second + "/scipy", "new": second + "/new"})
	if text := log.String(); strings.Count(text, "a file with its name exists") != 2 {
		t.Errorf("log %s", text)
	}
}
