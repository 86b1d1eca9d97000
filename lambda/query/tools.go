package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/describe"
)

// tools returns the tools of agents that read the dependencies.
func (s *service) tools() map[string]ask.Tool {
	return map[string]ask.Tool{"describe_database": s.describeDatabase, "golden_questions": s.goldenQuestions}
}

// describeDatabase returns the tables in schema.json, or without the file those of the
// database's catalogue.
func (s *service) describeDatabase(ctx context.Context, arguments json.RawMessage) (any, error) {
	word, directory, err := s.wordAndFiles(ctx, arguments)
	if err != nil {
		return nil, err
	}
	source, err := s.knowledge(func() (connection.Connection, error) { return s.connect(ctx) }, directory)
	if err != nil {
		return nil, &ask.NotReadyError{Cause: err}
	}
	known, err := source.Knowledge(ctx)
	if err != nil {
		return nil, err
	}
	return describe.Tables(known.Schema().For(caller.From(ctx).Claims.Text), word)
}

// goldenQuestions returns the golden queries in golden.json, none without the file.
func (s *service) goldenQuestions(ctx context.Context, arguments json.RawMessage) (any, error) {
	word, directory, err := s.wordAndFiles(ctx, arguments)
	if err != nil {
		return nil, err
	}
	if !hasFile(directory, knowledge.GoldenFile) {
		return describe.Golden(nil, word), nil
	}
	files, err := knowledge.Read(golden, knowledge.Folder(directory))
	if err != nil {
		return nil, &ask.NotReadyError{Cause: err}
	}
	return describe.Golden(knowledge.PairsFor(files.Golden, caller.From(ctx).Claims.Text), word), nil
}

// hasFile reports whether the dependencies have a file. Their folder is "" without any.
func hasFile(directory, name string) bool {
	_, err := os.Stat(filepath.Join(directory, name))
	return directory != "" && !errors.Is(err, fs.ErrNotExist)
}

func (s *service) wordAndFiles(ctx context.Context, arguments json.RawMessage) (word, directory string, err error) {
	if word, err = describe.Word(arguments); err != nil {
		return "", "", &ask.ArgumentError{Cause: err}
	}
	if directory, err = s.files(ctx); err != nil {
		return "", "", &ask.NotReadyError{Cause: err}
	}
	return word, directory, nil
}
