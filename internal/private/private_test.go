package private

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssemblyRestrictsFilesAndSharesAssets(t *testing.T) {
	root := filepath.Join(t.TempDir(), "asset.out") // whatever its name
	for name, mode := range map[string]fs.FileMode{
		"stack.template.json": 0o644, "asset.1.zip": 0o666, "assembly-prod/stack.template.json": 0o666, "asset.2/bootstrap": 0o755, "asset.2/data/x": 0o644,
		"asset.3/bootstrap": 0o700, "asset.3/index.js": 0o600, "asset.3/open": 0o666,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "asset.2"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Assembly(root); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		".": "-rwx------", "stack.template.json": "-rw-------", "asset.1.zip": "-rw-------", "assembly-prod": "-rwx------", "assembly-prod/stack.template.json": "-rw-------",
		"asset.2": "-rwxr-xr-x", "asset.2/bootstrap": "-rwxr-xr-x", "asset.2/data/x": "-rw-r--r--",
		"asset.3/bootstrap": "-rwxr-xr-x", "asset.3/index.js": "-rw-r--r--", "asset.3/open": "-rw-r--r--",
	}
	got := map[string]string{}
	for name := range want {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = info.Mode().Perm().String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if info, err := os.Stat("/etc/passwd"); err != nil || info.Mode().Perm() == fileMode {
		t.Errorf("a link's target changed: %v, %v", info.Mode(), err)
	}
}

func TestFolderRestrictsToOwner(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Folder(folder); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != folderMode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Folder(filepath.Join(folder, "missing")); err == nil {
		t.Error("no error for a missing folder")
	}
}
