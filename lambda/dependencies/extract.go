package dependencies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"
)

const localSignature = "PK\x03\x04"

// unverified is the mode of a file whose content is not known to be complete
// and right. It gets its own mode when that is so.
const unverified = 0o200

// extract makes the plan's tree in root, which is empty or holds what an
// earlier attempt at the same plan has done, and returns how many files of that
// it kept. Links come last, so that nothing is ever written through one.
func extract(ctx context.Context, src *source, p *plan, root string) (found int, err error) {
	missing, err := sift(root, p.members)
	if err != nil {
		return 0, err
	}
	spans := divide(missing, src.transfer.span)
	incoming := newPieces(src, spans)
	links := &links{targets: map[string]string{}}

	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return incoming.fetch(groupCtx, group) })
	group.Go(func() error { return incoming.verify(groupCtx, src.object.SHA256) })
	group.Go(func() error {
		if err := makeFolders(root, p.folders); err != nil {
			return err
		}
		queue := make(chan span, len(spans))
		for _, s := range spans {
			queue <- s
		}
		close(queue)
		for range min(2*runtime.GOMAXPROCS(0), len(spans)) {
			w := &worker{root: root, links: links, buffer: bufio.NewReaderSize(nil, 64<<10), inflate: flate.NewReader(nil)}
			group.Go(func() error { return w.work(groupCtx, incoming, queue) })
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return len(p.members) - len(missing), links.create(ctx, root)
}

// sift removes what an earlier attempt did not finish, and every link, and
// returns the members that are not there.
func sift(root string, members []member) ([]member, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("look for what an earlier attempt left: %w", err)
	}
	if len(entries) == 0 {
		return members, nil
	}
	var missing []member
	for _, m := range members {
		name := filepath.Join(root, m.path)
		info, err := os.Lstat(name)
		switch {
		case err == nil && m.kind == file && info.Mode() == m.mode() && info.Size() == m.size:
			continue
		case err == nil:
			err = os.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove what an earlier attempt left: %w", err)
		}
		missing = append(missing, m)
	}
	return missing, nil
}

func makeFolders(root string, folders []string) error {
	for _, name := range folders {
		if err := os.Mkdir(filepath.Join(root, name), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make a folder: %w", err)
		}
	}
	return nil
}

// worker extracts one member after the other and keeps its buffers.
type worker struct {
	root    string
	links   *links
	buffer  *bufio.Reader
	inflate io.ReadCloser
}

// work takes spans in the object's order, as pieces demands.
func (w *worker) work(ctx context.Context, incoming *pieces, queue <-chan span) error {
	for s := range queue {
		in := incoming.reader(ctx, s)
		for i := range s.members {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.member(in, &s.members[i]); err != nil {
				return err
			}
		}
		in.finish()
	}
	return nil
}

func (w *worker) member(in *reader, m *member) error {
	in.skipTo(m.offset)
	if err := localHeader(in, m); err != nil {
		return err
	}
	if m.kind == link {
		return w.link(in, m)
	}
	out, err := os.OpenFile(filepath.Join(w.root, m.path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, unverified)
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	if err = w.content(in, m, out); err == nil {
		err = out.Chmod(m.mode())
	}
	if closeErr := out.Close(); err == nil && closeErr != nil {
		return fmt.Errorf("write a file: %w", closeErr)
	}
	return err
}

// link notes where the link leads.
func (w *worker) link(in *reader, m *member) error {
	if m.size > maxName {
		return refuseMember(m.name, "is a link of %d bytes, more than %d", m.size, maxName)
	}
	var target strings.Builder
	if err := w.content(in, m, &target); err != nil {
		return err
	}
	w.links.add(m.path, target.String())
	return nil
}

// localHeader reads the header in front of the member's data and refuses one
// that tells another story than the central directory.
func localHeader(in *reader, m *member) error {
	header := make([]byte, localHeaderSize+len(m.name))
	if _, err := io.ReadFull(in, header); err != nil {
		return fmt.Errorf("read a local header: %w", err)
	}
	if string(header[:4]) != localSignature {
		return refuseMember(m.name, "has no local header where the central directory says")
	}
	f := fields(header[6:])
	flags, method := f.uint16(), f.uint16()
	f.skip(4) // time and date
	crc, compressed, size := f.uint32(), f.uint32(), f.uint32()
	nameLength, extraLength := int(f.uint16()), int64(f.uint16())
	agrees := func(local uint32, central int64) bool {
		return m.described || local == ^uint32(0) || int64(local) == central
	}
	switch {
	case flags&flagEncrypted != 0:
		return refuseMember(m.name, "is encrypted by its local header")
	case method != m.method || !agrees(compressed, m.compressed) || !agrees(size, m.size) || !m.described && crc != m.crc,
		nameLength != len(m.name) || string(header[localHeaderSize:]) != m.name:
		return refuseMember(m.name, "has a local header that contradicts the central directory")
	case in.offset+extraLength+m.compressed > m.limit:
		return refuseMember(m.name, "overlaps what follows it")
	}
	in.skipTo(in.offset + extraLength)
	return nil
}

// content writes the member's bytes to out and checks that they are exactly
// those that the central directory announces.
func (w *worker) content(in *reader, m *member, out io.Writer) error {
	data := &io.LimitedReader{R: in, N: m.compressed}
	w.buffer.Reset(data)
	var body io.Reader = w.buffer
	if m.method == methodDeflate {
		if err := w.inflate.(flate.Resetter).Reset(w.buffer, nil); err != nil {
			return fmt.Errorf("start to inflate: %w", err)
		}
		body = w.inflate
	}
	to := &exact{out: out, left: m.size}
	if _, err := io.Copy(to, body); err != nil {
		return contentError(m, err)
	}
	switch unread := data.N + int64(w.buffer.Buffered()); {
	case to.left > 0:
		return refuseMember(m.name, "has %d bytes less than announced", to.left)
	case unread > 0:
		return refuseMember(m.name, "has %d bytes after the end of its data", unread)
	case to.crc != m.crc:
		return refuseMember(m.name, "has CRC-32 %08x instead of %08x", to.crc, m.crc)
	}
	return nil
}

// contentError tells bad data from a failure to read or write.
func contentError(m *member, err error) error {
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return refuseMember(m.name, "has broken DEFLATE data")
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuseMember(m.name, "has DEFLATE data that is cut off")
	case errors.Is(err, errTooLong):
		return refuseMember(m.name, "has more bytes than announced")
	default:
		return fmt.Errorf("extract %q: %w", shorten(m.name), err)
	}
}

var errTooLong = errors.New("more bytes than announced")

// exact passes no more bytes on than were announced, and takes their CRC-32.
type exact struct {
	out  io.Writer
	left int64
	crc  uint32
}

func (e *exact) Write(p []byte) (int, error) {
	if int64(len(p)) > e.left {
		return 0, errTooLong
	}
	e.crc = crc32.Update(e.crc, crc32.IEEETable, p)
	e.left -= int64(len(p))
	return e.out.Write(p)
}
