package artifact

import (
	"bytes"
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramDoesNotDependOnFolder builds the function here and in a
// copy of the checkout.
func TestProgramDoesNotDependOnFolder(t *testing.T) {
	here := compiled(t, "arm64", "sqlite")
	copied := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "config", "internal", "lambda"} {
		copyTree(t, filepath.Join("../..", name), filepath.Join(copied, name))
	}
	t.Chdir(copied)
	if there := compiled(t, "arm64", "sqlite"); !bytes.Equal(here, there) {
		t.Error("the program depends on the folder that it was built in")
	}
}

func TestProgramHasOneDriverForArchitecture(t *testing.T) {
	for architecture, want := range map[string]elf.Machine{"arm64": elf.EM_AARCH64, "x86_64": elf.EM_X86_64} {
		program := compiled(t, architecture, "postgres")
		file, err := elf.NewFile(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != want {
			t.Errorf("%s: built for %v", architecture, file.Machine)
		}
		if !bytes.Contains(program, []byte("jackc/pgx")) || bytes.Contains(program, []byte("modernc.org/sqlite")) {
			t.Errorf("%s: not built with the Postgres driver alone", architecture)
		}
	}
}

func TestErrorContainsCompilerOutput(t *testing.T) {
	t.Chdir(t.TempDir()) // no module here
	code := CompileQuery(t.Context(), "arm64", "postgres")
	_, err := code.Directory()
	if removing := code.Remove(); removing != nil {
		t.Error(removing)
	}
	if err == nil || !strings.Contains(err.Error(), "is not in std") {
		t.Errorf("got %v", err)
	}
}

func compiled(t *testing.T, architecture, dbType string) []byte {
	t.Helper()
	directory, err := compile(t.Context(), querySource(architecture, dbType))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	program, err := os.ReadFile(filepath.Join(directory, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
