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
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"defog-cdk/bench/stage"
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
	fmt.Println()
	return compareEncoding(ctx, s)
}

// compareQuestions asks the function and the bare program in turn.
func compareQuestions(ctx context.Context, s *stage.Stage, rounds int) error {
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
	for round := range rounds + rounds/10 {
		total, others, err := ask(f)
		if err != nil {
			return err
		}
		bareTotal, bareOthers, err := b.ask(ctx)
		if err != nil {
			return err
		}
		if round < rounds/10 {
			continue // to warm up
		}
		whole, added = append(whole, total), append(added, total-others)
		bareWhole, bareAdded = append(bareWhole, bareTotal), append(bareAdded, bareTotal-bareOthers)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "median of %d questions\twhole\tneither generator nor database\t\n", rounds)
	fmt.Fprintf(table, "function, invoked through the runtime API\t%s\t%s\t\n", stage.Median(whole), stage.Median(added))
	fmt.Fprintf(table, "bare pgx\t%s\t%s\t\n", stage.Median(bareWhole), stage.Median(bareAdded))
	fmt.Fprintf(table, "added\t%s\t%s\t\n", stage.Median(whole)-stage.Median(bareWhole), stage.Median(added)-stage.Median(bareAdded))
	return table.Flush()
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
