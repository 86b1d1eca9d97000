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
//
// Folders of assets are different: their files are deployed with their modes, and
// Lambda runs functions as another user. That user gets the owner's permissions to
// read and execute, regardless of the umask that made the files.
func Assembly(path string) error {
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != path && strings.HasPrefix(entry.Name(), "asset."):
			if err := filepath.WalkDir(name, shareWithLambda); err != nil {
				return err
			}
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

// shareWithLambda gives other users the owner's permissions to read and execute.
func shareWithLambda(name string, entry fs.DirEntry, err error) error {
	if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	shared := mode&0o700 | mode&0o500>>3 | mode&0o500>>6
	if shared == mode {
		return nil
	}
	return os.Chmod(name, shared) //nolint:gosec // no other user writes to the assembly
}
