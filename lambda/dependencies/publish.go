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

// publish fills a folder that counts as nothing and renames it to its name
// when it is complete. The caller holds the directory's lock, so every partial
// folder there was left by a process that is gone. One of the same identity is
// gone on with; others are removed, since they may hold the space that this
// one needs. It stays when time or S3 is what was lacking.
func publish(directory, name, identity string, fill func(partial string) error) (folder string, err error) {
	partial := filepath.Join(directory, partialPrefix+name+"-"+identity)
	left, err := filepath.Glob(filepath.Join(directory, partialPrefix+"*"))
	if err != nil {
		return "", fmt.Errorf("look for what an earlier attempt left: %w", err)
	}
	for _, old := range left {
		if old == partial {
			continue
		}
		if err := os.RemoveAll(old); err != nil {
			return "", fmt.Errorf("remove what an earlier attempt left: %w", err)
		}
	}
	if err := os.Mkdir(partial, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the folder: %w", err)
	}
	defer func() {
		if err == nil || worthGoingOn(err) {
			return
		}
		if removeErr := os.RemoveAll(partial); removeErr != nil {
			err = fmt.Errorf("%w; and then, remove what is half done: %w", err, removeErr)
		}
	}()
	if err := fill(partial); err != nil {
		return "", err
	}
	folder = filepath.Join(directory, name)
	if err := os.Rename(partial, folder); err != nil {
		return "", fmt.Errorf("put the folder in place: %w", err)
	}
	return folder, nil
}

// worthGoingOn reports whether another attempt may succeed with what this one
// has done.
func worthGoingOn(err error) bool {
	if _, ok := errors.AsType[*FetchError](err); ok {
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// lock waits until no other process, and no other call in this one, extracts
// into the directory. The kernel gives the lock back when its holder dies. The
// lock's file stays: removing it would let two holders lock different files.
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
			return nil, fmt.Errorf("wait for another process that extracts into %s: %w", directory, ctx.Err())
		}
	}
}
