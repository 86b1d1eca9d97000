package bundle

import (
	"archive/zip"
	"bytes"
	"io"
	"math/rand"
	"strings"
	"testing"
	"time"
)

func TestWriteKeepsContent(t *testing.T) {
	noise := make([]byte, 5000)
	rand.New(rand.NewSource(1)).Read(noise)
	files := map[string]string{
		"b/text.py":  strings.Repeat("import this\n", 1000),
		"a":          "",
		"noise":      string(noise),
		"ünïcode.py": "x = 1",
	}
	archive := open(t, zipped(t, files))
	var names []string
	for _, member := range archive.File {
		names = append(names, member.Name)
		content, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content) // checks the CRC
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != files[member.Name] {
			t.Errorf("%s: %d bytes that differ from the file", member.Name, len(data))
		}
	}
	if got := strings.Join(names, " "); got != "a b/text.py noise ünïcode.py" {
		t.Errorf("got %s", got)
	}
}

func TestWriteOmitsDescriptorsAndTimes(t *testing.T) {
	archive := open(t, zipped(t, map[string]string{"run": strings.Repeat("x", 1000), "noise": "\x01\x07"}))
	methods := map[string]uint16{"run": zip.Deflate, "noise": zip.Store}
	modes := map[string]string{"run": "-rwxr-xr-x", "noise": "-rw-r--r--"}
	for _, member := range archive.File {
		if member.Flags&8 != 0 {
			t.Errorf("%s has a data descriptor", member.Name)
		}
		if !member.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) || len(member.Extra) > 0 {
			t.Errorf("%s is of %s, with extra %x", member.Name, member.Modified, member.Extra)
		}
		if member.Method != methods[member.Name] {
			t.Errorf("%s has method %d", member.Name, member.Method)
		}
		if got := member.Mode().String(); got != modes[member.Name] {
			t.Errorf("%s has mode %s", member.Name, got)
		}
	}
}

func TestWriteRefusesDuplicatedNames(t *testing.T) {
	spool := newSpool(t)
	member := add(t, spool, "a", "1")
	if err := spool.Write(io.Discard, []Member{member, member}); err == nil || !strings.Contains(err.Error(), "a: duplicated") {
		t.Errorf("got %v", err)
	}
}

// zipped adds the files in a random order.
func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	spool := newSpool(t)
	var members []Member
	for name, content := range files {
		members = append(members, add(t, spool, name, content))
	}
	var out bytes.Buffer
	if err := spool.Write(&out, members); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func add(t *testing.T, spool *Spool, name, content string) Member {
	t.Helper()
	member, err := spool.Add(name, name == "run", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return member
}

func newSpool(t *testing.T) *Spool {
	t.Helper()
	spool, err := NewSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	})
	return spool
}

func open(t *testing.T, data []byte) *zip.Reader {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return archive
}
