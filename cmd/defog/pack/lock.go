package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// lock is the content of a lock file: a requirements file with every package's
// version and hashes, which pip and uv install with --require-hashes. Its
// comments say what it was made for.
type lock struct {
	text         string
	requirements string   // the hash of the requirements
	target       string   // as target.String writes it
	sources      []string // packages that there is no wheel of
}

// The lines of the head.
const (
	lockTarget       = "# For: "
	lockRequirements = "# From requirements with SHA-256: "
	lockSources      = "# To be built from source: "
)

// newLock writes down what was resolved.
func newLock(r *requirements, t target, packages []resolved) lock {
	l := lock{requirements: r.hash, target: t.String()}
	var body strings.Builder
	for _, p := range packages {
		if p.fromSource() {
			l.sources = append(l.sources, p.Name)
		}
		if p.Archive != nil {
			fmt.Fprintf(&body, "%s @ %s", p.Name, p.Archive.URL)
		} else {
			fmt.Fprintf(&body, "%s==%s", p.Name, p.Version)
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
	head.WriteString("# Made by defog pack, which uses it again as long as the requirements stay as they are.\n")
	fmt.Fprintf(&head, "%s%s\n%s%s\n", lockTarget, l.target, lockRequirements, l.requirements)
	if len(l.sources) > 0 {
		fmt.Fprintf(&head, "%s%s\n", lockSources, strings.Join(l.sources, " "))
	}
	l.text = head.String() + body.String()
	return l
}

// readLock returns nil if there is none.
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

// suits reports whether the lock is of these requirements, for this target.
func (l *lock) suits(r *requirements, t target) bool {
	return l.requirements == r.hash && l.target == t.String()
}

var lockHash = regexp.MustCompile(`--hash=sha256:([0-9a-f]{64})`)

// hashes are all that the lock allows.
func (l *lock) hashes() map[string]bool {
	hashes := map[string]bool{}
	for _, match := range lockHash.FindAllStringSubmatch(l.text, -1) {
		hashes[match[1]] = true
	}
	return hashes
}
