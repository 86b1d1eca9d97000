package dependencies

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Hold is Extract with a lock on the folder. Until the process ends, also after
// an exec, no other call of Hold removes the folder. Ahead of an extraction, Hold
// removes other folders without a lock, since /tmp is small.
func (e *Extractor) Hold(ctx context.Context, object Object) (string, error) {
	for {
		folder, err := e.extract(ctx, object, func(name string) error { return collect(e.Directory, name) })
		if err != nil {
			return "", err
		}
		held, err := hold(folder)
		if err != nil {
			return "", fmt.Errorf("dependencies %s: lock the folder: %w", object, err)
		}
		if held { // otherwise another process has removed it
			return folder, nil
		}
	}
}

// hold locks the folder (shared) with a file descriptor that stays open, also
// after an exec. It returns false if the folder does not exist any more.
func hold(folder string) (bool, error) {
	fd, err := syscall.Open(folder, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := flock(fd, syscall.LOCK_SH); err != nil {
		return false, errors.Join(err, syscall.Close(fd))
	}
	var locked, current syscall.Stat_t
	if err := syscall.Fstat(fd, &locked); err != nil {
		return false, errors.Join(err, syscall.Close(fd))
	}
	err = syscall.Lstat(folder, &current)
	if err == nil && current.Ino == locked.Ino && current.Dev == locked.Dev {
		return true, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return false, errors.Join(err, syscall.Close(fd))
}

func flock(fd, how int) error {
	for {
		if err := syscall.Flock(fd, how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// collect removes published folders without a lock, except name. The caller
// holds the directory's lock.
func collect(directory, name string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return fmt.Errorf("list earlier folders: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == name || !isFolder(entry.Name()) {
			continue
		}
		if err := removeUnheld(directory, entry.Name()); err != nil {
			return fmt.Errorf("remove an earlier folder: %w", err)
		}
	}
	return nil
}

// removeUnheld removes the folder unless a process holds it. It renames the
// folder first, so that a kill does not leave an incomplete published folder.
func removeUnheld(directory, name string) error {
	folder, partial := filepath.Join(directory, name), filepath.Join(directory, partialPrefix+name)
	held, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer held.Close()
	switch err := flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil
	case err != nil:
		return err
	}
	if err := os.Rename(folder, partial); err != nil {
		return err
	}
	return os.RemoveAll(partial)
}
