package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// pointer is the only link to the folder; all other links lead through it. So
// all links resolve at the same moment, and a process that finds one of them
// finds them all.
const pointer = ".defog-dependencies"

// linkInto creates a link in directory for each top-level name in folder, and
// removes the links to an earlier folder. It keeps existing files with such a
// name and logs a warning.
func linkInto(directory, folder string, log *slog.Logger) error {
	if pointsTo(filepath.Join(directory, pointer), folder) {
		return nil
	}
	unlock, err := lockFolder(directory)
	if err != nil {
		return fmt.Errorf("link the dependencies into %s: %w", directory, err)
	}
	defer unlock()
	if pointsTo(filepath.Join(directory, pointer), folder) { // linked by the former holder of the lock
		return nil
	}
	if err := replaceLinks(directory, folder, log); err != nil {
		return fmt.Errorf("link the dependencies into %s: %w", directory, err)
	}
	return nil
}

func pointsTo(link, target string) bool {
	found, err := os.Readlink(link)
	return err == nil && found == target
}

// replaceLinks removes the pointer first and creates it last, so that a kill at
// any moment leaves either all links or none.
func replaceLinks(directory, folder string, log *slog.Logger) error {
	first := filepath.Join(directory, pointer)
	if err := os.Remove(first); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := removeLinks(directory); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == pointer {
			continue
		}
		err := os.Symlink(filepath.Join(pointer, entry.Name()), filepath.Join(directory, entry.Name()))
		switch {
		case errors.Is(err, fs.ErrExist):
			log.Warn("cannot link a dependency: a file with its name exists", "name", entry.Name(), "directory", directory)
		case err != nil:
			return err
		}
	}
	return os.Symlink(folder, first)
}

// removeLinks removes the links through the pointer.
func removeLinks(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(directory, entry.Name())
		if entry.Type() != fs.ModeSymlink {
			continue
		}
		if target, err := os.Readlink(name); err != nil || !strings.HasPrefix(target, pointer+"/") {
			continue // not created by hydrate
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// lockFolder creates directory if necessary, and waits until no other process
// links into it.
func lockFolder(directory string) (unlock func(), err error) {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return nil, err
	}
	file, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	for {
		switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, syscall.EINTR):
			file.Close()
			return nil, err
		}
	}
}
