package initialize

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// file is a file to write.
type file struct {
	path    string
	content []byte
	mode    fs.FileMode
}

// writeAll writes all files, or none if check returns an error afterwards. It
// replaces a file as a whole.
func writeAll(files []file, check func() error) (err error) {
	var undo []func() error
	defer func() {
		if err == nil {
			return
		}
		for i := range undo {
			err = errors.Join(err, undo[len(undo)-1-i]())
		}
	}()
	for _, f := range files {
		back, err := f.write()
		if back != nil {
			undo = append(undo, back)
		}
		if err != nil {
			return err
		}
	}
	return check()
}

// write replaces the file, and returns how to undo that.
func (f file) write() (undo func() error, err error) {
	old, err := os.ReadFile(f.path)
	existed := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the old file: %w", err)
	}
	if err := replace(f.path, f.content, f.mode); err != nil {
		return nil, err
	}
	if !existed {
		return func() error { return os.Remove(f.path) }, nil
	}
	return func() error { return replace(f.path, old, f.mode) }, nil
}

// replace writes a new file beside the old one, and renames it.
func replace(path string, content []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".init-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("%s: create the file: %w", path, errors.Unwrap(err))
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temporary.Name())))
	}
	return nil
}
