package dependencies

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns the content of each file below root, with its mode unless 0644,
// and the target of each link.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			found[name+"/"] = ""
			return nil
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			found[name] = "-> " + target
			return err
		}
		content, err := os.ReadFile(path)
		found[name] = string(content)
		if mode := info.Mode(); mode != 0o644 {
			found[name] = fmt.Sprintf("%v %s", mode, content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// big returns a zip that takes many requests. Its members are smaller and larger
// than a piece, stored and deflated.
func big(seed uint64) (content []byte, want map[string]string) {
	random := rand.New(rand.NewPCG(seed, 1))
	want = map[string]string{}
	var a archive
	for i := range 120 {
		name := fmt.Sprintf("pkg%d/sub%d/module_%03d.py", i%3, i%7, i)
		data := make([]byte, random.IntN(1<<random.IntN(16)))
		for j := range data {
			data[j] = "abcdefgh"[random.IntN(8)]
		}
		e := entry{name: name, data: string(data), method: []uint16{methodStored, methodDeflate}[random.IntN(2)]}
		e.trailer, e.zip64 = i%5 == 0, i%11 == 1
		e.gap = strings.Repeat("gap", random.IntN(3))
		a.entries = append(a.entries, e)
		want[name] = e.data
		want[filepath.Dir(name)+"/"] = ""
		want[filepath.Dir(filepath.Dir(name))+"/"] = ""
	}
	return a.bytes(), want
}

func extracted(t *testing.T, e *Extractor, o Object) string {
	t.Helper()
	folder, err := e.Extract(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestExtractSupportsAllZipForms(t *testing.T) {
	bigZip, bigTree := big(1)
	var stdlib bytes.Buffer
	w := zip.NewWriter(&stdlib)
	f, _ := w.Create("from/the/standard/library.txt")
	if _, err := f.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.Close()

	tests := map[string]struct {
		content []byte
		want    map[string]string
	}{
		"no members":   {zipOf(), map[string]string{}},
		"many pieces":  {bigZip, bigTree},
		"archive/zip":  {stdlib.Bytes(), map[string]string{"from/": "", "from/the/": "", "from/the/standard/": "", "from/the/standard/library.txt": "hello"}},
		"empty files":  {zipOf(entry{name: "a"}, entry{name: "b", method: methodDeflate}), map[string]string{"a": "", "b": ""}},
		"a folder":     {zipOf(entry{name: "d/", mode: 0o40500}, entry{name: "d/f", data: "x"}, entry{name: "e/"}), map[string]string{"d/": "", "d/f": "x", "e/": ""}},
		"folder later": {zipOf(entry{name: "d/f", data: "x"}, entry{name: "d/"}), map[string]string{"d/": "", "d/f": "x"}},
		"dots":         {zipOf(entry{name: "./"}, entry{name: "./a/./b", data: "x"}), map[string]string{"a/": "", "a/b": "x"}},
		"zip64 end":    {archive{zip64: true, entries: []entry{{name: "a", data: "1", zip64: true}}}.bytes(), map[string]string{"a": "1"}},
		"comment":      {archive{comment: "about " + endSignature + strings.Repeat("!", 40), entries: []entry{{name: "a", data: "1"}}}.bytes(), map[string]string{"a": "1"}},
		"other order":  {otherOrder(), map[string]string{"a": "first", "b": "second"}},
		"odd names":    {zipOf(entry{name: "…/ä b:c", data: "1"}, entry{name: "..a/b..", data: "2"}), map[string]string{"…/": "", "…/ä b:c": "1", "..a/": "", "..a/b..": "2"}},
		"modes": {
			zipOf(entry{name: "run", data: "#!", mode: 0o100755}, entry{name: "suid", mode: 0o104711}, entry{name: "secret", mode: 0o100600}),
			map[string]string{"run": "-rwxr-xr-x #!", "suid": "-rwxr-xr-x ", "secret": ""},
		},
		"links": {
			zipOf(entry{name: "lib/z.so", data: "../real/z.so.1", mode: 0o120777}, entry{name: "real/z.so.1", data: "ELF"},
				entry{name: "lib/again", data: "z.so", mode: 0o120777, method: methodDeflate}, entry{name: "here", data: ".", mode: 0o120777},
				entry{name: "in", data: "here/lib/./../here//real", mode: 0o120777}, entry{name: "nowhere", data: "no/such/../file", mode: 0o120777}),
			map[string]string{"lib/": "", "lib/z.so": "-> ../real/z.so.1", "real/": "", "real/z.so.1": "ELF", "lib/again": "-> z.so",
				"here": "-> .", "in": "-> here/lib/./../here//real", "nowhere": "-> no/such/../file"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, test.content)
			folder := extracted(t, s.extractor(t), object(test.content))
			if diff := cmp.Diff(test.want, tree(t, folder)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// otherOrder returns a zip whose directory lists the second member first.
func otherOrder() []byte {
	a := archive{entries: []entry{{name: "a", data: "first"}, {name: "b", data: "second"}}}
	a.central = func(b []byte) []byte { return slices.Concat(b[len(b)/2:], b[:len(b)/2]) }
	return a.bytes()
}

func TestExtractFetchesSmallZipInOneRequest(t *testing.T) {
	content := zipOf(entry{name: "a", data: strings.Repeat("x", 1000), method: methodDeflate})
	s := serve(t, content)
	e := s.extractor(t)
	e.transfer = transfer{}
	extracted(t, e, object(content))
	if diff := cmp.Diff([]string{"bytes=-2097152"}, s.received()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestExtractFetchesEachByteOnce(t *testing.T) {
	content, _ := big(2)
	s := serve(t, content)
	e := s.extractor(t)
	extracted(t, e, object(content))
	fetched := int64(0)
	for i, r := range s.received() {
		var from, to int64
		if i == 0 {
			fetched += e.transfer.tail
		} else if _, err := fmt.Sscanf(r, "bytes=%d-%d", &from, &to); err != nil {
			t.Fatalf("range %q: %v", r, err)
		} else {
			fetched += to - from + 1
		}
	}
	if fetched != int64(len(content)) {
		t.Errorf("fetched %d bytes of an object of %d", fetched, len(content))
	}
}

func TestExtractReusesPublishedFolder(t *testing.T) {
	content := zipOf(entry{name: "a", data: "1"})
	for _, o := range []Object{object(content), {Bucket: "b", Key: "k", VersionID: "v1"}} {
		s := serve(t, content)
		e := s.extractor(t)
		first := extracted(t, e, o)
		requests := len(s.received())
		if second := extracted(t, e, o); second != first {
			t.Errorf("first %s, then %s", first, second)
		}
		if len(s.received()) != requests {
			t.Errorf("%s: further requests: %v", o, s.received())
		}
	}
}

func TestExtractUsesOneFolderPerContent(t *testing.T) {
	before, after := zipOf(entry{name: "a", data: "old"}), zipOf(entry{name: "b", data: "new"})
	s := serve(t, before)
	e := s.extractor(t)
	latest := Object{Bucket: "assets", Key: "deps.zip"}
	folders := []string{extracted(t, e, object(before)), extracted(t, e, latest), extracted(t, e, latest)}
	s.put(after)
	folders = append(folders, extracted(t, e, object(after)), extracted(t, e, latest))
	if folders[1] != folders[2] || folders[1] == folders[4] {
		t.Errorf("folders of the latest version: %v", folders)
	}
	for _, i := range []int{0, 1} {
		if diff := cmp.Diff(map[string]string{"a": "old"}, tree(t, folders[i])); diff != "" {
			t.Errorf("folder %d: -want +got\n%s", i, diff)
		}
	}
	for _, i := range []int{3, 4} {
		if diff := cmp.Diff(map[string]string{"b": "new"}, tree(t, folders[i])); diff != "" {
			t.Errorf("folder %d: -want +got\n%s", i, diff)
		}
	}
}

func TestExtractRejectsInvalidObject(t *testing.T) {
	for _, o := range []Object{
		{Key: "k"}, {Bucket: "b"},
		{Bucket: "b", Key: "k", SHA256: "../../etc"},
		{Bucket: "b", Key: "k", SHA256: strings.Repeat("A", 64)},
	} {
		if _, err := (&Extractor{Directory: t.TempDir()}).Extract(t.Context(), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
