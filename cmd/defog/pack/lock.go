package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// lock is the content of a lock file: a requirements file with the version and the
// hashes of every package. pip and uv install it with --require-hashes. Its comments
// name the target and the requirements.
type lock struct {
	text         string
	requirements string   // hash of the requirements
	target       string   // from target.String
	sources      []string // packages without a wheel
}

// Prefixes of the first lines.
const (
	lockTarget       = "# For: "
	lockRequirements = "# From requirements with SHA-256: "
	lockSources      = "# To be built from source: "
)

// newLock returns the lock of resolved packages. It names local files by paths
// relative to the lock's folder, so that the lock is the same on every machine.
func newLock(r *requirements, t target, packages []resolved, folder string) lock {
	l := lock{requirements: r.hash, target: t.String()}
	var body strings.Builder
	for _, p := range packages {
		if p.fromSource() {
			l.sources = append(l.sources, p.Name)
		}
		switch {
		case p.Archive == nil:
			fmt.Fprintf(&body, "%s==%s", p.Name, p.Version)
		case p.Archive.Path != "":
			body.WriteString(relativePath(folder, p.Archive.Path))
		default:
			fmt.Fprintf(&body, "%s @ %s", p.Name, p.Archive.URL)
		}
		var hashes []string
		for _, file := range p.files() {
			hashes = append(hashes, file.Hashes["sha256"])
		}
		slices.Sort(hashes)
		for _, hash := range slices.Compact(hashes) {
			fmt.Fprintf(&body, " \\\n    --hash=sha256:%s", hash)
		}
		body.WriteString("\n")
	}
	var head strings.Builder
	head.WriteString("# Written by defog pack, which reuses it until the requirements change.\n")
	fmt.Fprintf(&head, "%s%s\n%s%s\n", lockTarget, l.target, lockRequirements, l.requirements)
	if len(l.sources) > 0 {
		fmt.Fprintf(&head, "%s%s\n", lockSources, strings.Join(l.sources, " "))
	}
	l.text = head.String() + body.String()
	return l
}

// relativePath returns a path relative to a folder, in the form that pip reads as
// a path.
func relativePath(folder, path string) string {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(folder, path)
	if err != nil {
		return path
	}
	if relative = filepath.ToSlash(relative); !strings.HasPrefix(relative, "../") {
		relative = "./" + relative
	}
	return relative
}

// readLock reads a lock file. It returns nil if there is none.
func readLock(path string) (*lock, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	l := &lock{text: string(data)}
	for line := range strings.Lines(l.text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, lockTarget); ok {
			l.target = rest
		} else if rest, ok := strings.CutPrefix(line, lockRequirements); ok {
			l.requirements = rest
		} else if rest, ok := strings.CutPrefix(line, lockSources); ok {
			l.sources = strings.Fields(rest)
		}
	}
	return l, nil
}

// suits reports whether the lock belongs to the requirements and the target.
func (l *lock) suits(r *requirements, t target) bool {
	return l.requirements == r.hash && l.target == t.String()
}

var lockHash = regexp.MustCompile(`--hash=sha256:([0-9a-f]{64})`)

// hashes returns all hashes of the lock.
func (l *lock) hashes() map[string]bool {
	hashes := map[string]bool{}
	for _, match := range lockHash.FindAllStringSubmatch(l.text, -1) {
		hashes[match[1]] = true
	}
	return hashes
}
