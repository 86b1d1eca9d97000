package dependencies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"defog-cdk/internal/archive/rules"
)

// pieces is the object, fetched in pieces, in order and several at a time. A
// piece stays in memory until all its readers have released it; then a later
// piece reuses its buffer. Readers start in the object's order, so no reader
// that waits for a piece keeps the buffer which that piece requires.
type pieces struct {
	source *source
	list   []piece // the last is the source's tail
	free   chan []byte
}

type piece struct {
	start   int64
	data    []byte
	arrived chan struct{} // closed when data is complete
	readers atomic.Int32  // that have not released the piece
}

// newPieces returns the pieces for one reader per span and, if the object's hash
// is known, for verify. A piece without readers is not fetched.
func newPieces(src *source, spans []span) *pieces {
	size := src.transfer.piece
	count := int((src.tailStart() + size - 1) / size)
	p := &pieces{source: src, list: make([]piece, count+1), free: make(chan []byte, src.transfer.ahead)}
	for range src.transfer.ahead {
		p.free <- nil
	}
	for i := range p.list {
		p.list[i].start = min(int64(i)*size, src.tailStart())
		p.list[i].arrived = make(chan struct{})
		if src.object.SHA256 != "" {
			p.list[i].readers.Store(1)
		}
	}
	for _, s := range spans {
		for i := p.index(s.start); i <= p.index(s.end-1); i++ {
			p.list[i].readers.Add(1)
		}
	}
	tail := &p.list[count]
	tail.data = src.tail
	close(tail.arrived)
	return p
}

// index returns the index of the piece with the object's byte at offset.
func (p *pieces) index(offset int64) int {
	if offset >= p.source.tailStart() {
		return len(p.list) - 1
	}
	return int(offset / p.source.transfer.piece)
}

// fetch starts a request for each piece as soon as a buffer is free.
func (p *pieces) fetch(ctx context.Context, group *errgroup.Group) error {
	for i := range len(p.list) - 1 {
		if p.list[i].readers.Load() == 0 {
			continue
		}
		var buffer []byte
		select {
		case buffer = <-p.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		if buffer == nil {
			buffer = make([]byte, p.source.transfer.piece)
		}
		group.Go(func() error {
			piece := &p.list[i]
			piece.data = buffer[:p.list[i+1].start-piece.start]
			if err := p.source.fill(ctx, piece.start, piece.data); err != nil {
				return err
			}
			close(piece.arrived)
			return nil
		})
	}
	return nil
}

// wait waits for piece i and returns its bytes.
func (p *pieces) wait(ctx context.Context, i int) ([]byte, error) {
	select {
	case <-p.list[i].arrived:
		return p.list[i].data, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// release marks piece i as read by one of its readers.
func (p *pieces) release(i int) {
	if piece := &p.list[i]; piece.readers.Add(-1) == 0 && i < len(p.list)-1 {
		p.free <- piece.data[:cap(piece.data)]
	}
}

// verify compares the object's SHA-256 with want, unless want is "".
func (p *pieces) verify(ctx context.Context, want string) error {
	if want == "" {
		return nil
	}
	hash := sha256.New()
	for i := range p.list {
		data, err := p.wait(ctx, i)
		if err != nil {
			return err
		}
		hash.Write(data)
		p.release(i)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return rules.Refuse("the object's SHA-256 is %s instead of %s", got, want)
	}
	return nil
}

// reader reads one span sequentially.
type reader struct {
	ctx    context.Context
	pieces *pieces
	offset int64 // in the object
	piece  int   // the first piece not released
	last   int
}

func (p *pieces) reader(ctx context.Context, s span) *reader {
	return &reader{ctx: ctx, pieces: p, offset: s.start, piece: p.index(s.start), last: p.index(s.end - 1)}
}

// Read implements io.Reader. It returns bytes of at most one piece.
func (r *reader) Read(buf []byte) (int, error) {
	if r.piece > r.last {
		return 0, io.EOF
	}
	data, err := r.pieces.wait(r.ctx, r.piece)
	if err != nil {
		return 0, err
	}
	n := copy(buf, data[r.offset-r.pieces.list[r.piece].start:])
	r.skipTo(r.offset + int64(n))
	return n, nil
}

// skipTo moves to offset and releases the pieces before it.
func (r *reader) skipTo(offset int64) {
	r.offset = offset
	for next := r.pieces.index(offset); r.piece < next && r.piece <= r.last; r.piece++ {
		r.pieces.release(r.piece)
	}
}

// finish releases the remaining pieces.
func (r *reader) finish() {
	for ; r.piece <= r.last; r.piece++ {
		r.pieces.release(r.piece)
	}
}
