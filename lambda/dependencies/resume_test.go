package dependencies

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// interrupt cancels an extraction at request number at.
func interrupt(t *testing.T, s *store, e *Extractor, o Object, at int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s.inject(func(number int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
		if number < at {
			return w, false
		}
		if number == at {
			cancel()
		}
		<-r.Context().Done()
		return nil, true
	})
	if folder, err := e.Extract(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("folder %q, error %v; want context canceled", folder, err)
	}
	s.inject(nil)
}

// partial returns the only partial folder, and its finished files by name.
func partial(t *testing.T, e *Extractor) (string, map[string]fs.FileInfo) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(e.Directory, partialPrefix+"*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("partial folders: %v (%v)", left, err)
	}
	finished := map[string]fs.FileInfo{}
	err = filepath.WalkDir(left[0], func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode() != unverified {
			name, _ := filepath.Rel(left[0], path)
			finished[name] = info
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left[0], finished
}

func TestExtractResumesInterruptedAttempt(t *testing.T) {
	content, want := big(12)
	for name, o := range map[string]Object{
		"by hash":    object(content),
		"by version": {Bucket: "assets", Key: "k", VersionID: "v1"},
		"latest":     {Bucket: "assets", Key: "k"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			e := s.extractor(t)
			interrupt(t, s, e, o, 30)
			folder, finished := partial(t, e)
			if len(finished) < 10 {
				t.Fatalf("only %d files were finished", len(finished))
			}
			for path := range want { // simulate one file interrupted during a write
				if _, ok := finished[path]; !ok && !strings.HasSuffix(path, "/") {
					if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(path)), 0o750); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(folder, path), bytes.Repeat([]byte("?"), len(want[path])), unverified); err != nil {
						t.Fatal(err)
					}
					break
				}
			}

			before := len(s.received())
			folder = extracted(t, e, o)
			if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for name, info := range finished {
				if now, err := os.Lstat(filepath.Join(folder, name)); err != nil || !os.SameFile(info, now) {
					t.Errorf("%s was extracted again (%v)", name, err)
				}
			}
			if again := len(s.received()) - before; o.SHA256 == "" && again > before {
				t.Errorf("%d requests, then %d for the rest", before, again)
			}
		})
	}
}

func TestExtractDiscardsPartialFolderOfOtherObject(t *testing.T) {
	content, _ := big(13)
	other, want := big(14)
	s := serve(t, content)
	e := s.extractor(t)
	latest := Object{Bucket: "assets", Key: "k"}
	interrupt(t, s, e, latest, 15)
	old, _ := partial(t, e)
	s.put(other)
	if diff := cmp.Diff(want, tree(t, extracted(t, e, latest))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if exists(old) {
		t.Errorf("%s still exists", old)
	}
}

// A kill between the last file and the rename leaves links in the partial folder.
func TestExtractResumesAfterLastFile(t *testing.T) {
	content := zipOf(entry{name: "d/f", data: "x"}, entry{name: "l", data: "d/f", mode: 0o120777})
	s := serve(t, content)
	e := s.extractor(t)
	var log bytes.Buffer
	e.Log = slog.New(slog.NewTextHandler(&log, nil))
	folder := extracted(t, e, object(content))
	src := &source{etag: `"` + sha(content)[:32] + `"`, size: int64(len(content)), tail: content}
	p, err := src.plan(t.Context(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder, filepath.Join(e.Directory, partialPrefix+filepath.Base(folder)+"-"+p.identity)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"d/": "", "d/f": "x", "l": "-> d/f"}, tree(t, extracted(t, e, object(content)))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !strings.Contains(log.String(), "found=1") {
		t.Errorf("log %s", &log)
	}
}

func TestExtractExplainsFullDisk(t *testing.T) {
	content := zipOf(entry{name: "a"})
	e := serve(t, content).extractor(t)
	_, err := e.extract(t.Context(), object(content), func(string) error { return &fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC} })
	if err == nil || !strings.Contains(err.Error(), "check ephemeral_storage") || !strings.Contains(err.Error(), "s3://assets/") {
		t.Errorf("error %v", err)
	}
}
