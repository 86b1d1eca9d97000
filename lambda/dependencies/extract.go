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

// unverified is the mode of a file whose content is not known to be complete
// and right. It gets its own mode when that is so.
const unverified = 0o200

// extract makes the plan's tree in root, which is empty or holds what an
// earlier attempt at the same plan has done, and returns how many files of that
// it kept. Links come last, so that nothing is ever written through one.
func extract(ctx context.Context, src *source, p *plan, root string) (found int, err error) {
	missing, err := sift(root, p.Members)
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

// sift removes what an earlier attempt did not finish, and every link, and
// returns the members that are not there.
func sift(root string, members []rules.Member) ([]rules.Member, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("look for what an earlier attempt left: %w", err)
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
		return fmt.Errorf("make a file: %w", err)
	}
	if err = w.content(in, m, out); err == nil {
		err = out.Chmod(m.Mode())
	}
	if closeErr := out.Close(); err == nil && closeErr != nil {
		return fmt.Errorf("write a file: %w", closeErr)
	}
	return err
}

// link notes where the link leads.
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

// content writes the member's bytes to out and checks that they are exactly
// those that the central directory announces.
func (w *worker) content(in *reader, m *rules.Member, out io.Writer) error {
	data := &io.LimitedReader{R: in, N: m.Compressed}
	w.buffer.Reset(data)
	var body io.Reader = w.buffer
	if m.Method == rules.Deflate {
		if err := w.inflate.(flate.Resetter).Reset(w.buffer, nil); err != nil {
			return fmt.Errorf("start to inflate: %w", err)
		}
		body = w.inflate
	}
	to := &exact{out: out, left: m.Size}
	if _, err := io.Copy(to, body); err != nil {
		return contentError(m, err)
	}
	switch unread := data.N + int64(w.buffer.Buffered()); {
	case to.left > 0:
		return rules.RefuseMember(m.Name, "has %d bytes less than announced", to.left)
	case unread > 0:
		return rules.RefuseMember(m.Name, "has %d bytes after the end of its data", unread)
	case to.crc != m.CRC:
		return rules.RefuseMember(m.Name, "has CRC-32 %08x instead of %08x", to.crc, m.CRC)
	}
	return nil
}

// contentError tells bad data from a failure to read or write.
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
