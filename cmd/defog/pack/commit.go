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

// commit is a set of files that take their places together: each is written
// beside its place first.
type commit struct {
	files   [][2]string // from, to
	removed []string
}

// write writes a file that finish will bring to its place.
func (c *commit) write(place string, content func(io.Writer) error) (err error) {
	partial, err := os.CreateTemp(filepath.Dir(place), "."+filepath.Base(place)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", place, err)
	}
	c.files = append(c.files, [2]string{partial.Name(), place})
	err = errors.Join(content(partial), partial.Chmod(0o644), partial.Sync(), partial.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", place, err)
	}
	return nil
}

func (c *commit) content(place string, content []byte) error {
	return c.write(place, func(target io.Writer) error {
		_, err := io.Copy(target, bytes.NewReader(content))
		return err
	})
}

// remove has finish delete what is in a place.
func (c *commit) remove(place string) { c.removed = append(c.removed, place) }

// finish brings all files to their places.
func (c *commit) finish() error {
	for _, place := range c.removed {
		if err := os.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) {
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

// abandon removes what has not found its place.
func (c *commit) abandon() {
	for _, file := range c.files {
		// There is no more to be done about one that cannot be removed.
		_ = os.Remove(file[0])
	}
}
