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

// Hold is Ready for a program that goes on as another one: until this process
// has ended, even when it becomes another program by exec, no other call of
// Hold removes the folder. Before it extracts it removes the folders of other
// zips that nobody holds, for /tmp is small and a zip may be replaced.
func (e *Extractor) Hold(ctx context.Context, object Object) (string, error) {
	for {
		folder, err := e.named(ctx, object, func(name string) error { return collect(e.Directory, name) })
		if err != nil {
			return "", err
		}
		held, err := hold(folder)
		if err != nil {
			return "", fmt.Errorf("dependencies %s: hold the folder: %w", object, err)
		}
		if held { // or else it was removed in between
			return folder, nil
		}
	}
}

// hold takes a shared lock on the folder and keeps it open, which exec does
// not change. It reports false when the folder is not there any more.
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
	var locked, there syscall.Stat_t
	if err := syscall.Fstat(fd, &locked); err != nil {
		return false, errors.Join(err, syscall.Close(fd))
	}
	err = syscall.Lstat(folder, &there)
	if err == nil && there.Ino == locked.Ino && there.Dev == locked.Dev {
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

// collect removes the complete folders but name that nobody holds. The caller
// holds the directory's lock.
func collect(directory, name string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return fmt.Errorf("look for earlier folders: %w", err)
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

// removeUnheld renames the folder first, so that it never counts as complete
// when this process is killed in the middle of removing it.
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
