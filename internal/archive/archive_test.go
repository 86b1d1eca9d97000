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

func TestOpenRefusesInvalidZips(t *testing.T) {
	whole := zipOf(t, file("handler.py", "pass"))
	link := func(name, target string) member { return member{name, target, fs.ModeSymlink | 0o777, zip.Store, 0} }
	const relative = "; want a relative path with slashes, without .."
	long := strings.Repeat("n", 300)
	for want, data := range map[string][]byte{
		`not a zip, or truncated: the end of the central directory is missing`: whole[:len(whole)-30],
		`the zip is empty`: zipOf(t),
		`the central directory is not at the offset in the end record; want a zip without bytes in front`:                       append([]byte("#!/bin/sh\n"), whole...),
		`member "../../etc/cron.d/x" and 1 more: has a path that leaves the target folder` + relative:                           zipOf(t, file("../../etc/cron.d/x", ""), file("a/../../b", "")),
		`member "/tmp/x": has an absolute path` + relative:                                                                      zipOf(t, file("/tmp/x", "")),
		`member "C:\\x": has a Windows path` + relative:                                                                         zipOf(t, file(`C:\x`, "")),
		`member "C:/x": has a Windows path` + relative:                                                                          zipOf(t, file("C:/x", "")),
		`member "d:x": has a Windows path` + relative:                                                                           zipOf(t, file("d:x", "")),
		`member "` + long[:200] + `…": has more than 255 bytes between slashes`:                                                 zipOf(t, file(long, "")),
		`member "` + strings.Repeat("d/", 100) + `…": has a name of 1201 bytes; want at most 1024`:                              zipOf(t, file(strings.Repeat("d/", 600)+"f", "")),
		`member "a/b": is below "a", which is not a folder`:                                                                     zipOf(t, file("a", "1"), file("a/b", "2")),
		`member "a": has the path of another member`:                                                                            zipOf(t, file("a/b", "2"), file("a", "1")),
		`member "l/b": is below "l", which is not a folder`:                                                                     zipOf(t, link("l", "a"), file("l/b", "2")),
		`member "a.py": has the path of another member`:                                                                         zipOf(t, file("a.py", "1"), file("a.py", "2")),
		`member "./a.py": has the path of another member`:                                                                       zipOf(t, file("a.py", "1"), file("./a.py", "2")),
		`member ".": has the target folder's path`:                                                                              zipOf(t, file(".", "1")),
		`member "a.py": is encrypted; want a zip without a password`:                                                            zipOf(t, member{"a.py", "x", 0o644, zip.Store, 1}),
		`member "a.py": is compressed by Zstandard; want stored or DEFLATE`:                                                     zipOf(t, member{"a.py", "x", 0o644, 93, 0}),
		`member "tty": is a device, a pipe or a socket; want files, folders and links`:                                          zipOf(t, member{"tty", "", fs.ModeDevice | 0o644, zip.Store, 0}),
		`member "a/passwd": is a link that leaves the target folder`:                                                            zipOf(t, link("a/passwd", "../../etc/passwd")),
		`member "l": is a link that leaves the target folder`:                                                                   zipOf(t, link("d/up", ".."), link("l", "d/up/../f")),
		`member "l": is a link in a cycle`:                                                                                      zipOf(t, link("l", "l")),
		`member "l": is a link of 1025 bytes; want at most 1024`:                                                                zipOf(t, link("l", strings.Repeat("x", 1025))),
		`member "passwd": is a link to the absolute path "/etc/passwd"; want a relative target`:                                 zipOf(t, link("passwd", "/etc/passwd")),
		`member "../x": has a path that leaves the target folder` + relative + "\nmember \"b\": has the path of another member": zipOf(t, file("../x", ""), file("b", ""), file("b", "")),
	} {
		if _, err := open(t, data); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The function refuses such a zip at its start, so synth has to refuse it first.
func TestCheckRatioRefusesZipBombs(t *testing.T) {
	archive, err := open(t, zipOf(t, file("zeros", strings.Repeat("\x00", 8<<20))))
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.CheckRatio(); err == nil || !strings.Contains(err.Error(), "a zip bomb") {
		t.Errorf("got %v", err)
	}
	archive, err = open(t, zipOf(t, file("few zeros", strings.Repeat("\x00", 1<<20))))
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.CheckRatio(); err != nil {
		t.Error(err)
	}
}

func TestOpenReturnsSizesAndMembers(t *testing.T) {
	archive, err := open(t, zipOf(t,
		file("handler.py", strings.Repeat("x", 5000)), member{"bin/", "", fs.ModeDir | 0o755, zip.Store, 0}, member{"bin/run", "#!", 0o755, zip.Deflate, 0},
		file("a/b/c.txt", "c"), member{"a/link", "b/c.txt", fs.ModeSymlink | 0o777, zip.Store, 0}))
	if err != nil {
		t.Fatal(err)
	}
	if !archive.Has("handler.py") || archive.Has("bin") || archive.Has("c.txt") {
		t.Error("wrong about its members")
	}
	// Blocks of two for the handler, of one for each other file and folder.
	if archive.Unzipped != 5000+2+1+7 || archive.Disk != (2+3+3)*block {
		t.Errorf("%d bytes, %d on disk", archive.Unzipped, archive.Disk)
	}
}

func TestForeignFindsNativeCodeForAnotherArchitecture(t *testing.T) {
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

func TestOtherPythonFindsModulesThatNoneReplaces(t *testing.T) {
	const old, wanted = "a/x.cpython-311-x86_64-linux-gnu.so", "b/x.cpython-312-x86_64-linux-gnu.so"
	for _, test := range []struct {
		members []string
		want    string
	}{
		{[]string{old, wanted}, " "},
		{[]string{"x.abi3.so", "lib/y.so", "x.cpython-311.pyc"}, " "},
		{[]string{old, "z/x.cpython-310-x86_64-linux-gnu.so"}, old + " 3.11"},
	} {
		var members []member
		for _, name := range test.members {
			members = append(members, file(name, "x"))
		}
		archive, err := open(t, zipOf(t, members...))
		if err != nil {
			t.Fatal(err)
		}
		if member, other := archive.OtherPython("3.12"); member+" "+other != test.want {
			t.Errorf("%s: %s %s, want %s", test.members, member, other, test.want)
		}
	}
}

func TestCheckReadableRefusesPrivateMembers(t *testing.T) {
	mode := func(name string, mode fs.FileMode) member { return member{name, "", mode, zip.Store, 0} }
	for want, members := range map[string][]member{
		"": {mode("a.py", 0o644), mode("b.py", 0o444), mode("lib/", fs.ModeDir|0o755), mode("run", 0o755), mode("l", fs.ModeSymlink|0o600)},
		`member "handler.py" and 1 more: Lambda's user cannot read it (mode 0600); want a mode such as 0644 in the zip`: {mode("handler.py", 0o600), mode("lib/x.py", 0o600), mode("y.py", 0o644)},
		`member "handler.py": Lambda's user cannot read it (mode 0640); want a mode such as 0644 in the zip`:            {mode("handler.py", 0o640)},
		`member "lib": Lambda's user cannot read it (mode 0700); want a mode such as 0755 in the zip`:                   {mode("lib/", fs.ModeDir|0o700), mode("lib/x.py", 0o644)},
		`member "lib": Lambda's user cannot read it (mode 0644); want a mode such as 0755 in the zip`:                   {mode("lib/", fs.ModeDir|0o644), mode("lib/x.py", 0o644)},
	} {
		for i := range members {
			if members[i].mode&fs.ModeSymlink != 0 {
				members[i].content = "a.py"
			}
		}
		archive, err := open(t, zipOf(t, members...))
		if err != nil {
			t.Fatal(err)
		}
		if err := archive.CheckReadable(); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A zip without Unix modes is readable: DOS has none.
func TestCheckReadableAcceptsZipsWithoutModes(t *testing.T) {
	var data bytes.Buffer
	writer := zip.NewWriter(&data)
	for _, name := range []string{"handler.py", "lib/", "lib/x.py"} {
		if _, err := writer.CreateHeader(&zip.FileHeader{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	archive, err := open(t, data.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.CheckReadable(); err != nil {
		t.Error(err)
	}
}

func TestCheckProgramRefusesWhatLambdaCannotStart(t *testing.T) {
	for _, test := range []struct {
		content string
		mode    fs.FileMode
		want    string
	}{
		{"#!/bin/sh\necho\r\n", 0o755, ""},
		{"#!/bin/sh", 0o755, ""},
		{elf.ELFMAG + "\x02", 0o755, ""},
		{"#!/bin/sh\n", 0o644, `member "bootstrap": not executable for Lambda's user (mode 0644); want the mode 0755 in the zip`},
		{"#!/bin/sh\n", 0o744, `member "bootstrap": not executable for Lambda's user (mode 0744)`},
		{"#!/bin/sh\r\necho\r\n", 0o755, `member "bootstrap": lines end in CRLF`},
		{"\xEF\xBB\xBF#!/bin/sh\n", 0o755, `member "bootstrap": begins with a byte order mark`},
		{"echo\n", 0o755, `member "bootstrap": neither a native program nor a script; want a first line such as #!/bin/sh`},
		{"", 0o755, `member "bootstrap": neither`},
	} {
		archive, err := open(t, zipOf(t, member{"bootstrap", test.content, test.mode, zip.Deflate, 0}))
		if err != nil {
			t.Fatal(err)
		}
		err = archive.CheckProgram("bootstrap")
		if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%q, mode %o: got %v, want %s", test.content, test.mode, err, test.want)
		}
	}
}
