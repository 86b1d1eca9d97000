package rules

import (
	"cmp"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Plan is the tree that a zip extracts to. Every path is below the target folder
// and unique, every parent is a folder, and no member overlaps another.
type Plan struct {
	Folders []string // parents first
	Members []Member // files and links, by offset
	Bytes   int64    // the total size of files and links
}

// Limits bound what a zip extracts to. The zero value limits nothing.
type Limits struct {
	Bytes int64 // total
	Ratio int64 // total bytes per byte of the zip, above RatioFrom
}

// LayOut checks the members of a zip of the given size, whose directory begins
// at the given offset, and returns their plan. The error joins a [RefusedError]
// for each violation.
func LayOut(members []Member, directory, size int64, limits Limits) (*Plan, error) {
	if limits.Bytes == 0 {
		limits.Bytes = math.MaxInt64
	}
	p := &Plan{}
	tree := map[string]Kind{}
	var refused refusals
	for i := range members {
		m := &members[i]
		err := insert(tree, m)
		if err == nil {
			err = p.weigh(m, limits.Bytes)
		}
		if refused.add(err) {
			break
		}
	}
	if limits.Ratio > 0 {
		refused.add(CheckRatio(size, p.Bytes, limits.Ratio))
	}
	if len(refused) == 0 {
		refused.add(separate(members, directory))
	}
	if len(refused) > 0 {
		return nil, refused.err()
	}

	for name, kind := range tree {
		if kind == Implied || kind == Folder {
			p.Folders = append(p.Folders, name)
		}
	}
	slices.Sort(p.Folders)
	p.Members = slices.DeleteFunc(members, func(m Member) bool { return m.Kind == Folder })
	return p, nil
}

// CheckRatio refuses a zip that extracts to more than ratio bytes for each of its
// own.
func CheckRatio(zipped, unzipped, ratio int64) error {
	if unzipped > RatioFrom && unzipped/ratio > zipped {
		return Refuse("a zip bomb: %d bytes extract to %d; want at most %d times the size", zipped, unzipped, ratio)
	}
	return nil
}

var windowsPath = regexp.MustCompile(`^[A-Za-z]:|\\`)

// checkName rejects a name that is not a path below the target folder.
func checkName(name string) error {
	const relative = "a relative path with slashes, without .."
	steps := strings.Split(name, "/")
	switch {
	case name == "":
		return Refuse("a member has no name")
	case len(name) > MaxName:
		return RefuseMember(name, "has a name of %d bytes; want at most %d", len(name), MaxName)
	case slices.ContainsFunc(steps, func(step string) bool { return len(step) > MaxStep }):
		return RefuseMember(name, "has more than %d bytes between slashes", MaxStep)
	case strings.Contains(name, "\x00"):
		return RefuseMember(name, "has a NUL in its name")
	case windowsPath.MatchString(name):
		return refuseUnless(name, relative, "has a Windows path")
	case path.IsAbs(name):
		return refuseUnless(name, relative, "has an absolute path")
	case slices.Contains(steps, ".."):
		return refuseUnless(name, relative, "has a path that leaves the target folder")
	default:
		return nil
	}
}

// insert sets the member's path and enters it into the tree.
func insert(tree map[string]Kind, m *Member) error {
	if err := checkName(m.Name); err != nil {
		return err
	}
	m.Path = path.Clean(m.Name)
	if m.Path == "." {
		if m.Kind == Folder {
			return nil
		}
		return RefuseMember(m.Name, "has the target folder's path")
	}
	for parent := path.Dir(m.Path); parent != "."; parent = path.Dir(parent) {
		if kind, ok := tree[parent]; ok {
			if kind == File || kind == Link {
				return RefuseMember(m.Name, "is below %q, which is not a folder", Shorten(parent))
			}
			break
		}
		tree[parent] = Implied
	}
	if kind, ok := tree[m.Path]; ok && (kind != Implied || m.Kind != Folder) {
		return RefuseMember(m.Name, "has the path of another member")
	}
	tree[m.Path] = m.Kind
	if len(tree) > maxMembers {
		return Refuse("the zip has more than %d files and folders", maxMembers)
	}
	return nil
}

func (p *Plan) weigh(m *Member, maxBytes int64) error {
	switch {
	case m.Kind == Folder && m.Size != 0:
		return RefuseMember(m.Name, "is a folder with content")
	case m.Method == Stored && m.Compressed != m.Size:
		return RefuseMember(m.Name, "is stored with two different sizes")
	case m.Kind == Link && m.Size > MaxName:
		return RefuseMember(m.Name, "is a link of %d bytes; want at most %d", m.Size, MaxName)
	case m.Size > maxBytes-p.Bytes:
		return Refuse("the zip holds more than %d bytes; want a larger ephemeral_storage", maxBytes)
	}
	p.Bytes += m.Size
	return nil
}

// separate sorts the members by offset and refuses one whose bytes overlap
// another's.
func separate(members []Member, directory int64) error {
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Offset, b.Offset) })
	limit := directory
	for i := range slices.Backward(members) {
		m := &members[i]
		m.Limit = limit
		header := int64(LocalHeaderSize + len(m.Name))
		if space := limit - m.Offset; space < header || m.Compressed > space-header {
			return RefuseMember(m.Name, "overlaps the next member")
		}
		limit = m.Offset
	}
	return nil
}
