// Program synth measures `cdk synth` of this app against the same stack in JavaScript
// (javascript/app.js), on the same Node and in one run. It runs the app command alone
// and through the CDK CLI: with the CDK's validation, without it, and after a one-line
// edit. Both run in a copy of the checkout, and their templates must be equal.
// JavaScript gets the compiled function and the zip of dependencies. The times of Go
// include the creation of both.
//
// With -stacks it measures the cost of another query stack in the same Go app (many/).
// With -pipeline it measures the cost of a pipeline of six stages.
//
// It needs what make setup installs.
//
//	go run ./bench/synth [-rounds 7] [-stacks | -pipeline]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"defog-cdk/stacks/artifact"
)

const (
	stackName = "bench-dev"

	connectionFile = `{"api_key": "key", "db_type": "postgres", "db_creds": {"database": "shop", "host": "db", "password": "word", "port": 5432, "user": "reader"}}`
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 7, "how often each app is measured in each way")
	further := flag.Bool("stacks", false, "measure further stacks in one app instead")
	pipeline := flag.Bool("pipeline", false, "measure a pipeline of six stages against one stage instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	bench := compareLanguages
	if *further {
		bench = countStacks
	}
	if *pipeline {
		bench = comparePipeline
	}
	err := run(ctx, max(1, *rounds), bench)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run gives the benchmark a folder of its own, with the connection file in it.
func run(ctx context.Context, rounds int, bench func(ctx context.Context, rounds int, directory, connection string) error) error {
	if err := usePinnedTools(); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "bench-synth-")
	if err != nil {
		return fmt.Errorf("make a folder for the apps: %w", err)
	}
	defer os.RemoveAll(directory)
	connection := filepath.Join(directory, "connection.json")
	if err := os.WriteFile(connection, []byte(connectionFile), 0o600); err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	return bench(ctx, rounds, directory, connection)
}

func compareLanguages(ctx context.Context, rounds int, directory, connection string) (err error) {
	log.Print("compiling the function")
	program := artifact.CompileQuery(ctx, "arm64", "postgres")
	defer func() { err = errors.Join(err, program.Remove()) }()
	code, err := program.Directory()
	if err != nil {
		return err
	}
	dependencies, err := artifact.PackDependencies("lambda/query/dependencies", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dependencies.Remove()) }()

	log.Print("warming up")
	golang, javascript, err := newApps(ctx, filepath.Join(directory, "checkout"), settings(connection, code, dependencies.Path))
	if err != nil {
		return err
	}
	if err := sameTemplate(golang, javascript); err != nil {
		return err
	}
	measured, err := measure(ctx, rounds, ways(), golang, javascript)
	if err != nil {
		return err
	}
	return measured.print(ways(), "Go", "JavaScript")
}

// settings are the same for both apps. Only JavaScript reads the last two, and
// it has no defaults.
func settings(connection, code, dependencies string) []string {
	return []string{
		"-c", "app_name=bench",
		"-c", "stage=dev",
		"-c", "connection_file=" + connection,
		"-c", "lambda_memory_size=128",
		"-c", "ephemeral_storage=512",
		"-c", "lambda_timeout=29",
		"-c", "generator_timeout=13",
		"-c", "statement_timeout=15",
		"-c", "max_rows=10000",
		"-c", "retries=3",
		"-c", "throttle_rate=10",
		"-c", "throttle_burst=20",
		"-c", "log_level=INFO",
		"-c", "bench:code=" + code,
		"-c", "bench:dependencies=" + dependencies,
	}
}

// measure lets the apps take turns, so that what else the machine does falls
// on all.
func measure(ctx context.Context, rounds int, ways []way, apps ...*app) (times, error) {
	measured := times{}
	for _, w := range ways {
		measured[w] = make([][]time.Duration, len(apps))
	}
	for round := range rounds {
		log.Printf("round %d of %d", round+1, rounds)
		for _, w := range ways {
			for turn := range apps {
				i := (turn + round) % len(apps) // none is always the first
				taken, err := apps[i].synth(ctx, w)
				if err != nil {
					return nil, err
				}
				measured[w][i] = append(measured[w][i], taken)
			}
		}
	}
	return measured, nil
}
