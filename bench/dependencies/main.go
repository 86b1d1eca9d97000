// Program dependencies measures how long a function takes to start with a zip of
// dependencies in S3. It compares PODPAC's old way with the same handler behind
// lambda/hydrate. In the old way, the handler downloads the zip with boto3, unzips
// it, deletes it, and imports. A local server serves S3 with a given bandwidth a
// connection and a given time to the first byte. The zip is a real one, or a
// synthetic one of the shape of podpac's. Every measurement has a new process and a
// new folder. That is on a file system in memory where there is one: a used disk slows one
// way or another by chance. The ways take turns, and the fastest round of each counts.
//
//	go run ./bench/dependencies [-scale 1] [-directory FOLDER]
//	go run ./bench/dependencies -zip podpac_deps.zip -packed packed_deps.zip -code packed_dist -import podpac
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"defog-cdk/bench/table"
	"defog-cdk/internal/testserver/runtimeapi"
)

func main() {
	log.SetFlags(0)
	var o options
	flag.Float64Var(&o.scale, "scale", 1, "size of the synthetic zip; 1 is podpac's (523 MB in 10,657 files)")
	flag.StringVar(&o.zip, "zip", "", "a real zip to measure instead")
	flag.StringVar(&o.packed, "packed", "", "the zip of the same dependencies that `defog pack` made, for another row")
	flag.StringVar(&o.code, "code", "", "a folder with the packages that the dist zip brings besides -packed")
	flag.StringVar(&o.imports, "import", "", "what the handler imports, with commas; by default a part of the synthetic zip")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each way is measured")
	flag.StringVar(&o.directory, "directory", extractionFolder(), "where to extract; ext4 that has seen many deletions is slow")
	flag.Float64Var(&o.bandwidth, "bandwidth", 90, "MB/s a connection")
	flag.DurationVar(&o.latency, "latency", 20*time.Millisecond, "time to the first byte")
	child := flag.Bool("child", false, "used by the program itself: run the arguments and print the measurement")
	flag.Parse()

	run := func(ctx context.Context) error { return compare(ctx, o) }
	if *child {
		run = func(ctx context.Context) error { return measure(ctx, flag.Args()) }
	}
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	scale                      float64
	zip, packed, code, imports string
	rounds                     int
	directory                  string
	bandwidth                  float64
	latency                    time.Duration
}

// compare measures every way on every number of CPUs and prints two tables.
func compare(ctx context.Context, o options) error {
	python, err := findPython()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench-dependencies-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	hydrate := filepath.Join(folder, "hydrate")
	if err := runtimeapi.BuildHydrate(ctx, hydrate); err != nil {
		return err
	}
	s := &server{bandwidth: o.bandwidth * 1e6, latency: o.latency}
	if o.imports, err = s.load(o); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	go func() { _ = http.Serve(listener, s) }()
	fmt.Printf("%.0f MB/s a connection, %s to the first byte, extracted to %s, rounds: %d (the best counts).\n\n", o.bandwidth, o.latency, o.directory, o.rounds)

	b := &bench{options: o, python: python, hydrate: hydrate, server: s, endpoint: "http://" + listener.Addr().String()}
	ways := b.ways()
	for _, cpus := range []int{runtime.NumCPU(), 1} {
		best, err := b.measure(ctx, cpus, ways)
		if err != nil {
			return err
		}
		if err := show(cpus, ways, best); err != nil {
			return err
		}
	}
	return nil
}

// show prints what each way took, and how many times faster than the old one
// it was.
func show(cpus int, ways []way, best []result) error {
	rows := table.New(fmt.Sprintf("cores: %d", cpus), "ready", "ratio", "first answer", "ratio", "memory", "disk at most", "later start")
	for i, w := range ways {
		r, old := best[i], best[0]
		warm := "-"
		if r.warm > 0 {
			warm = r.warm.Round(100 * time.Microsecond).String()
		}
		rows.Row(w.name, fmt.Sprintf("%.2f s", r.ready.Seconds()), fmt.Sprintf("%.2f", old.ready.Seconds()/r.ready.Seconds()),
			fmt.Sprintf("%.2f s", r.answer.Seconds()), fmt.Sprintf("%.2f", old.answer.Seconds()/r.answer.Seconds()),
			megabytes(r.memory), fmt.Sprintf("%.0f MB", float64(r.disk)/1e6), warm)
	}
	return rows.Write(os.Stdout)
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}

// list splits a list with commas.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
