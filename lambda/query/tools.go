package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/describe"
)

// tools returns the tools of agents that read the dependencies.
func (s *service) tools() map[string]ask.Tool {
	return map[string]ask.Tool{"describe_database": s.describeDatabase, "golden_questions": s.goldenQuestions}
}

// describeDatabase returns the tables in schema.json.
func (s *service) describeDatabase(ctx context.Context, arguments json.RawMessage) (any, error) {
	word, directory, err := s.wordAndFiles(ctx, arguments)
	if err != nil {
		return nil, err
	}
	data, err := readFile(directory, schema.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ask.NotReadyError{Cause: fmt.Errorf("%s: missing in the dependencies; create it from the database with go run ./cmd/defog schema, and deploy it", schema.File)}
	}
	if err != nil {
		return nil, err
	}
	content, err := schema.Parse(data)
	if err != nil {
		return nil, &ask.NotReadyError{Cause: fmt.Errorf("%s: %w", schema.File, err)}
	}
	return describe.Tables(content, word)
}

// goldenQuestions returns the golden queries in golden.json, none without the file.
func (s *service) goldenQuestions(ctx context.Context, arguments json.RawMessage) (any, error) {
	word, directory, err := s.wordAndFiles(ctx, arguments)
	if err != nil {
		return nil, err
	}
	if _, err := readFile(directory, knowledge.GoldenFile); errors.Is(err, fs.ErrNotExist) {
		return describe.Golden(nil, word), nil
	}
	files, err := knowledge.Read(golden, knowledge.Folder(directory))
	if err != nil {
		return nil, &ask.NotReadyError{Cause: err}
	}
	return describe.Golden(files.Golden, word), nil
}

// readFile reads a file of the dependencies, whose folder is "" without any.
func readFile(directory, name string) ([]byte, error) {
	if directory == "" {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(filepath.Join(directory, name))
}

func (s *service) wordAndFiles(ctx context.Context, arguments json.RawMessage) (word, directory string, err error) {
	if word, err = describe.Word(arguments); err != nil {
		return "", "", &ask.ArgumentError{Cause: err}
	}
	directory, err = s.files(ctx)
	return word, directory, err
}
