package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"defog-cdk/bench/table"
)

// stackCounts are the sizes of the apps with many stacks. The first is one.
func stackCounts() []int { return []int{1, 5, 20} }

// countStacks measures apps with one and with several query stacks. They are
// compiled before: go run would add to what the first stack seems to cost.
func countStacks(ctx context.Context, rounds int, directory, connection string) error {
	checkout, program := filepath.Join(directory, "checkout"), filepath.Join(directory, "many")
	if err := copyCheckout(ctx, checkout); err != nil {
		return fmt.Errorf("copy the checkout: %w", err)
	}
	log.Print("compiling the app with many stacks")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./bench/synth/many")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, output)
	}

	log.Print("warming up")
	var unedited []way
	for _, w := range ways() {
		if !w.edit {
			unedited = append(unedited, w)
		}
	}
	var apps []*app
	for _, count := range stackCounts() {
		many := &app{
			directory: checkout,
			command:   fmt.Sprintf("%s %d", program, count),
			settings:  []string{"-c", "app_name=bench", "-c", "connection_file=" + connection},
		}
		if err := many.warm(ctx, unedited); err != nil {
			return err
		}
		if err := many.hasStacks(count); err != nil {
			return err
		}
		apps = append(apps, many)
	}
	measured, err := measure(ctx, rounds, unedited, apps...)
	if err != nil {
		return err
	}
	return measured.printShares(unedited)
}

// hasStacks makes sure that the app made that many stacks.
func (a *app) hasStacks(want int) error {
	text, err := os.ReadFile(filepath.Join(a.directory, "cdk.out", "manifest.json"))
	if err != nil {
		return err
	}
	var manifest struct {
		Artifacts map[string]struct{ Type string }
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return fmt.Errorf("read the assembly's manifest: %w", err)
	}
	got := 0
	for _, artifact := range manifest.Artifacts {
		if artifact.Type == "aws:cloudformation:stack" {
			got++
		}
	}
	if got != want {
		return fmt.Errorf("%s made %d stacks, not %d", a.command, got, want)
	}
	return nil
}

// printShares shows what each stack after the first costs, by the medians: in
// milliseconds and as a share of the app with one.
func (t times) printShares(ways []way) error {
	columns := []string{"seconds: median (fastest); each further stack"}
	for _, count := range stackCounts() {
		columns = append(columns, fmt.Sprintf("stacks: %d", count))
	}
	rows := table.New(columns...)
	for _, w := range ways {
		cells, first := []string{w.String()}, median(t[w][0])
		for i, count := range stackCounts() {
			cell := seconds(t[w][i])
			if count > 1 {
				further := (median(t[w][i]) - first) / float64(count-1)
				cell += fmt.Sprintf("; %.0f ms, %.1f %%", further*1000, 100*further/first)
			}
			cells = append(cells, cell)
		}
		rows.Row(cells...)
	}
	return rows.Write(os.Stdout)
}
