package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/internal/testserver/postgres"
)

// question is one of the set, with its SQL.
type question struct{ database, text, sql string }

func readQuestions(file string) ([]question, error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	defer source.Close()
	records, err := csv.NewReader(source).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	var columns [3]int
	for i, name := range []string{"db_name", "question", "query"} {
		if len(records) > 0 {
			columns[i] = slices.Index(records[0], name)
		}
		if len(records) == 0 || columns[i] < 0 {
			return nil, fmt.Errorf("read the questions: %s has no column %s", file, name)
		}
	}
	var questions []question
	for _, record := range records[1:] {
		database := record[columns[0]]
		// Two databases may have the same question.
		questions = append(questions, question{database, database + ": " + record[columns[1]], one(record[columns[2]])})
	}
	return questions, nil
}

var alternatives = regexp.MustCompile(`\{([^{}]+)\}`)

// one makes one statement of a query's alternatives: all the columns in braces,
// by which {} groups, and the first of several queries.
func one(query string) string {
	query, _, _ = strings.Cut(query, ";")
	columns := ""
	if found := alternatives.FindStringSubmatch(query); found != nil {
		columns = found[1]
	}
	query = alternatives.ReplaceAllString(query, "$1")
	return strings.ReplaceAll(query, "{}", columns)
}

func databases(questions []question) []string {
	var names []string
	for _, q := range questions {
		names = append(names, q.database)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// load makes a database of a script.
func load(ctx context.Context, server *postgres.Server, database, file string) error {
	script, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("load %s: %w", database, err)
	}
	if err := execute(ctx, server.URL(), "CREATE DATABASE "+database); err != nil {
		return fmt.Errorf("load %s: %w", database, err)
	}
	address, err := addressOf(server, database)
	if err != nil {
		return err
	}
	if err := execute(ctx, address, string(script)); err != nil {
		return fmt.Errorf("load %s: %w", database, err)
	}
	return nil
}

func addressOf(server *postgres.Server, database string) (string, error) {
	address, err := url.Parse(server.URL())
	if err != nil {
		return "", fmt.Errorf("read the server's address: %w", err)
	}
	address.Path = "/" + database
	return address.String(), nil
}

func execute(ctx context.Context, address, script string) error {
	conn, err := pgconn.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, script).ReadAll()
	return err
}
