package pack

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// natives returns the native libraries of the packages in .venv.
func natives(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir("../../../.venv/lib", func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(path, ".so") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf(".venv has no libraries, run `make setup`: %v", err)
	}
	return paths
}

func TestDropSymbolsKeepsLoadedParts(t *testing.T) {
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
			now := library.Progs[i]
			closer := segment.Off - now.Off
			want := segment.ProgHeader
			want.Off = now.Off
			if now.ProgHeader != want || closer%max(segment.Align, 1) != 0 {
				t.Errorf("%s: segment %d is %+v, was %+v", path, i, now.ProgHeader, segment.ProgHeader)
			}
			if segment.Type != elf.PT_LOAD || segment.Off > 0 { // the first begins with the heads
				same(t, path, segment, now)
			}
		}
		for i, section := range old.Sections {
			if section.Flags&elf.SHF_ALLOC != 0 && section.Type != elf.SHT_NOBITS {
				same(t, path+section.Name, section, library.Sections[i])
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
		t.Error("no library had symbols, so the test checks nothing")
	}
}

func same(t *testing.T, name string, before, after io.ReaderAt) {
	t.Helper()
	read := func(from io.ReaderAt) []byte {
		data, err := io.ReadAll(io.NewSectionReader(from, 0, 1<<40))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(read(before), read(after)) {
		t.Errorf("%s has other bytes", name)
	}
}

// TestDropSymbolsMovesSegmentsByWholePages adds a gap, as patchelf leaves it for a
// segment that it moved to the end.
func TestDropSymbolsMovesSegmentsByWholePages(t *testing.T) {
	for _, path := range natives(t) {
		data := []byte(read(t, path))
		want, err := dropSymbols(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := dropSymbols(spread(t, data, 5<<16))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d; %v", path, len(got), len(want), err)
		}
	}
}

// spread inserts bytes before the last segment of a library.
func spread(t *testing.T, data []byte, length uint64) []byte {
	t.Helper()
	library, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	for _, segment := range library.Progs {
		if segment.Type == elf.PT_LOAD {
			last = max(last, segment.Off)
		}
	}
	out := slices.Clone(data)
	push := func(at uint64) {
		if offset := binary.LittleEndian.Uint64(out[at:]); offset >= last {
			binary.LittleEndian.PutUint64(out[at:], offset+length)
		}
	}
	for i := range library.Progs {
		push(binary.LittleEndian.Uint64(data[headSegments:]) + uint64(i)*segmentSize + segmentOffset)
	}
	for i := range library.Sections {
		push(binary.LittleEndian.Uint64(data[headSections:]) + uint64(i)*sectionSize + sectionOffset)
	}
	push(headSections)
	return slices.Concat(out[:last], make([]byte, length), out[last:])
}

func TestLibraryLoadsWithoutSymbols(t *testing.T) {
	for _, path := range natives(t) {
		if !strings.Contains(path, "_cffi_backend") {
			continue
		}
		content, err := dropSymbols(spread(t, []byte(read(t, path)), 5<<16))
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

func TestDropSymbolsRejectsABrokenLibrary(t *testing.T) {
	for _, path := range natives(t)[:1] {
		data := []byte(read(t, path))
		for cut := 64; cut < len(data); cut += len(data) / 50 {
			if out, err := dropSymbols(data[:cut]); err == nil && len(out) < cut {
				t.Errorf("cut at %d: got %d bytes and no error", cut, len(out))
			}
		}
	}
}
