package dependencies

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile is a zip to refuse, with a part of the error.
type hostile struct {
	name    string
	content []byte
	want    string
}

func hostileZips(outside string) []hostile {
	var all []hostile
	for _, list := range [][]hostile{
		hostilePaths(outside), hostileKinds(), hostileTwins(), hostileLinks(outside), hostileMethods(),
		hostileSizes(), hostileOverlaps(), hostileHeaders(), hostileEnds(), hostileDirectories(), cutOff(),
	} {
		all = append(all, list...)
	}
	return all
}

func hostilePaths(outside string) []hostile {
	var list []hostile
	for name, want := range map[string]string{
		"../escape": "leaves the target folder", "a/../../escape": "leaves the target folder", "..": "leaves the target folder", "../": "leaves the target folder",
		"a/..": "leaves the target folder", "a/../b": "leaves the target folder", "./../escape": "leaves the target folder",
		"a/b/c/../../../../escape": "leaves the target folder", "../sibling/f": "leaves the target folder",
		"/escape": "absolute path", "//escape": "absolute path", "/": "absolute path", outside + "/escape": "absolute path",
		`..\escape`: "Windows path", `a\b`: "Windows path", `\escape`: "Windows path", `\\host\share\f`: "Windows path",
		"C:/escape": "Windows path", "c:escape": "Windows path", `C:\escape`: "Windows path",
		"": "no name", ".": "target folder's path", "./.": "target folder's path",
		"a\x00b": "NUL", "\x00": "NUL", "a/\x00../b": "NUL",
		strings.Repeat("n", 256): "between slashes", "d/" + strings.Repeat("n", 300) + "/f": "between slashes",
		strings.Repeat("d/", 600) + "f": "has a name of 1201 bytes",
	} {
		list = append(list, hostile{fmt.Sprintf("path %.40q", name), zipOf(entry{name: "good"}, entry{name: name, data: "gotcha"}), want})
	}
	return list
}

func hostileKinds() []hostile {
	var list []hostile
	for kind, mode := range map[string]uint32{"character device": 0o020666, "block device": 0o060666, "pipe": 0o010666, "socket": 0o140777, "odd": 0o150777} {
		for _, name := range []string{"dev/null", "dev/"} {
			list = append(list, hostile{kind + " " + name, zipOf(entry{name: name, mode: mode}), "is a device, a pipe or a socket"})
		}
	}
	return append(list,
		hostile{"folder without slash", zipOf(entry{name: "d", mode: 0o040755}), "a folder's mode"},
		hostile{"link with slash", zipOf(entry{name: "l/", mode: 0o120777}), "a link's mode"},
		hostile{"folder with content", zipOf(entry{name: "d/", data: "x"}), "a folder with content"},
	)
}

func hostileTwins() []hostile {
	a, link := entry{name: "a", data: "1"}, entry{name: "a", data: "b", mode: 0o120777}
	below, dir := entry{name: "a/b", data: "2"}, entry{name: "a/"}
	return []hostile{
		{"file twice", zipOf(a, a), "the path of another member"},
		{"file twice by dot", zipOf(a, entry{name: "./a"}), "the path of another member"},
		{"file twice by slashes", zipOf(below, entry{name: "a//b"}), "the path of another member"},
		{"folder twice", zipOf(dir, dir), "the path of another member"},
		{"file then folder", zipOf(a, dir), "the path of another member"},
		{"folder then file", zipOf(dir, a), "the path of another member"},
		{"file below a file", zipOf(a, below), "which is not a folder"},
		{"file above a file", zipOf(below, a), "the path of another member"},
		{"link then file", zipOf(link, a), "the path of another member"},
		{"file then link", zipOf(a, link), "the path of another member"},
		{"link then folder", zipOf(link, dir), "the path of another member"},
		{"write through a link", zipOf(link, below), "which is not a folder"},
		{"deep through a link", zipOf(link, entry{name: "a/c/d/e", data: "x"}), "which is not a folder"},
		{"link above a file", zipOf(below, link), "the path of another member"},
	}
}

func hostileLinks(outside string) []hostile {
	link := func(name, target string) entry { return entry{name: name, data: target, mode: 0o120777} }
	const leaves = "is a link that leaves"
	return []hostile{
		{"link up", zipOf(link("l", "..")), leaves},
		{"link up and down", zipOf(link("l", "../other/f")), leaves},
		{"link up from below", zipOf(link("d/l", "../../f")), leaves},
		{"link through a folder", zipOf(entry{name: "d/f"}, link("l", "d/../../f")), leaves},
		{"link through nothing", zipOf(link("l", "no/../../f")), leaves},
		{"link by a link", zipOf(link("d/up", ".."), link("l", "d/up/../f")), leaves},
		{"link by two links", zipOf(link("d/e/up", "../.."), link("one", "d/e/up"), link("two", "one/../f")), leaves},
		{"link with dots", zipOf(link("l", "./.././../f")), leaves},
		{"absolute link", zipOf(link("l", outside)), "to the absolute path"},
		{"absolute link to root", zipOf(link("l", "/")), "to the absolute path"},
		{"absolute link deflated", zipOf(entry{name: "l", data: "/etc/passwd", mode: 0o120777, method: methodDeflate}), "to the absolute path"},
		{"link to itself", zipOf(link("l", "l")), "in a cycle"},
		{"links in a circle", zipOf(link("a", "b/x"), link("b", "a/x")), "in a cycle"},
		{"link to nothing", zipOf(link("l", "")), "invalid target"},
		{"link with NUL", zipOf(link("l", "f\x00g")), "invalid target"},
		{"link with backslash", zipOf(link("l", `..\f`)), "invalid target"},
		{"long link", zipOf(link("l", strings.Repeat("x", 1025))), "is a link of 1025 bytes"},
		{"link with wrong CRC", zipOf(entry{name: "l", data: "f", mode: 0o120777, lie: func(r *record) { r.crc++ }, local: func(r *record) { r.crc++ }}), "CRC-32"},
	}
}

func hostileMethods() []hostile {
	var list []hostile
	for _, method := range []uint16{1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99, 4711} {
		list = append(list, hostile{fmt.Sprintf("method %d", method), zipOf(entry{name: "f", data: "x", method: method}), "want stored or DEFLATE"})
	}
	for name, flag := range map[string]uint16{"weak": 1, "strong": 1 | 1<<6, "masked": 1 << 13} {
		list = append(list, hostile{name + " encryption", zipOf(entry{name: "f", data: "x", flags: flag}), "is encrypted"})
	}
	return append(list,
		hostile{"patch", zipOf(entry{name: "f", data: "x", flags: flagPatch}), "is a patch"},
		hostile{"encrypted in secret", zipOf(entry{name: "f", data: "x", local: func(r *record) { r.flags = 1 }}), "encrypted by its local header"},
	)
}

func hostileSizes() []hostile {
	// both changes the two headers alike.
	both := func(e entry, lie func(*record)) []byte {
		e.local, e.lie = lie, lie
		return zipOf(e)
	}
	text := strings.Repeat("some text ", 2000)
	plain, packed := entry{name: "f", data: text}, entry{name: "f", data: text, method: methodDeflate}
	garbage, short, long := packed, packed, packed
	garbage.raw = []byte{0xff, 0xff, 0xff, 0xff}
	short.raw = deflate(text)[:20]
	long.raw = append(deflate(text), "and more"...)
	return []hostile{
		{"wrong CRC", both(plain, func(r *record) { r.crc++ }), "CRC-32"},
		{"wrong CRC deflated", both(packed, func(r *record) { r.crc++ }), "CRC-32"},
		{"wrong CRC with trailer", zipOf(entry{name: "f", data: text, trailer: true, lie: func(r *record) { r.crc = 7 }}), "instead of 00000007"},
		{"more than announced", both(packed, func(r *record) { r.size-- }), "more bytes than announced"},
		{"much more than announced", both(packed, func(r *record) { r.size = 0 }), "more bytes than announced"},
		{"less than announced", both(packed, func(r *record) { r.size++ }), "1 bytes less than announced"},
		{"stored with two sizes", both(plain, func(r *record) { r.size++ }), "two different sizes"},
		{"no DEFLATE data", zipOf(garbage), "broken DEFLATE data"},
		{"DEFLATE data cut off", zipOf(short), "cut off"},
		{"DEFLATE data and more", zipOf(long), "8 bytes after the end"},
		{"compressed size too small", both(packed, func(r *record) { r.compressed -= 3 }), "cut off"},
		{"compressed size too large", both(packed, func(r *record) { r.compressed += 1 << 20 }), "overlaps"},
		{"compressed size absurd", both(entry{name: "f", data: text, method: methodDeflate, zip64: true}, func(r *record) { r.compressed = math.MaxInt64 }), "overlaps"},
		{"negative size", both(entry{name: "f", data: "x", zip64: true}, func(r *record) { r.size, r.compressed = math.MaxUint64, math.MaxUint64 }), "more than 67108864 bytes"},
		{"more than allowed", both(entry{name: "f", data: "x", zip64: true}, func(r *record) { r.size, r.compressed = 1<<40, 1<<40 }), "more than 67108864 bytes"},
		{"more than allowed together", zipOf(
			entry{name: "a", data: "x", method: methodDeflate, lie: func(r *record) { r.size = 1 << 25 }},
			entry{name: "b", data: "x", method: methodDeflate, lie: func(r *record) { r.size = 1<<25 + 1 }}), "more than 67108864 bytes"},
		{"sum overflows", zipOf(
			entry{name: "a", data: "x", method: methodDeflate, zip64: true, lie: func(r *record) { r.size = math.MaxInt64 }},
			entry{name: "b", data: "x", method: methodDeflate, zip64: true, lie: func(r *record) { r.size = math.MaxInt64 }}), "more than 67108864 bytes"},
		{"bomb", zipOf(entry{name: "zeros", data: strings.Repeat("\x00", 8<<20), method: methodDeflate}), "zip bomb"},
		{"bomb in parts", zipOf(entry{name: "a", data: strings.Repeat("\x00", 4<<20), method: methodDeflate},
			entry{name: "b", data: strings.Repeat("\x00", 4<<20), method: methodDeflate}), "zip bomb"},
	}
}

func hostileOverlaps() []hostile {
	text, at := strings.Repeat("x", 5000), func(offset uint64) *uint64 { return &offset }
	longer := func(r *record) { r.compressed += 3 }
	return []hostile{
		{"two members, one place", zipOf(entry{name: "a", data: text}, entry{name: "b", data: text, offset: at(0)}), "overlaps"},
		{"member in a member", zipOf(entry{name: "a", data: string(zipOf(entry{name: "b"}))}, entry{name: "b", offset: at(31)}), "overlaps"},
		{"offset in the directory", zipOf(entry{name: "a", offset: at(35)}), "overlaps"},
		{"offset beyond the end", zipOf(entry{name: "a", offset: at(1 << 30)}), "overlaps"},
		{"offset absurd", zipOf(entry{name: "a", zip64: true, offset: at(math.MaxInt64)}), "overlaps"},
		{"offset negative", zipOf(entry{name: "a", zip64: true, offset: at(math.MaxUint64)}), "overlaps"},
		{"local extra field too long", zipOf(entry{name: "a", data: "x", local: func(r *record) { r.name = strings.Repeat("n", 40000) }, lie: func(r *record) { r.compressed, r.size = 39000, 39000 }}), "contradicts"},
		{"data into the next", zipOf(entry{name: "a", data: text, method: methodDeflate, extra: "12345", lie: longer, local: longer}, entry{name: "b"}), "overlaps"},
	}
}

func hostileHeaders() []hostile {
	at := uint64(1)
	change := func(change func(*record)) []byte { return zipOf(entry{name: "f", data: "data", local: change}) }
	return []hostile{
		{"no local header", archive{entries: []entry{{name: "a", data: "x", offset: &at}}, between: "......"}.bytes(), "no local header"},
		{"another method", change(func(r *record) { r.method = methodDeflate }), "contradicts"},
		{"another size", change(func(r *record) { r.size = 3 }), "contradicts"},
		{"another compressed size", change(func(r *record) { r.compressed = 3 }), "contradicts"},
		{"another CRC", change(func(r *record) { r.crc = 3 }), "contradicts"},
		{"another name", change(func(r *record) { r.name = "g" }), "contradicts"},
		{"another name's length", change(func(r *record) { r.name = "longer" }), "contradicts"},
	}
}

func hostileEnds() []hostile {
	var list []hostile
	one := []entry{{name: "f", data: "x"}}
	for name, c := range map[string]struct {
		change func(*endRecord)
		want   string
	}{
		"disk":                   {func(e *endRecord) { e.disk = 1 }, "one part of several"},
		"first disk":             {func(e *endRecord) { e.firstDisk = 1 }, "one part of several"},
		"members elsewhere":      {func(e *endRecord) { e.here = 0 }, "one part of several"},
		"one member too many":    {func(e *endRecord) { e.here++; e.members++ }, "broken after 1 of 2"},
		"one member too few":     {func(e *endRecord) { e.here--; e.members-- }, "bytes after its last member"},
		"directory too long":     {func(e *endRecord) { e.length++ }, "not at the offset in the end record"},
		"directory too short":    {func(e *endRecord) { e.length-- }, "not at the offset in the end record"},
		"directory too far":      {func(e *endRecord) { e.offset += 1 << 20 }, "not at the offset in the end record"},
		"directory too near":     {func(e *endRecord) { e.offset-- }, "not at the offset in the end record"},
		"directory at the start": {func(e *endRecord) { e.offset = 0 }, "not at the offset in the end record"},
	} {
		for _, zip64 := range []bool{false, true} {
			list = append(list, hostile{fmt.Sprintf("end: %s, zip64 %v", name, zip64), archive{entries: one, end: c.change, zip64: zip64}.bytes(), c.want})
		}
	}
	return append(list,
		hostile{"millions of members", archive{entries: one, zip64: true, end: func(e *endRecord) { e.here, e.members = 1<<40, 1<<40 }}.bytes(), "want at most 100000"},
		hostile{"huge directory", archive{entries: one, zip64: true, end: func(e *endRecord) { e.length = 1 << 40 }}.bytes(), "want at most 16777216"},
		hostile{"negative directory", archive{entries: one, zip64: true, end: func(e *endRecord) { e.offset = math.MaxUint64 }}.bytes(), "not at the offset in the end record"},
		hostile{"bytes in front", append([]byte("#!/bin/sh\n"), zipOf(one...)...), "not at the offset in the end record"},
		hostile{"bytes behind", archive{entries: one, after: "\n"}.bytes(), "the end of the central directory is missing"},
	)
}

func hostileDirectories() []hostile {
	var list []hostile
	for name, c := range map[string]struct {
		change func([]byte)
		want   string
	}{
		"signature":      {func(b []byte) { b[0] = 'X' }, "broken after 0 of 1"},
		"long name":      {func(b []byte) { b[29] = 0x7f }, "ends inside member 1 of 1"},
		"long extra":     {func(b []byte) { b[31] = 0x7f }, "ends inside member 1 of 1"},
		"long comment":   {func(b []byte) { b[33] = 0x7f }, "ends inside member 1 of 1"},
		"disk":           {func(b []byte) { b[34] = 1 }, "on another disk"},
		"zip64 missing":  {func(b []byte) { copy(b[20:], "\xff\xff\xff\xff") }, "has no zip64"},
		"zip64 offset":   {func(b []byte) { copy(b[42:], "\xff\xff\xff\xff") }, "has no zip64"},
		"broken extra":   {func(b []byte) { copy(b[20:], "\xff\xff\xff\xff"); b[entrySize+1+2] = 99 }, "broken extra field"},
		"zip64 all ones": {func(b []byte) { copy(b[20:], "\xff\xff\xff\xff\xff\xff\xff\xff") }, "has no zip64"},
	} {
		a := archive{entries: []entry{{name: "f", data: "x"}}, central: func(b []byte) []byte { c.change(b); return b }}
		list = append(list, hostile{"directory: " + name, a.bytes(), c.want})
	}
	return list
}

func cutOff() []hostile {
	content, _ := big(3)
	var list []hostile
	for _, keep := range []int{1, 21, 22, 100, len(content) / 2, len(content) - 30, len(content) - 22, len(content) - 1} {
		list = append(list, hostile{fmt.Sprintf("first %d bytes", keep), content[:keep], "not a zip, or truncated"})
	}
	return append(list,
		hostile{"last half", content[len(content)/2:], "not at the offset in the end record"},
		hostile{"nothing", nil, "the object is empty"},
		hostile{"HTML", []byte("<!doctype html><title>Sign in</title>"), "not a zip, or truncated"},
		hostile{"only an end", []byte(endSignature), "not a zip, or truncated"},
	)
}

func TestExtractRefusesHostileZips(t *testing.T) {
	outside := t.TempDir()
	sentinel := filepath.Join(outside, "sentinel")
	if err := os.WriteFile(sentinel, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	zips := hostileZips(outside)
	if len(zips) < 100 {
		t.Errorf("only %d hostile zips", len(zips))
	}
	t.Logf("%d hostile zips", len(zips))
	before := tree(t, outside)
	for _, h := range zips {
		t.Run(h.name, func(t *testing.T) {
			s := serve(t, h.content)
			e := s.extractor(t)
			var log bytes.Buffer
			e.Log = slog.New(slog.NewTextHandler(&log, nil))
			e.Directory = filepath.Join(outside, "home", "deps")
			defer os.RemoveAll(filepath.Join(outside, "home"))

			folder, err := e.Extract(t.Context(), object(h.content))
			refused, ok := errors.AsType[*RefusedError](err)
			if !ok {
				t.Fatalf("folder %q, error %v; want a *RefusedError", folder, err)
			}
			if !strings.Contains(refused.Error(), h.want) {
				t.Errorf("error %q lacks %q", refused, h.want)
			}
			if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "s3://assets/deps/v1.zip") || len(text) > 1000 {
				t.Errorf("error is not one line with the object: %q", text)
			}
			if log.Len() > 0 {
				t.Errorf("unexpected log: %s", &log)
			}
			want := map[string]string{"home/": "", "home/deps/": "", "home/deps/.lock": "-rw------- "}
			for name, content := range before {
				want[name] = content
			}
			if diff := cmp.Diff(want, tree(t, outside)); diff != "" {
				t.Errorf("unexpected files: -want +got\n%s", diff)
			}
		})
	}
}
