// Program load measures the questions a second of the query function, and their
// percentiles, with 1, 10 and 100 environments at a time. Each environment is a process
// of the function under a stand-in for Lambda's runtime API. It has its own connection to
// one PostgreSQL, and answers one question after the other. All share this machine's
// processors: on Lambda, each environment has its own.
//
//	go run ./bench/load [-environments 1,10,100] [-questions 4000]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"defog-cdk/bench/stage"
	"defog-cdk/bench/table"
	"defog-cdk/internal/testserver/postgres"
)

func main() {
	log.SetFlags(0)
	environments := flag.String("environments", "1,10,100", "the numbers of environments, separated by commas")
	questions := flag.Int("questions", 4000, "questions for each number of environments")
	flag.Parse()
	if err := run(context.Background(), *environments, *questions); err != nil {
		log.Fatal(err)
	}
}

// parse returns the numbers of environments, and the largest.
func parse(text string) (numbers []int, most int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, 0, fmt.Errorf("-environments: %q is invalid; want positive numbers, separated by commas", text)
		}
		numbers, most = append(numbers, n), max(most, n)
	}
	return numbers, most, nil
}

func run(ctx context.Context, environments string, questions int) (err error) {
	numbers, most, err := parse(environments)
	if err != nil {
		return err
	}
	if questions < 1 {
		return fmt.Errorf("-questions: %d is invalid; want a positive number", questions)
	}
	// Some connections are reserved, and others end late.
	s, err := stage.Set(ctx, postgres.Setting("max_connections", strconv.Itoa(2*most+20)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rates := table.New("environments", "questions/s", "median", "95 %", "99 %", "slowest", "first answers")
	parts := table.New("environments", "generator", "database", "function, runtime API", "CPU: function", "CPU: PostgreSQL", "CPU: benchmark", "processors busy")
	for _, n := range numbers {
		l, err := measure(s, n, questions)
		if err != nil {
			return err
		}
		rates.Row(strconv.Itoa(n), fmt.Sprintf("%.0f", l.rate()), milliseconds(l.percentile(0.5)), milliseconds(l.percentile(0.95)),
			milliseconds(l.percentile(0.99)), milliseconds(l.percentile(1)), milliseconds(l.started))
		parts.Row(strconv.Itoa(n), milliseconds(l.each(l.generator)), milliseconds(l.each(l.database)), milliseconds(l.each(l.rest)),
			milliseconds(l.each(l.processors.functions)), milliseconds(l.each(l.processors.postgres)), milliseconds(l.each(l.processors.benchmark)),
			fmt.Sprintf("%.1f", l.processors.total().Seconds()/l.took.Seconds()))
	}
	if err := rates.Write(os.Stdout); err != nil {
		return err
	}
	return parts.Write(os.Stdout)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
}
