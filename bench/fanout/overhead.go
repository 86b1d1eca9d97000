package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"golang.org/x/sync/errgroup"

	"defog-cdk/bench/table"
)

// concurrency is how many items are in flight. Most of an item's time in local AWS is
// waiting: more would not be faster.
const concurrency = 32

// overhead runs n items that do nothing, by direct invokes and by the fan-out, and
// prints the times. Each item must have run once.
func (d *deployment) overhead(ctx context.Context, n int) error {
	results := table.New(fmt.Sprintf("%d items, %d at once", n, concurrency), "seconds", "ms per item")
	row := func(what string, took time.Duration) {
		results.Row(what, fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprintf("%.2f", took.Seconds()*1000/float64(n)))
	}
	warm := d.path("warm.ledger")
	if _, err := d.invokeAll(ctx, warm, 10*concurrency); err != nil { // starts the environments
		return err
	}
	direct := d.path("direct.ledger")
	took, err := d.invokeAll(ctx, direct, n)
	if err != nil {
		return err
	}
	row("direct invokes", took)

	items, ledger, err := d.writeItems("overhead", n, 0)
	if err != nil {
		return err
	}
	var log bytes.Buffer
	began := time.Now()
	if err := d.eval(ctx, &log, app, "--each", items, "--name", "overhead", "--concurrency", fmt.Sprint(concurrency)).Run(); err != nil {
		return fmt.Errorf("defog eval --each: %w\n%s", err, &log)
	}
	row("`defog eval --each`", time.Since(began))

	records, err := readLedger(ledger)
	if err != nil {
		return err
	}
	done, err := d.done(ctx, "overhead")
	if err != nil {
		return err
	}
	if v := judge(n, concurrency, records, done, nil); len(v.lost)+len(v.doubled) > 0 || len(records) != 2*n {
		return fmt.Errorf("%d items, %d starts and ends: %d lost, %d doubled", n, len(records), len(v.lost), len(v.doubled))
	}
	row("… of it, the items", records[len(records)-1].at.Sub(records[0].at))

	began = time.Now()
	if err := d.eval(ctx, &log, app, "--resume", "overhead").Run(); err != nil {
		return fmt.Errorf("defog eval --resume: %w\n%s", err, &log)
	}
	row("`--resume` when all are done", time.Since(began))
	return results.Write(os.Stdout)
}

// invokeAll invokes the function for n items, and returns the time.
func (d *deployment) invokeAll(ctx context.Context, ledger string, n int) (time.Duration, error) {
	client := lambda.NewFromConfig(d.Config())
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for i := range n {
		group.Go(func() error {
			payload, err := json.Marshal(event(ledger, i, 0))
			if err != nil {
				return err
			}
			output, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(d.outputs["FunctionName"]), Qualifier: aws.String("live"), Payload: payload})
			if err == nil && output.FunctionError != nil {
				err = fmt.Errorf("invoke: %s: %s", *output.FunctionError, output.Payload)
			}
			return err
		})
	}
	err := group.Wait()
	return time.Since(began), err
}
