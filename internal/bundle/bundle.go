// Package bundle writes reproducible zips: the bytes depend on names, content and
// executable bits of the files only.
//
// Members are sorted by name, dated 1980-01-01 (the zip format's first day), and
// have mode 0644 or 0755. They are compressed by DEFLATE, or stored if that is
// smaller. Sizes and checksums precede the data, without data descriptors, so that
// a reader can stream members.
package bundle

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
)

const (
	// A zip is written once and read at every cold start.
	level = flate.BestCompression

	firstDay = 1<<5 | 1 // 1980-01-01 in MS-DOS format
	utf8Flag = 1 << 11  // the name is UTF-8
)

// Spool holds compressed files until they are written into zips. Several
// goroutines may add files at once.
type Spool struct {
	file   *os.File
	mutex  sync.Mutex
	length int64
	states sync.Pool // of *state
}

// state holds the reusable buffers for compressing one file.
type state struct {
	out     bytes.Buffer
	deflate *flate.Writer
}

// Member is a file in a spool.
type Member struct {
	Name       string // its path in the zip, with slashes
	Executable bool
	Size       int64 // unzipped
	Zipped     int64

	method uint16
	crc    uint32
	offset int64 // in the spool
}

// NewSpool creates a spool with a file in the given folder. "" is the system's
// folder for temporary files. The caller must close the spool.
func NewSpool(folder string) (*Spool, error) {
	file, err := os.CreateTemp(folder, ".bundle-")
	if err != nil {
		return nil, fmt.Errorf("create a spool: %w", err)
	}
	return &Spool{file: file}, nil
}

// Close removes the spool's file.
func (s *Spool) Close() error {
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// Add compresses a file.
func (s *Spool) Add(name string, executable bool, content io.ReadSeeker) (Member, error) {
	member := Member{Name: name, Executable: executable, method: zip.Deflate}
	if err := s.add(&member, content); err != nil {
		return Member{}, fmt.Errorf("compress %s: %w", name, err)
	}
	return member, nil
}

func (s *Spool) add(member *Member, content io.ReadSeeker) error {
	st, err := s.state()
	if err != nil {
		return err
	}
	defer s.states.Put(st)
	sum := crc32.NewIEEE()
	if member.Size, err = io.Copy(io.MultiWriter(st.deflate, sum), content); err != nil {
		return err
	}
	if err := st.deflate.Close(); err != nil {
		return err
	}
	member.crc = sum.Sum32()
	packed := io.Reader(&st.out)
	member.Zipped = int64(st.out.Len())
	if member.Zipped >= member.Size {
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return err
		}
		member.method, member.Zipped, packed = zip.Store, member.Size, content
	}

	s.mutex.Lock()
	member.offset = s.length
	s.length += member.Zipped
	s.mutex.Unlock()
	written, err := io.Copy(io.NewOffsetWriter(s.file, member.offset), packed)
	if err == nil && written != member.Zipped {
		return errors.New("the file changed while it was read")
	}
	return err
}

func (s *Spool) state() (*state, error) {
	if st, ok := s.states.Get().(*state); ok {
		st.out.Reset()
		st.deflate.Reset(&st.out)
		return st, nil
	}
	st := &state{}
	var err error
	st.deflate, err = flate.NewWriter(&st.out, level)
	return st, err
}

// Write writes a zip of the members. A duplicated name is an error.
func (s *Spool) Write(to io.Writer, members []Member) error {
	members = slices.SortedFunc(slices.Values(members), func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	archive := zip.NewWriter(to)
	for i, member := range members {
		if i > 0 && members[i-1].Name == member.Name {
			return fmt.Errorf("%s: duplicated; want one file of this name", member.Name)
		}
		if err := s.write(archive, member); err != nil {
			return fmt.Errorf("write %s: %w", member.Name, err)
		}
	}
	return archive.Close()
}

func (s *Spool) write(archive *zip.Writer, member Member) error {
	header := &zip.FileHeader{
		Name:               member.Name,
		Method:             member.method,
		Flags:              utf8Flag,
		ModifiedDate:       firstDay, //nolint:staticcheck // CreateRaw reads no other field
		CRC32:              member.crc,
		UncompressedSize64: uint64(member.Size),   //nolint:gosec // a length
		CompressedSize64:   uint64(member.Zipped), //nolint:gosec // a length
	}
	header.SetMode(0o644)
	if member.Executable {
		header.SetMode(0o755)
	}
	out, err := archive.CreateRaw(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(s.file, member.offset, member.Zipped))
	return err
}
