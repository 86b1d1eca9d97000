package dependencies

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	localHeaderSize = 30

	// maxName is more than any package's path and less than Linux allows.
	maxName = 1024
	maxStep = 255

	// maxRatio is how many times its own size a zip may unfold to; packages
	// come to three or four. Under ratioFrom it is no matter.
	maxRatio  = 100
	ratioFrom = 1 << 20
)

// plan is a zip that was found harmless as far as its directory tells: every
// path is below the target and taken once, every parent is a folder, and
// members are apart from each other.
type plan struct {
	folders []string // parents first
	members []member // files and links, by offset
	bytes   int64    // of all files

	// identity is the same for the same object with the same members.
	identity string
}

// plan reads the central directory and makes the plan.
func (s *source) plan(ctx context.Context, maxBytes int64) (*plan, error) {
	d, err := locate(s.tail, s.size)
	if err != nil {
		return nil, err
	}
	if missing := s.tailStart() - d.offset; missing > 0 {
		tail := make([]byte, missing+int64(len(s.tail)))
		copy(tail[missing:], s.tail)
		if err := s.fill(ctx, d.offset, tail[:missing]); err != nil {
			return nil, err
		}
		s.tail = tail
	}
	from := d.offset - s.tailStart()
	entries := s.tail[from : from+d.size]
	members, err := d.parse(entries)
	if err != nil {
		return nil, err
	}
	p, err := layOut(members, d.offset, s.size, maxBytes)
	if err != nil {
		return nil, err
	}
	p.identity = digest(s.etag, strconv.FormatInt(s.size, 10), string(entries))
	return p, nil
}

// layOut makes the plan for members whose data ends before directory, in an
// object of that size.
func layOut(members []member, directory, size, maxBytes int64) (*plan, error) {
	kinds := map[string]kind{}
	p := &plan{}
	for i := range members {
		if err := place(kinds, &members[i]); err != nil {
			return nil, err
		}
		if err := p.weigh(members[i], maxBytes); err != nil {
			return nil, err
		}
	}
	if p.bytes > ratioFrom && p.bytes/maxRatio > size {
		return nil, refuse("%d bytes would become %d: a zip bomb", size, p.bytes)
	}
	if err := separate(members, directory); err != nil {
		return nil, err
	}

	for name, kind := range kinds {
		if kind == implied || kind == folder {
			p.folders = append(p.folders, name)
		}
	}
	slices.Sort(p.folders)
	p.members = slices.DeleteFunc(members, func(m member) bool { return m.kind == folder })
	return p, nil
}

var windowsPath = regexp.MustCompile(`^[A-Za-z]:|\\`)

// checkName refuses a name that is no path below the target.
func checkName(name string) error {
	steps := strings.Split(name, "/")
	switch {
	case name == "":
		return refuse("a member has no name")
	case len(name) > maxName:
		return refuseMember(name, "has a name of %d bytes, more than %d", len(name), maxName)
	case slices.ContainsFunc(steps, func(step string) bool { return len(step) > maxStep }):
		return refuseMember(name, "has a name with more than %d bytes between slashes", maxStep)
	case strings.Contains(name, "\x00"):
		return refuseMember(name, "has a NUL in its name")
	case windowsPath.MatchString(name):
		return refuseMember(name, "has a Windows path")
	case path.IsAbs(name):
		return refuseMember(name, "has an absolute path")
	case slices.Contains(steps, ".."):
		return refuseMember(name, "has a path that leaves the target")
	default:
		return nil
	}
}

// place finds the member's path and enters it into the tree.
func place(kinds map[string]kind, m *member) error {
	if err := checkName(m.name); err != nil {
		return err
	}
	m.path = path.Clean(m.name)
	if m.path == "." {
		if m.kind == folder {
			return nil
		}
		return refuseMember(m.name, "has the target's own path")
	}
	for parent := path.Dir(m.path); parent != "."; parent = path.Dir(parent) {
		if k, ok := kinds[parent]; ok {
			if k == file || k == link {
				return refuseMember(m.name, "is below %q, which is no folder", shorten(parent))
			}
			break
		}
		kinds[parent] = implied
	}
	if k, ok := kinds[m.path]; ok && (k != implied || m.kind != folder) {
		return refuseMember(m.name, "has a path that is there twice")
	}
	kinds[m.path] = m.kind
	if len(kinds) > maxMembers {
		return refuse("the zip has more than %d files and folders", maxMembers)
	}
	return nil
}

func (p *plan) weigh(m member, maxBytes int64) error {
	switch {
	case m.kind == folder && m.size != 0:
		return refuseMember(m.name, "is a folder with content")
	case m.method == methodStored && m.compressed != m.size:
		return refuseMember(m.name, "is stored with two different sizes")
	case m.size > maxBytes-p.bytes:
		return refuse("the zip holds more than the %d bytes that are allowed (ephemeral_storage)", maxBytes)
	}
	p.bytes += m.size
	return nil
}

// separate sorts the members by offset and refuses any whose bytes overlap
// another's.
func separate(members []member, directory int64) error {
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.offset, b.offset) })
	limit := directory
	for i := range slices.Backward(members) {
		m := &members[i]
		m.limit = limit
		header := int64(localHeaderSize + len(m.name))
		if space := limit - m.offset; space < header || m.compressed > space-header {
			return refuseMember(m.name, "overlaps what follows it")
		}
		limit = m.offset
	}
	return nil
}

// span is a run of members that follow each other in the zip.
type span struct {
	members    []member
	start, end int64 // in the object
}

// divide cuts the members into spans of at least size bytes.
func divide(members []member, size int64) []span {
	var spans []span
	for len(members) > 0 {
		s := span{start: members[0].offset}
		n := 0
		for n < len(members) && s.end-s.start < size {
			s.end = members[n].limit
			n++
		}
		s.members, members = members[:n], members[n:]
		spans = append(spans, s)
	}
	return spans
}
