package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

// writeSchemaFiles writes schema.json with its content to the folder, and creates
// glossary.md and golden.json, which belong to the operator, if they are missing.
func writeSchemaFiles(folder string, content []byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // the folder is deployed
		return fmt.Errorf("make the folder: %w", err)
	}
	if err := replaceFile(filepath.Join(folder, schema.File), content); err != nil {
		return err
	}
	for name, empty := range map[string]string{knowledge.GlossaryFile: "", knowledge.GoldenFile: "[]\n"} {
		path := filepath.Join(folder, name)
		_, err := os.Lstat(path)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for %s: %w", path, err)
		}
		if err := replaceFile(path, []byte(empty)); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile replaces a file atomically: readers see the old or the new content.
func replaceFile(path string, content []byte) (err error) {
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(partial.Name())))
		}
	}()
	_, err = partial.Write(content)
	if err = errors.Join(err, partial.Chmod(0o644), partial.Sync(), partial.Close()); err != nil {
		return err
	}
	return os.Rename(partial.Name(), path)
}
