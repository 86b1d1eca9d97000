package dependencies

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// maxFollowed is how many links the kernel follows in one path.
const maxFollowed = 40

// links collects the symbolic links that workers meet.
type links struct {
	mu      sync.Mutex
	targets map[string]string // by the link's path
}

func (l *links) add(name, target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets[name] = target
}

// create makes the links in root after it has found every one harmless.
func (l *links) create(ctx context.Context, root string) error {
	names := slices.Sorted(maps.Keys(l.targets))
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.follow(name); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.Symlink(l.targets[name], filepath.Join(root, name)); err != nil {
			return fmt.Errorf("make a link: %w", err)
		}
	}
	return nil
}

// follow goes where the link leads, through other links as the kernel would,
// and refuses to leave the tree. A link to nothing is harmless.
func (l *links) follow(name string) error {
	at := path.Dir(name)
	rest, err := l.steps(name)
	if err != nil {
		return err
	}
	for followed := 0; len(rest) > 0; {
		step := rest[0]
		rest = rest[1:]
		if step == ".." {
			if at == "." {
				return refuseMember(name, "is a link that leaves the target")
			}
			at = path.Dir(at)
			continue
		}
		here := path.Join(at, step)
		if _, ok := l.targets[here]; !ok {
			at = here
			continue
		}
		if followed++; followed > maxFollowed {
			return refuseMember(name, "is a link that leads in circles")
		}
		more, err := l.steps(here)
		if err != nil {
			return err
		}
		rest = slices.Concat(more, rest)
	}
	return nil
}

// steps splits a link's target.
func (l *links) steps(name string) ([]string, error) {
	target := l.targets[name]
	switch {
	case target == "" || strings.ContainsAny(target, "\x00\\"):
		return nil, refuseMember(name, "is a link with the broken target %q", shorten(target))
	case path.IsAbs(target):
		return nil, refuseMember(name, "is a link to the absolute path %q", shorten(target))
	default:
		return strings.Split(target, "/"), nil
	}
}
