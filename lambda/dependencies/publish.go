package dependencies

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const partialPrefix = ".partial-"

// publish calls fill with a partial folder and then renames it to name. The
// caller holds the directory's lock, so every partial folder in it belongs to an
// ended process. A partial folder of the same identity is reused; others are
// removed to free their space. After a timeout or an error of S3, the partial
// folder is kept for the next attempt.
func publish(directory, name, identity string, fill func(partial string) error) (folder string, err error) {
	partial := filepath.Join(directory, partialPrefix+name+"-"+identity)
	left, err := filepath.Glob(filepath.Join(directory, partialPrefix+"*"))
	if err != nil {
		return "", fmt.Errorf("list partial folders: %w", err)
	}
	for _, old := range left {
		if old == partial {
			continue
		}
		if err := os.RemoveAll(old); err != nil {
			return "", fmt.Errorf("remove a partial folder: %w", err)
		}
	}
	if err := os.Mkdir(partial, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("create the partial folder: %w", err)
	}
	defer func() {
		if err == nil || resumable(err) {
			return
		}
		if removeErr := os.RemoveAll(partial); removeErr != nil {
			err = fmt.Errorf("%w; afterwards, remove the partial folder: %w", err, removeErr)
		}
	}()
	if err := fill(partial); err != nil {
		return "", err
	}
	folder = filepath.Join(directory, name)
	if err := os.Rename(partial, folder); err != nil {
		return "", fmt.Errorf("publish the folder: %w", err)
	}
	return folder, nil
}

// resumable reports whether another attempt can resume after err.
func resumable(err error) bool {
	if _, ok := errors.AsType[*FetchError](err); ok {
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// lock waits for the directory's lock, which admits one extraction at a time
// across processes and goroutines. The kernel releases the lock of a process
// that ends. The lock file is not removed: two holders could lock different files
// otherwise.
func lock(ctx context.Context, directory string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(directory, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the directory: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			file.Close()
			return nil, fmt.Errorf("lock the directory: %w", err)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("wait for another extraction into %s: %w", directory, ctx.Err())
		}
	}
}
