package dependencies

import (
	"archive/zip"
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"defog-cdk/internal/archive/rules"
)

// FuzzDirectory checks the invariants of each plan, and that the standard library
// reads the same members from the zip.
func FuzzDirectory(f *testing.F) {
	for seed := range uint64(3) {
		content, _ := big(seed)
		f.Add(content[max(0, len(content)-3000):])
	}
	for _, h := range hostileZips("/outside") {
		if len(h.content) < 4<<10 {
			f.Add(h.content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s := &source{size: int64(len(content)), tail: content}
		p, err := s.plan(t.Context(), 1<<30)
		if err != nil {
			return
		}
		at, bytesOfAll := int64(0), int64(0)
		for _, m := range p.Members {
			if m.Offset < at || m.Offset+rules.LocalHeaderSize+m.Compressed > m.Limit || m.Limit > s.size {
				t.Fatalf("member %q overlaps: %+v", m.Name, m)
			}
			if !filepath.IsLocal(m.Path) || m.Path == "." {
				t.Fatalf("member %q is outside", m.Name)
			}
			if parent := filepath.Dir(m.Path); parent != "." && !slices.Contains(p.Folders, parent) {
				t.Fatalf("the plan lacks the folder %q", parent)
			}
			at = m.Limit
			bytesOfAll += m.Size
		}
		if bytesOfAll != p.Bytes || bytesOfAll > 1<<30 {
			t.Fatalf("the plan has %d bytes, the members %d", p.Bytes, bytesOfAll)
		}
		compareWithStandardLibrary(t, content, p)
	})
}

func compareWithStandardLibrary(t *testing.T, content []byte, p *plan) {
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatalf("accepted, but archive/zip rejects it: %v", err)
	}
	files := map[string]*zip.File{}
	for _, f := range r.File {
		files[f.Name] = f
	}
	for _, m := range p.Members {
		f := files[m.Name]
		if f == nil {
			t.Fatalf("archive/zip has no %q", m.Name)
		}
		if f.UncompressedSize64 != uint64(m.Size) || f.CompressedSize64 != uint64(m.Compressed) || f.CRC32 != m.CRC {
			t.Fatalf("archive/zip has %+v, the plan %+v", f.FileHeader, m)
		}
	}
}
