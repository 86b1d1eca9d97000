package pack

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// natives are libraries of the packages in .venv, as their builders left them.
func natives(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir("../../../.venv/lib", func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(path, ".so") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no libraries in .venv, run `make setup`: %v", err)
	}
	return paths
}

func TestDroppedSymbolsChangeNothingThatIsLoaded(t *testing.T) {
	saved := 0
	for _, path := range natives(t) {
		before := []byte(read(t, path))
		after, err := dropSymbols(before)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		saved += len(before) - len(after)
		old, err := elf.NewFile(bytes.NewReader(before))
		if err != nil {
			t.Fatal(err)
		}
		library, err := elf.NewFile(bytes.NewReader(after))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for i, segment := range old.Progs {
			if got := library.Progs[i].ProgHeader; got != segment.ProgHeader {
				t.Errorf("%s: segment %d is %+v, was %+v", path, i, got, segment.ProgHeader)
			}
			from, to := segment.Off, segment.Off+segment.Filesz
			if from > 64 && !bytes.Equal(before[from:to], after[from:to]) {
				t.Errorf("%s: segment %d has other bytes", path, i)
			}
		}
		if symbols, err := library.DynamicSymbols(); err != nil || len(symbols) == 0 {
			t.Errorf("%s: %d dynamic symbols, %v", path, len(symbols), err)
		}
		if symbols, err := library.Symbols(); err == nil {
			t.Errorf("%s: has %d symbols", path, len(symbols))
		}
		if again, err := dropSymbols(after); err != nil || len(again) != len(after) {
			t.Errorf("%s: dropping again: %d bytes, were %d; %v", path, len(again), len(after), err)
		}
	}
	if saved == 0 {
		t.Error("no library had anything to drop: the test proves nothing")
	}
}

func TestALibraryWithoutSymbolsLoads(t *testing.T) {
	for _, path := range natives(t) {
		if !strings.Contains(path, "_cffi_backend") {
			continue
		}
		content, err := dropSymbols([]byte(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		write(t, filepath.Join(folder, filepath.Base(path)), string(content))
		got := python(t, folder, "import _cffi_backend as b; print(b.__file__, b.sizeof(b.new_primitive_type('int')))")
		if got != filepath.Join(folder, filepath.Base(path))+" 4" {
			t.Errorf("got %s", got)
		}
		return
	}
	t.Error("_cffi_backend is not in .venv")
}

func TestABrokenLibraryIsAnError(t *testing.T) {
	for _, path := range natives(t)[:1] {
		data := []byte(read(t, path))
		for cut := 64; cut < len(data); cut += len(data) / 50 {
			if out, err := dropSymbols(data[:cut]); err == nil && len(out) < cut {
				t.Errorf("cut at %d: got %d bytes and no error", cut, len(out))
			}
		}
	}
}
