package dependencies

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"defog-cdk/internal/archive/rules"
)

// links collects the symbolic links that workers read.
type links struct {
	mu      sync.Mutex
	targets map[string]string // by the link's path
}

func (l *links) add(name, target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets[name] = target
}

// create makes the links in root after all of them passed the rules.
func (l *links) create(ctx context.Context, root string) error {
	if err := rules.CheckLinks(l.targets); err != nil {
		return rules.First(err)
	}
	for _, name := range slices.Sorted(maps.Keys(l.targets)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.Symlink(l.targets[name], filepath.Join(root, name)); err != nil {
			return fmt.Errorf("create a link: %w", err)
		}
	}
	return nil
}
