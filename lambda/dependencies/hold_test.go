package dependencies

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// holder starts a process that holds a folder and then executes another program.
func holder(t *testing.T, s *store, directory string, content []byte) (folder string) {
	t.Helper()
	cmd := child(s, directory, content, "-child.hold")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { release(cmd, stdin.Close) })
	if _, err := fmt.Fscan(out, &folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func release(cmd *exec.Cmd, end func() error) {
	_ = end()
	_ = cmd.Wait() // the shell exits at the end of its input
}

func TestHoldRemovesOnlyFoldersWithoutLock(t *testing.T) {
	first, second, third := zipOf(entry{name: "a", data: "1"}), zipOf(entry{name: "a", data: "2"}), zipOf(entry{name: "a", data: "3"})
	s := serve(t, first)
	e := s.extractor(t)
	hold := func(content []byte) string {
		t.Helper()
		s.put(content)
		folder, err := e.Hold(t.Context(), object(content))
		if err != nil {
			t.Fatal(err)
		}
		return folder
	}

	var held, unheld string
	t.Run("held by a process", func(t *testing.T) {
		held = holder(t, s, e.Directory, first)
		s.put(second)
		unheld = extracted(t, e, object(second)) // Extract takes no lock
		latest := hold(third)
		if !exists(held) {
			t.Error("removed a folder with a lock")
		}
		if exists(unheld) {
			t.Error("kept a folder without a lock")
		}
		if diff := cmp.Diff(map[string]string{"a": "3"}, tree(t, latest)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
	hold(second) // the holder has ended
	if exists(held) {
		t.Error("kept the folder of an ended process")
	}
}

func TestHoldKeepsUnrelatedFolders(t *testing.T) {
	content := zipOf(entry{name: "a"})
	s := serve(t, content)
	e := s.extractor(t)
	e.Directory = t.TempDir()
	for _, name := range []string{"sha256-no-hash", "mine", "etag-"} {
		if err := os.Mkdir(filepath.Join(e.Directory, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := e.Hold(t.Context(), object(content))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{".lock": "-rw------- ", "sha256-no-hash/": "", "mine/": "", "etag-/": ""}
	want[object(content).name()+"/"] = ""
	want[object(content).name()+"/a"] = ""
	if diff := cmp.Diff(want, tree(t, e.Directory)); diff != "" {
		t.Errorf("%s: -want +got\n%s", folder, diff)
	}
}
