package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// gather fills folder with what a deployment's dependencies would hold: those
// of a zip, or the defaults with the operator's folder laid over them.
func gather(folder, defaults, source string) error {
	info, err := os.Stat(source)
	switch {
	case source == "":
		return linkEntries(folder, defaults)
	case err != nil:
		return fmt.Errorf("function_source_dependencies_zip: %w", err)
	case info.IsDir():
		return errors.Join(linkEntries(folder, source), linkEntries(folder, defaults))
	}
	archive, err := zip.OpenReader(source)
	if err != nil {
		return fmt.Errorf("function_source_dependencies_zip: %s: %w", source, err)
	}
	defer archive.Close()
	if err := os.CopyFS(folder, archive); err != nil {
		return fmt.Errorf("function_source_dependencies_zip: %w", err)
	}
	return nil
}

// linkEntries makes what is in source appear in folder, unless something of the
// same name is there.
func linkEntries(folder, source string) error {
	source, err := filepath.Abs(source)
	if err != nil {
		return fmt.Errorf("find the dependencies: %w", err)
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return fmt.Errorf("read the dependencies: %w", err)
	}
	for _, entry := range entries {
		err := os.Symlink(filepath.Join(source, entry.Name()), filepath.Join(folder, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("gather the dependencies: %w", err)
		}
	}
	return nil
}
