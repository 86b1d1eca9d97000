// Program request measures what the query function adds to a question: the time of a
// warm invocation, and its part outside of generator and database. It compares with a
// bare program that calls the same generator and runs the same SQL with pgx. Then it
// measures the encoding of rows as JSON, and its allocations. It compares that with
// encoding/json on prepared structs.
//
//	go run ./bench/request [-rounds 2000]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"defog-cdk/bench/stage"
	"defog-cdk/bench/table"
	"defog-cdk/internal/testserver/runtimeapi"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 2000, "number of questions to each")
	flag.Parse()
	if err := run(context.Background(), *rounds); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, rounds int) error {
	s, err := stage.Set(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := compareQuestions(ctx, s, rounds); err != nil {
		return err
	}
	return compareEncoding(ctx, s)
}

// compareQuestions asks the function and the bare program in turn.
func compareQuestions(ctx context.Context, s *stage.Stage, questions int) error {
	f, err := runtimeapi.Start(runtimeapi.Config{Command: []string{s.Bootstrap}, Environment: s.Environment})
	if err != nil {
		return err
	}
	defer f.Stop()
	conn, err := pgx.Connect(ctx, s.Postgres.URL())
	if err != nil {
		return fmt.Errorf("connect the bare program: %w", err)
	}
	defer conn.Close(ctx)
	b := bare{generator: s.Generator, conn: conn}

	var whole, added, bareWhole, bareAdded []time.Duration
	for round := range questions + questions/10 {
		total, others, err := ask(f)
		if err != nil {
			return err
		}
		bareTotal, bareOthers, err := b.ask(ctx)
		if err != nil {
			return err
		}
		if round < questions/10 {
			continue // to warm up
		}
		whole, added = append(whole, total), append(added, total-others)
		bareWhole, bareAdded = append(bareWhole, bareTotal), append(bareAdded, bareTotal-bareOthers)
	}
	rows := table.New(fmt.Sprintf("median of %d questions", questions), "whole", "without generator and database")
	for _, row := range []struct {
		name         string
		whole, added time.Duration
	}{
		{"function, invoked through the runtime API", stage.Median(whole), stage.Median(added)},
		{"bare pgx", stage.Median(bareWhole), stage.Median(bareAdded)},
		{"added by the function", stage.Median(whole) - stage.Median(bareWhole), stage.Median(added) - stage.Median(bareAdded)},
	} {
		rows.Row(row.name, row.whole.Round(time.Microsecond).String(), row.added.Round(time.Microsecond).String())
	}
	return rows.Write(os.Stdout)
}

// ask asks the function, and returns how long it took in all and how much of
// that the generator and the database did.
func ask(f *runtimeapi.Function) (total, others time.Duration, err error) {
	began := time.Now()
	out, err := f.Invoke(stage.Payload)
	total = time.Since(began)
	if err != nil {
		return 0, 0, err
	}
	var answer struct {
		RanSuccessfully bool    `json:"ran_successfully"`
		Execution       float64 `json:"execution_time_taken"`
		Generation      float64 `json:"generation_time_taken"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || !answer.RanSuccessfully {
		return 0, 0, fmt.Errorf("the function has no answer (%w): %s", err, out)
	}
	return total, time.Duration((answer.Execution + answer.Generation) * float64(time.Second)), nil
}
