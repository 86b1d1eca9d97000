// Program questions sends the function every question of a text-to-SQL evaluation
// set. A substitute for the generator returns the SQL of the set. The program
// compares the answers with the rows that Defog's app in Python returns for it:
// columns, values and types.
//
//	go run ./bench/questions [-set FOLDER]
//
// The folder holds questions.csv, with the columns question, query and db_name
// among others, and a file db_name.sql for each database. A query may name
// alternatives as public sets do: SELECT {a, b} … GROUP BY {}.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"defog-cdk/bench/seed"
	"defog-cdk/bench/table"
	"defog-cdk/internal/testserver/postgres"
)

func main() {
	log.SetFlags(0)
	set := flag.String("set", "bench/questions/shop", "the folder with the evaluation set; the default one is small, and has values that are hard to write as JSON")
	flag.Parse()
	if err := compare(context.Background(), *set); err != nil {
		log.Fatal(err)
	}
}

func compare(ctx context.Context, set string) error {
	questions, err := readQuestions(filepath.Join(set, "questions.csv"))
	if err != nil {
		return err
	}
	python, err := seed.Install(ctx)
	if err != nil {
		return err
	}
	server, err := postgres.Run(postgres.Setting("timezone", "UTC"))
	if err != nil {
		return err
	}
	defer server.Close()
	for _, database := range databases(questions) {
		if err := load(ctx, server, database, filepath.Join(set, database+".sql")); err != nil {
			return err
		}
	}
	old, err := startOld(ctx, python, server)
	if err != nil {
		return err
	}
	defer old.stop()
	return compareAll(ctx, questions, old, server)
}

// compareAll asks database by database, for a function has one.
func compareAll(ctx context.Context, questions []question, old *oldApp, server *postgres.Server) error {
	folder, err := os.MkdirTemp("", "defog-questions-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	functions, err := newFunctions(ctx, folder, server, questions)
	if err != nil {
		return err
	}
	defer functions.stop()

	equal, began := map[string]int{}, time.Now()
	for _, q := range questions {
		ours, err := functions.ask(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.text, err)
		}
		theirs, err := old.run(q)
		if err != nil {
			return fmt.Errorf("%s: the old way: %w", q.text, err)
		}
		if difference := theirs.compare(ours); difference != "" {
			log.Printf("%s\n%s\n-the old app +the function\n%s\n", q.text, q.sql, difference)
			continue
		}
		equal[q.database]++
	}
	total := 0
	rows := table.New("database", "equal answers")
	for _, database := range slices.Sorted(maps.Keys(equal)) {
		rows.Row(database, strconv.Itoa(equal[database]))
		total += equal[database]
	}
	if err := rows.Write(os.Stdout); err != nil {
		return err
	}
	log.Printf("%d of %d questions give equal answers (%s)", total, len(questions), time.Since(began).Round(time.Second))
	if total < len(questions) {
		return fmt.Errorf("%d answers differ", len(questions)-total)
	}
	return nil
}
