package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// leaks returns the names of the secrets that text contains. It finds them in clear,
// escaped for JSON or a URL, and in base64 at any of its three alignments.
func leaks(t *testing.T, text []byte, secrets map[string]string) (found []string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		secret := secrets[name]
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		forms := []string{secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret)}
		for _, form := range slices.Clone(forms) {
			for offset := range 3 {
				padded := append(make([]byte, offset), form...)
				forms = append(forms, base64.StdEncoding.EncodeToString(padded)[(8*offset+5)/6:8*len(padded)/6])
			}
		}
		if slices.ContainsFunc(forms, func(form string) bool { return bytes.Contains(text, []byte(form)) }) {
			found = append(found, name)
		}
	}
	return found
}

// leaksIn searches every file under the folders that was written since, and the
// members of zips. It returns which of them contain a secret, and how many files it
// read. It skips folders with the given names.
func leaksIn(t *testing.T, secrets map[string]string, since time.Time, folders []string, skip ...string) (found []string, files int) {
	t.Helper()
	search := func(path string, text []byte) {
		files++
		for _, name := range leaks(t, text, secrets) {
			found = append(found, path+": "+name)
		}
	}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && slices.Contains(skip, entry.Name()) {
				return fs.SkipDir
			}
			info, err := entry.Info()
			if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(since) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			search(path, data)
			archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				return nil //nolint:nilerr // not a zip
			}
			for _, member := range archive.File {
				search(path+" "+member.Name, contents(t, member))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found, files
}

func contents(t *testing.T, member *zip.File) []byte {
	t.Helper()
	file, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
