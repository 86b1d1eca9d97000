// Program fanout measures `defog eval --each` on local AWS: the overhead per item, beside
// direct invokes. It then kills the client, the function, the execution and all of local
// AWS, and finds out what that does to a run. At last it evaluates a grid by `defog eval
// --chunks`, and in one process.
//
//	go run ./bench/fanout [-items 10000] [-killed 2000] [-chunks 200]
//
// A part with the number 0 is left out. The chunks need podpac, which
// `make .build/podpac-client/installed` installs.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log.SetFlags(0)
	var b benchmark
	flag.IntVar(&b.items, "items", 10_000, "how many items measure the overhead")
	flag.IntVar(&b.killed, "killed", 2_000, "how many items a run with kills has")
	flag.IntVar(&b.grid, "chunks", 200, "how many chunks the grid has, a multiple of 10")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := b.run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

type benchmark struct{ items, killed, grid int }

func (b benchmark) run(ctx context.Context) (err error) {
	d, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if b.items > 0 {
		if err := d.overhead(ctx, b.items); err != nil {
			return err
		}
	}
	if b.killed > 0 {
		if err := d.campaign(ctx, b.killed); err != nil {
			return err
		}
	}
	if b.grid > 0 {
		return d.chunks(ctx, b.grid)
	}
	return nil
}
