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

// pointer is the one link that leads to the folder; every other one goes through
// it. So all of them lead somewhere at the same moment, or none does: who asks
// whether a certain one exists learns whether everything does.
const pointer = ".defog-dependencies"

// showIn lets each of the folder's top-level names appear in directory as a
// link. Links to an earlier folder go. A name that somebody else has taken
// stays theirs, and the log says so.
func showIn(directory, folder string, log *slog.Logger) error {
	if leadsTo(filepath.Join(directory, pointer), folder) {
		return nil
	}
	unlock, err := lockFolder(directory)
	if err != nil {
		return fmt.Errorf("show the dependencies in %s: %w", directory, err)
	}
	defer unlock()
	if leadsTo(filepath.Join(directory, pointer), folder) { // by whom we waited for
		return nil
	}
	if err := replaceLinks(directory, folder, log); err != nil {
		return fmt.Errorf("show the dependencies in %s: %w", directory, err)
	}
	return nil
}

func leadsTo(link, target string) bool {
	found, err := os.Readlink(link)
	return err == nil && found == target
}

// replaceLinks may be killed anywhere: the pointer goes first and comes last.
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
			log.Warn("a name of the dependencies is taken", "name", entry.Name(), "directory", directory)
		case err != nil:
			return err
		}
	}
	return os.Symlink(folder, first)
}

// removeLinks removes the links that lead through the pointer.
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
			continue // somebody else's
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// lockFolder waits until no other process shows anything in the directory,
// which it makes if need be.
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
