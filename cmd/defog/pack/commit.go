package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// commit replaces a set of files together: it first writes each to a temporary
// file beside its path.
type commit struct {
	files   [][2]string // temporary path, final path
	removed []string
}

// write writes a file that finish renames to its path.
func (c *commit) write(path string, content func(io.Writer) error) (err error) {
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	c.files = append(c.files, [2]string{partial.Name(), path})
	err = errors.Join(content(partial), partial.Chmod(0o644), partial.Sync(), partial.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// content writes a file with a content in memory.
func (c *commit) content(path string, content []byte) error {
	return c.write(path, func(target io.Writer) error {
		_, err := io.Copy(target, bytes.NewReader(content))
		return err
	})
}

// remove marks a file that finish removes.
func (c *commit) remove(path string) { c.removed = append(c.removed, path) }

// finish removes the marked files and renames the others to their paths.
func (c *commit) finish() error {
	for _, path := range c.removed {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for len(c.files) > 0 {
		if err := os.Rename(c.files[0][0], c.files[0][1]); err != nil {
			return err
		}
		c.files = c.files[1:]
	}
	return nil
}

// abandon removes the temporary files that finish has not renamed.
func (c *commit) abandon() {
	for _, file := range c.files {
		_ = os.Remove(file[0]) // a file that cannot be removed has no further remedy
	}
}
