// Package private restricts files with credentials to their owner, regardless of
// the umask.
package private

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Folder restricts a folder, and so everything in it, to its owner.
func Folder(path string) error {
	if err := os.Chmod(path, folderMode); err != nil {
		return fmt.Errorf("restrict the folder to its owner: %w", err)
	}
	return nil
}

// Assembly restricts a cloud assembly to its owner: folders to 0700, files to 0600.
// Folders of assets keep their modes inside, because their files are deployed with
// them.
func Assembly(path string) error {
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "asset.") && name != path:
			return fs.SkipDir
		case entry.IsDir():
			return os.Chmod(name, folderMode) //nolint:gosec // a folder needs x; the assembly is the caller's
		case entry.Type().IsRegular():
			return os.Chmod(name, fileMode) //nolint:gosec // no other user writes to the assembly
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restrict the cloud assembly to its owner: %w", err)
	}
	return nil
}
