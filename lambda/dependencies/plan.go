package dependencies

import (
	"context"
	"strconv"

	"defog-cdk/internal/archive/rules"
)

// plan is the tree to extract.
type plan struct {
	*rules.Plan

	// identity is equal for the same object with the same members.
	identity string
}

// plan reads the central directory and checks the zip.
func (s *source) plan(ctx context.Context, maxBytes int64) (*plan, error) {
	d, err := rules.Locate(s.tail, s.size)
	if err != nil {
		return nil, err
	}
	if missing := s.tailStart() - d.Offset; missing > 0 {
		tail := make([]byte, missing+int64(len(s.tail)))
		copy(tail[missing:], s.tail)
		if err := s.fill(ctx, d.Offset, tail[:missing]); err != nil {
			return nil, err
		}
		s.tail = tail
	}
	from := d.Offset - s.tailStart()
	entries := s.tail[from : from+d.Size]
	members, err := d.Parse(entries)
	if err != nil {
		return nil, rules.First(err)
	}
	p, err := rules.LayOut(members, d.Offset, s.size, rules.Limits{Bytes: maxBytes, Ratio: rules.MaxRatio})
	if err != nil {
		return nil, rules.First(err)
	}
	return &plan{p, digest(s.etag, strconv.FormatInt(s.size, 10), string(entries))}, nil
}

// span is a run of members that follow each other in the zip.
type span struct {
	members    []rules.Member
	start, end int64 // in the object
}

// divide cuts the members into spans of at least size bytes.
func divide(members []rules.Member, size int64) []span {
	var spans []span
	for len(members) > 0 {
		s := span{start: members[0].Offset}
		n := 0
		for n < len(members) && s.end-s.start < size {
			s.end = members[n].Limit
			n++
		}
		s.members, members = members[:n], members[n:]
		spans = append(spans, s)
	}
	return spans
}
