// Program stub is the function that the benchmark fanout invokes for each item. It
// writes two lines to the event's ledger, at the start and at the end of the item.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// event is an item.
type event struct {
	Ledger string        `json:"ledger"` // file
	Item   int           `json:"item"`
	Work   time.Duration `json:"work"` // the time that it takes
}

func main() { lambda.Start(handle) }

func handle(_ context.Context, e event) error {
	if err := note(e, "start"); err != nil {
		return err
	}
	// MiniStack waits 50 ms for the log of a function that writes none.
	fmt.Fprintln(os.Stderr, "item", e.Item)
	time.Sleep(e.Work)
	return note(e, "end")
}

// note appends a line in one write, for several processes append to the ledger.
func note(e event, what string) error {
	ledger, err := os.OpenFile(e.Ledger, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer ledger.Close()
	_, err = fmt.Fprintln(ledger, what, e.Item, os.Getpid(), time.Now().UnixNano())
	return err
}
