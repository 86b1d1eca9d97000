package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"defog-cdk/stacks/artifact"
)

// compile compiles the function as the app does it, and returns it with the
// folder that it is in and the size of its zip.
func compile(ctx context.Context, dbType string) (code *artifact.Program, directory string, zipped int, err error) {
	code = artifact.CompileQuery(ctx, "arm64", dbType)
	if directory, err = code.Directory(); err == nil {
		zipped, err = zippedSize(directory)
	}
	if err != nil {
		return nil, "", 0, errors.Join(err, code.Remove())
	}
	return code, directory, zipped, nil
}

func zippedSize(directory string) (int, error) {
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	if err := errors.Join(archive.AddFS(os.DirFS(directory)), archive.Close()); err != nil {
		return 0, fmt.Errorf("zip the function: %w", err)
	}
	return content.Len(), nil
}
