package archive

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// member is one of a zip that a test makes.
type member struct {
	name, content string
	mode          fs.FileMode
	method        uint16
	flags         uint16
}

func file(name, content string) member { return member{name, content, 0o644, zip.Deflate, 0} }

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var data bytes.Buffer
	writer := zip.NewWriter(&data)
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Store, Flags: m.flags}
		header.SetMode(m.mode)
		header.UncompressedSize64, header.CompressedSize64 = uint64(len(m.content)), uint64(len(m.content))
		var err error
		if m.method == zip.Deflate {
			header.Method = zip.Deflate
			added, created := writer.CreateHeader(header)
			if err = created; err == nil {
				_, err = added.Write([]byte(m.content))
			}
		} else {
			header.Method = m.method
			added, created := writer.CreateRaw(header)
			if err = created; err == nil {
				_, err = added.Write([]byte(m.content))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func open(t *testing.T, data []byte) (*Archive, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	archive, err := Open(path)
	t.Cleanup(func() {
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
	})
	return archive, err
}

func TestBadZipsAreRefusedByName(t *testing.T) {
	whole := zipOf(t, file("handler.py", "pass"))
	link := func(name, target string) member { return member{name, target, fs.ModeSymlink | 0o777, zip.Store, 0} }
	for want, data := range map[string][]byte{
		`is no whole zip: zip: not a valid zip file`: whole[:len(whole)-30],
		`is empty`: zipOf(t),
		`has a member outside of itself: "../../etc/cron.d/x" and 1 more; valid: relative names with slashes, without ..`: zipOf(t, file("../../etc/cron.d/x", ""), file("a/../../b", "")),
		`has a member outside of itself: "/tmp/x"; valid: relative names with slashes, without ..`:                        zipOf(t, file("/tmp/x", "")),
		`has a member outside of itself: "C:\\x"; valid: relative names with slashes, without ..`:                         zipOf(t, file(`C:\x`, "")),
		`has a member twice: "a.py"`:                                                                                          zipOf(t, file("a.py", "1"), file("a.py", "2")),
		`has a member twice: "./a.py"`:                                                                                        zipOf(t, file("a.py", "1"), file("./a.py", "2")),
		`has an encrypted member: "a.py"; valid: zips without a password`:                                                     zipOf(t, member{"a.py", "x", 0o644, zip.Store, encrypted}),
		`has a member compressed by method 93: "a.py"; valid: deflate and stored`:                                             zipOf(t, member{"a.py", "x", 0o644, 93, 0}),
		`has a member that is a device or the like: "tty"; valid: files, folders and links`:                                   zipOf(t, member{"tty", "", fs.ModeDevice | 0o644, zip.Store, 0}),
		`has a link that leads out of itself: "a/passwd"`:                                                                     zipOf(t, link("a/passwd", "../../etc/passwd")),
		`has a link that leads out of itself: "passwd"`:                                                                       zipOf(t, link("passwd", "/etc/passwd")),
		"has a member outside of itself: \"../x\"; valid: relative names with slashes, without ..\nhas a member twice: \"b\"": zipOf(t, file("../x", ""), file("b", ""), file("b", "")),
	} {
		if _, err := open(t, data); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAGoodZipSaysWhatItHolds(t *testing.T) {
	archive, err := open(t, zipOf(t,
		file("handler.py", strings.Repeat("x", 5000)), member{"bin/", "", fs.ModeDir | 0o755, zip.Store, 0}, member{"bin/run", "#!", 0o755, zip.Deflate, 0},
		file("a/b/c.txt", "c"), member{"a/link", "b/c.txt", fs.ModeSymlink | 0o777, zip.Store, 0}))
	if err != nil {
		t.Fatal(err)
	}
	if !archive.Has("handler.py") || archive.Has("bin") || archive.Has("c.txt") || !archive.Executable("bin/run") || archive.Executable("handler.py") {
		t.Error("wrong about its members")
	}
	// Blocks of two for the handler, of one for each other file and folder.
	if archive.Unzipped != 5000+2+1+7 || archive.Disk != (2+3+3)*block {
		t.Errorf("%d bytes, %d on disk", archive.Unzipped, archive.Disk)
	}
}

func TestNativeCodeForAnotherProcessorIsFound(t *testing.T) {
	native := func(machine elf.Machine) string {
		header := make([]byte, 64)
		copy(header, elf.ELFMAG)
		binary.LittleEndian.PutUint16(header[18:], uint16(machine))
		return string(header)
	}
	archive, err := open(t, zipOf(t, file("a.so", native(elf.EM_X86_64)), file("libs/b.so.1.2", native(elf.EM_AARCH64)), file("c.so", "text"), file("d.py", native(elf.EM_AARCH64)), file("e.so", "")))
	if err != nil {
		t.Fatal(err)
	}
	for architecture, want := range map[string]string{"x86_64": "libs/b.so.1.2 arm64", "arm64": "a.so x86_64"} {
		member, machine, err := archive.Foreign(architecture)
		if err != nil || member+" "+machine != want {
			t.Errorf("for %s: %s %s, %v; want %s", architecture, member, machine, err, want)
		}
	}
}
