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

	"defog-cdk/internal/archive/rules"
)

// unverified is the mode of a file until its content is complete and verified.
const unverified = 0o200

// extract creates the plan's tree in root, which is empty or holds the result of
// an earlier attempt at the same plan. It returns the number of files that it
// kept from the earlier attempt. It creates links last, so that no file is
// written through one.
func extract(ctx context.Context, src *source, p *plan, root string) (found int, err error) {
	missing, err := removeUnfinished(root, p.Members)
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
		if err := makeFolders(root, p.Folders); err != nil {
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
	return len(p.Members) - len(missing), links.create(ctx, root)
}

// removeUnfinished removes the unverified files and the links of an earlier
// attempt, and returns the members to extract.
func removeUnfinished(root string, members []rules.Member) ([]rules.Member, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("read the partial folder: %w", err)
	}
	if len(entries) == 0 {
		return members, nil
	}
	var missing []rules.Member
	for _, m := range members {
		name := filepath.Join(root, m.Path)
		info, err := os.Lstat(name)
		switch {
		case err == nil && m.Kind == rules.File && info.Mode() == m.Mode() && info.Size() == m.Size:
			continue
		case err == nil:
			err = os.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove an unfinished file: %w", err)
		}
		missing = append(missing, m)
	}
	return missing, nil
}

func makeFolders(root string, folders []string) error {
	for _, name := range folders {
		if err := os.Mkdir(filepath.Join(root, name), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("create a folder: %w", err)
		}
	}
	return nil
}

// worker extracts members one by one and reuses its buffers.
type worker struct {
	root    string
	links   *links
	buffer  *bufio.Reader
	inflate io.ReadCloser
}

// work extracts spans in the object's order, which pieces requires.
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

func (w *worker) member(in *reader, m *rules.Member) error {
	in.skipTo(m.Offset)
	if err := localHeader(in, m); err != nil {
		return err
	}
	if m.Kind == rules.Link {
		return w.link(in, m)
	}
	out, err := os.OpenFile(filepath.Join(w.root, m.Path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, unverified)
	if err != nil {
		return fmt.Errorf("create a file: %w", err)
	}
	if err = w.content(in, m, out); err == nil {
		err = out.Chmod(m.Mode())
	}
	if closeErr := out.Close(); err == nil && closeErr != nil {
		return fmt.Errorf("write a file: %w", closeErr)
	}
	return err
}

// link records the link's target.
func (w *worker) link(in *reader, m *rules.Member) error {
	var target strings.Builder
	if err := w.content(in, m, &target); err != nil {
		return err
	}
	w.links.add(m.Path, target.String())
	return nil
}

// localHeader reads the header before the member's data and leaves the reader at
// the data.
func localHeader(in *reader, m *rules.Member) error {
	header := make([]byte, rules.LocalHeaderSize+len(m.Name))
	if _, err := io.ReadFull(in, header); err != nil {
		return fmt.Errorf("read a local header: %w", err)
	}
	extra, err := rules.CheckLocalHeader(header, m)
	if err != nil {
		return err
	}
	in.skipTo(in.offset + extra)
	return nil
}

// content writes the member's bytes to out and verifies their size and CRC-32
// against the central directory.
func (w *worker) content(in *reader, m *rules.Member, out io.Writer) error {
	data := &io.LimitedReader{R: in, N: m.Compressed}
	w.buffer.Reset(data)
	var body io.Reader = w.buffer
	if m.Method == rules.Deflate {
		if err := w.inflate.(flate.Resetter).Reset(w.buffer, nil); err != nil {
			return fmt.Errorf("reset the inflater: %w", err)
		}
		body = w.inflate
	}
	checked := &checkedWriter{out: out, left: m.Size}
	if _, err := io.Copy(checked, body); err != nil {
		return contentError(m, err)
	}
	switch unread := data.N + int64(w.buffer.Buffered()); {
	case checked.left > 0:
		return rules.RefuseMember(m.Name, "has %d bytes less than announced", checked.left)
	case unread > 0:
		return rules.RefuseMember(m.Name, "has %d bytes after the end of its data", unread)
	case checked.crc != m.CRC:
		return rules.RefuseMember(m.Name, "has CRC-32 %08x instead of %08x", checked.crc, m.CRC)
	}
	return nil
}

// contentError distinguishes invalid data from errors of reading and writing.
func contentError(m *rules.Member, err error) error {
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return rules.RefuseMember(m.Name, "has broken DEFLATE data")
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return rules.RefuseMember(m.Name, "has DEFLATE data that is cut off")
	case errors.Is(err, errTooLong):
		return rules.RefuseMember(m.Name, "has more bytes than announced")
	default:
		return fmt.Errorf("extract %q: %w", rules.Shorten(m.Name), err)
	}
}

var errTooLong = errors.New("more bytes than announced")

// checkedWriter writes at most left bytes to out and computes their CRC-32.
type checkedWriter struct {
	out  io.Writer
	left int64
	crc  uint32
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > w.left {
		return 0, errTooLong
	}
	w.crc = crc32.Update(w.crc, crc32.IEEETable, p)
	w.left -= int64(len(p))
	return w.out.Write(p)
}
