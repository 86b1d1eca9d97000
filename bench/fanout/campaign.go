package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"defog-cdk/bench/table"
)

const (
	campaignRun = "campaign"
	inFlight    = 8                     // items at once
	work        = 50 * time.Millisecond // of an item, for kills to meet it
)

// targets is the order of the kills.
var targets = []string{
	"function", "client", "function", "execution", "function", "client", "function", "AWS",
	"function", "client", "function", "execution", "function", "client", "function", "AWS",
}

// campaign runs n items while it kills what runs them, at regular parts of the run. It
// prints what the kills did. Lost items, and items that ran again without need, are an
// error.
func (d *deployment) campaign(ctx context.Context, n int) error {
	items, ledger, err := d.writeItems(campaignRun, n, work)
	if err != nil {
		return err
	}
	a := attack{deployment: d, ledger: ledger}
	if err := a.startClient(ctx, "--each", items, "--name", campaignRun, "--concurrency", fmt.Sprint(inFlight), "--retry", "3", "--tolerate", "100%"); err != nil {
		return err
	}
	for i, target := range targets {
		// Half of the items are left for after the last kill.
		if err := a.waitFor(ctx, n*(i+1)/len(targets)/2); err != nil {
			return err
		}
		if err := a.kill(ctx, target); err != nil {
			return fmt.Errorf("kill the %s: %w", target, err)
		}
	}
	if err := <-a.ended; err != nil {
		return fmt.Errorf("the last defog eval: %w\n%s", err, &a.log)
	}
	return a.report(ctx, n)
}

// attack is a run of the campaign.
type attack struct {
	*deployment
	ledger string
	kills  []kill

	client *exec.Cmd
	log    bytes.Buffer // of the client
	ended  chan error
}

// startClient starts `defog eval`.
func (a *attack) startClient(ctx context.Context, args ...string) error {
	a.log.Reset()
	a.client, a.ended = a.eval(ctx, &a.log, app, args...), make(chan error, 1)
	if err := a.client.Start(); err != nil {
		return err
	}
	go func() { a.ended <- a.client.Wait() }()
	return nil
}

// waitFor waits until so many items have ended. The client must not end before.
func (a *attack) waitFor(ctx context.Context, items int) error {
	for {
		records, err := readLedger(a.ledger)
		if err != nil || ended(records) >= items {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-a.ended:
			return fmt.Errorf("defog eval ended after %d items: %w\n%s", ended(records), errors.Join(err), &a.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill kills the target, and has the run resumed if that ended the client.
func (a *attack) kill(ctx context.Context, target string) error {
	k := kill{what: target}
	switch target {
	case "function":
		return a.killFunction(ctx, k)
	case "client":
		if err := a.client.Process.Kill(); err != nil {
			return err
		}
	case "execution":
		if err := a.stopExecution(ctx); err != nil {
			return err
		}
	case "AWS":
		if err := a.Stop(); err != nil {
			return err
		}
	}
	// The client ends with its execution, and must report that. Until then, items that were
	// on their way to a function may start.
	if err := <-a.ended; err == nil {
		return fmt.Errorf("defog eval succeeded after it\n%s", &a.log)
	}
	k.at = time.Now()
	var err error
	if target == "AWS" {
		if err = a.restart(ctx); err != nil {
			return err
		}
	}
	if k.done, err = a.done(ctx, campaignRun); err != nil {
		return err
	}
	a.kills = append(a.kills, k)
	return a.startClient(ctx, "--resume", campaignRun)
}

// killFunction kills a process in the middle of an item. It waits for one.
func (a *attack) killFunction(ctx context.Context, k kill) error {
	for {
		records, err := readLedger(a.ledger)
		if err != nil {
			return err
		}
		for _, r := range unfinished(records) {
			if time.Since(r.at) > work/2 || syscall.Kill(r.process, syscall.SIGKILL) != nil {
				continue // it has ended
			}
			k.at, k.process = time.Now(), r.process
			a.kills = append(a.kills, k)
			return nil
		}
		if err := a.waitFor(ctx, ended(records)+1); err != nil {
			return err
		}
	}
}

// stopExecution stops the execution of the run.
func (a *attack) stopExecution(ctx context.Context) error {
	machine := aws.String(a.outputs["FanOutArn"])
	running, err := a.sfn.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: machine, StatusFilter: types.ExecutionStatusRunning})
	if err != nil {
		return err
	}
	if len(running.Executions) != 1 {
		return fmt.Errorf("%d executions run, want 1", len(running.Executions))
	}
	_, err = a.sfn.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: running.Executions[0].ExecutionArn})
	return err
}

func (a *attack) report(ctx context.Context, n int) error {
	records, err := readLedger(a.ledger)
	if err != nil {
		return err
	}
	done, err := a.done(ctx, campaignRun)
	if err != nil {
		return err
	}
	v := judge(n, inFlight, records, done, a.kills)
	kills := map[string]int{}
	for _, k := range a.kills {
		kills[k.what]++
	}
	results := table.New(fmt.Sprintf("%d items, %d at once", n, inFlight), "number")
	for _, row := range []struct {
		what   string
		number int
	}{
		{"kills of a function", kills["function"]},
		{"kills of the client", kills["client"]},
		{"stops of the execution", kills["execution"]},
		{"kills of the whole local AWS, with its functions", kills["AWS"]},
		{"items that ran twice, in flight at a kill", len(v.twice)},
		{"items that ran twice without that reason", len(v.doubled)},
		{"done items that ran again", len(v.repeated)},
		{"lost items", len(v.lost)},
	} {
		results.Row(row.what, fmt.Sprint(row.number))
	}
	if err := results.Write(os.Stdout); err != nil {
		return err
	}
	if len(v.doubled)+len(v.repeated)+len(v.lost) > 0 {
		return fmt.Errorf("items ran twice without reason: %v; ran again: %v; are lost: %v", v.doubled, v.repeated, v.lost)
	}
	return nil
}
