// Program dependencies measures how long a zip of dependencies takes from S3
// to files: the old way (download it, unzip it, delete it) against package
// lambda/dependencies. A local server plays S3 with so much bandwidth a
// connection and so long to the first byte, and serves a synthetic zip of the
// shape of podpac's. Every measurement is a process of its own and a fresh
// folder; the ways take turns, and each one's fastest round counts.
//
//	go run ./bench/dependencies [-scale 1] [-directory /a/fresh/file/system]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"text/tabwriter"
	"time"
)

func main() {
	log.SetFlags(0)
	scale := flag.Float64("scale", 0.25, "size of the zip; 1 is podpac's (523 MB in 10,657 files)")
	rounds := flag.Int("rounds", 3, "how often each way is measured")
	directory := flag.String("directory", os.TempDir(), "where to extract; ext4 that has seen many deletions is slow")
	bandwidth := flag.Float64("bandwidth", 90, "MB/s a connection")
	latency := flag.Duration("latency", 20*time.Millisecond, "time to the first byte")
	way := flag.String("child", "", "used by the program itself: the way to measure")
	endpoint := flag.String("endpoint", "", "used by the program itself: the server")
	hash := flag.String("sha256", "", "used by the program itself: the zip's hash")
	flag.Parse()

	if *way != "" {
		if err := measure(context.Background(), *way, *endpoint, *directory, *hash); err != nil {
			log.Fatalf("%s: %v", *way, err)
		}
		return
	}
	if err := compare(context.Background(), *scale, *rounds, *directory, &server{bandwidth: *bandwidth * 1e6, latency: *latency}); err != nil {
		log.Fatal(err)
	}
}

// compare runs every way on every number of CPUs and prints the table.
func compare(ctx context.Context, scale float64, rounds int, directory string, s *server) error {
	content, c, err := podpacLike(scale)
	if err != nil {
		return fmt.Errorf("make the zip: %w", err)
	}
	s.use(content)
	fmt.Printf("%d files, %.0f MB, zipped %.0f MB; %.0f MB/s a connection, %s to the first byte; best of %d\n\n",
		c.files, float64(c.bytes)/1e6, float64(len(content))/1e6, s.bandwidth/1e6, s.latency, rounds)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	go func() { _ = http.Serve(listener, s) }()

	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "CPUs\tway\ttime\tratio\tpeak memory\twarm start\t")
	for _, cpus := range []int{runtime.NumCPU(), 1} {
		best := map[string]result{}
		for range rounds {
			for _, way := range ways() {
				r, err := run(ctx, way, cpus, "http://"+listener.Addr().String(), directory, s.hash)
				if err != nil {
					return err
				}
				if b, ok := best[way]; !ok || r.Seconds < b.Seconds {
					best[way] = r
				}
			}
		}
		reference := math.Inf(1)
		for _, way := range ways()[:len(ways())-1] {
			reference = min(reference, best[way].Seconds)
		}
		for _, way := range ways() {
			r := best[way]
			fmt.Fprintf(table, "%d\t%s\t%.2f s\t%.2f\t%.0f MB\t%s\t\n",
				cpus, way, r.Seconds, reference/r.Seconds, float64(r.Peak)/1e6, r.warm())
		}
	}
	return table.Flush()
}

// ways lists the old ones and then ours. The ratio is to the fastest old one.
func ways() []string {
	if _, err := exec.LookPath("unzip"); err != nil {
		return []string{wayStandard, wayOurs}
	}
	return []string{wayUnzip, wayStandard, wayOurs}
}

// run measures one way in a process of its own.
func run(ctx context.Context, way string, cpus int, endpoint, directory, hash string) (result, error) {
	fresh, err := os.MkdirTemp(directory, "bench-")
	if err != nil {
		return result{}, fmt.Errorf("make a fresh folder: %w", err)
	}
	defer os.RemoveAll(fresh)
	program, err := os.Executable()
	if err != nil {
		return result{}, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "-child="+way, "-endpoint="+endpoint, "-directory="+filepath.Join(fresh, "tmp"), "-sha256="+hash)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(cpus))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("measure %s: %w", way, err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return result{}, fmt.Errorf("read the measurement of %s: %w", way, err)
	}
	return r, nil
}
