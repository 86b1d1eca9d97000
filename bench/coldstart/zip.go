package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
)

// counter counts what is written to it.
type counter int64

func (c *counter) Write(data []byte) (int, error) {
	*c += counter(len(data))
	return len(data), nil
}

// zippedSize returns how large the zip of a file or a folder is.
func zippedSize(path string) (int64, error) {
	var size counter
	archive := zip.NewWriter(&size)
	err := addTo(archive, path)
	if err != nil {
		return 0, fmt.Errorf("zip %s: %w", path, err)
	}
	if err := archive.Close(); err != nil {
		return 0, fmt.Errorf("zip %s: %w", path, err)
	}
	return int64(size), nil
}

func addTo(archive *zip.Writer, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return archive.AddFS(os.DirFS(path))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	member, err := archive.Create(filepath.Base(path))
	if err != nil {
		return err
	}
	_, err = member.Write(content)
	return err
}
