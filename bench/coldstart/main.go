// Program coldstart measures the cost of a query function until its first answer. The
// cost is the time of the process, its memory, and the size of the zip. It compares
// the function with Defog's flow in Python (awslambdaric, pandas, psycopg2), as
// deployed and with compiled packages, and with mcp=true. Each runs under a stand-in for
// Lambda's runtime API, and on Linux also under AWS's emulator. All have the same
// PostgreSQL and substitute for the generator. They take turns, and the median counts.
//
//	go run ./bench/coldstart [-rounds 11]
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
	"time"

	"defog-cdk/bench/seed"
	"defog-cdk/bench/stage"
	"defog-cdk/bench/table"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/runtimeapi"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 11, "how often each function is started")
	flag.Parse()
	if err := compare(context.Background(), *rounds); err != nil {
		log.Fatal(err)
	}
}

// contestant is a function to be measured.
type contestant struct {
	name   string
	start  starter
	zipped int64

	cold, warm []time.Duration
	memory     []int64
}

func compare(ctx context.Context, rounds int) error {
	p, err := seed.Install(ctx)
	if err != nil {
		return err
	}
	s, err := stage.Set(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	ours, err := zippedSize(s.Bootstrap)
	if err != nil {
		return err
	}
	agents := filepath.Join(s.Directory, "bootstrap-mcp")
	if err := runtimeapi.Build(ctx, agents, "postgres", "mcp"); err != nil {
		return err
	}
	withAgents, err := zippedSize(agents)
	if err != nil {
		return err
	}
	environment := maps.Clone(s.Environment)
	environment[environ.MCP] = "true"
	theirs, err := zippedSize(p.Code)
	if err != nil {
		return err
	}
	cache := filepath.Join(s.Directory, "pycache")
	functions := []struct {
		name   string
		config runtimeapi.Config
		zipped int64
	}{
		{"Go", runtimeapi.Config{Command: []string{s.Bootstrap}, Environment: s.Environment}, ours},
		{"Go, mcp=true", runtimeapi.Config{Command: []string{agents}, Environment: environment}, withAgents},
		{"Python as deployed", runtimeapi.Config{Command: p.Command(), Environment: p.Environment(s.Environment, "")}, theirs},
		{"Python, compiled", runtimeapi.Config{Command: p.Command(), Environment: p.Environment(s.Environment, cache)}, theirs},
	}
	var contestants []*contestant
	for _, f := range functions {
		contestants = append(contestants, &contestant{name: f.name, start: onStandIn(f.config), zipped: f.zipped})
	}
	if emulator.Supported {
		program := filepath.Join(s.Directory, "aws-lambda-rie")
		if err := emulator.Build(ctx, program); err != nil {
			return err
		}
		for _, f := range functions {
			contestants = append(contestants, &contestant{name: f.name + ", AWS's emulator", start: onEmulator(program, f.config), zipped: f.zipped})
		}
	}
	for round := range rounds + 1 {
		for _, c := range contestants {
			if err := c.measure(round > 0); err != nil {
				return err
			}
		}
	}
	return show(contestants)
}

// measure starts the function once. The first time does not count: files have
// to be read from the disk, and Python to compile.
func (c *contestant) measure(counts bool) error {
	f, began, err := c.start()
	if err != nil {
		return err
	}
	_, err = f.Invoke(stage.Payload)
	cold := time.Since(began)
	var warm []time.Duration
	for range 20 {
		if err == nil {
			began := time.Now()
			_, err = f.Invoke(stage.Payload)
			warm = append(warm, time.Since(began))
		}
	}
	var memory int64
	if err == nil {
		memory, err = f.PeakMemory()
	}
	if log := f.Stop(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, log)
	}
	if counts {
		c.cold = append(c.cold, cold)
		c.warm = append(c.warm, stage.Median(warm))
		c.memory = append(c.memory, memory)
	}
	return nil
}

func show(contestants []*contestant) error {
	us := contestants[0]
	rows := table.New("function", "first answer", "ratio", "following", "ratio", "peak memory", "ratio", "zipped", "ratio")
	for _, c := range contestants {
		cold, warm, memory := stage.Median(c.cold), stage.Median(c.warm), middle(c.memory)
		rows.Row(c.name,
			fmt.Sprintf("%.1f ms", cold.Seconds()*1e3), ratio(cold, stage.Median(us.cold)),
			fmt.Sprintf("%.2f ms", warm.Seconds()*1e3), ratio(warm, stage.Median(us.warm)),
			fmt.Sprintf("%.1f MB", float64(memory)/1e6), ratio(memory, middle(us.memory)),
			fmt.Sprintf("%.1f MB", float64(c.zipped)/1e6), ratio(c.zipped, us.zipped))
	}
	return rows.Write(os.Stdout)
}

func ratio[N ~int64](a, b N) string {
	return fmt.Sprintf("%.1f", float64(a)/float64(b))
}

func middle(sizes []int64) int64 {
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}
