package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/config/connection"
	"defog-cdk/local/demo/shop"
	"defog-cdk/local/show"
)

// appName sets the demo's stack apart from others.
const appName = "defog-demo"

const stackName = appName + "-dev"

// answerTimeout exceeds the function's own timeout.
const answerTimeout = 45 * time.Second

// demo is one run.
type demo struct {
	show.Show
	question string
	keep     bool
}

func (d *demo) run(ctx context.Context) error {
	if err := d.deploy(ctx); err != nil {
		return err
	}
	if err := d.ask(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "\nAfter the set-up, all of it took %.0f s.\n", time.Since(d.Began).Seconds())
	return d.suggest(ctx)
}

// deploy brings the shop's data and the app to the local AWS.
func (d *demo) deploy(ctx context.Context) error {
	connectionFile, dependencies := filepath.Join(d.Directory, "connection.json"), filepath.Join(d.Directory, "dependencies")
	if err := d.Step("make the shop's database", func(io.Writer) error {
		return writeShop(ctx, connectionFile, dependencies)
	}); err != nil {
		return err
	}
	if err := d.Bootstrap(ctx); err != nil {
		return err
	}
	return d.Step("deploy the query function with `cdk deploy`", func(out io.Writer) error {
		return d.AWS.Deploy(ctx, out,
			"-c", "app_name="+appName,
			"-c", "connection_file="+connectionFile,
			"-c", "generator=golden",
			"-c", "function_source_dependencies_zip="+dependencies)
	})
}

// writeShop writes the connection file, and the folder of dependencies: the
// database and the golden pairs.
func writeShop(ctx context.Context, connectionFile, dependencies string) error {
	content, err := json.Marshal(connection.Connection{
		DBType:  "sqlite",
		DBCreds: connection.Creds{"database": shop.Database},
	})
	if err != nil {
		return fmt.Errorf("encode the connection file: %w", err)
	}
	if err := os.WriteFile(connectionFile, content, 0o600); err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	if err := os.Mkdir(dependencies, 0o750); err != nil {
		return fmt.Errorf("make the dependencies: %w", err)
	}
	return shop.Write(ctx, dependencies)
}

// ask asks the question twice, as `defog ask` does: for people, then for
// programs.
func (d *demo) ask(ctx context.Context) error {
	fmt.Fprintf(d.Out, "\nThe question: %s\n\n", d.question)
	first, err := d.answer(ctx, false)
	if err != nil {
		return err
	}
	fmt.Fprint(d.Out, "\nThe answer as an application gets it:\n\n")
	second, err := d.answer(ctx, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "\nThe first answer took %.2f s, as the function had to start, the second %.2f s.\n",
		first.Seconds(), second.Seconds())
	return nil
}

// answer prints the deployed function's answer, and returns how long it took.
func (d *demo) answer(ctx context.Context, asJSON bool) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	begin, cfg := time.Now(), d.AWS.Config()
	api, err := client.Find(ctx, cfg, stackName)
	if err != nil {
		return 0, err
	}
	answer, err := client.Ask(ctx, cfg, api, client.Question{Question: d.question})
	if err != nil {
		return 0, err
	}
	return time.Since(begin), answer.Print(d.Out, asJSON)
}

// suggest prints further commands.
func (d *demo) suggest(ctx context.Context) error {
	pairs, err := shop.Pairs()
	if err != nil {
		return err
	}
	pairs = slices.DeleteFunc(pairs, func(p shop.Pair) bool { return p.Question == d.question })
	fmt.Fprint(d.Out, "\nOther questions of the demo (local/demo/shop/golden.json lists all):\n")
	for _, pair := range pairs[:5] {
		fmt.Fprintf(d.Out, "  %s\n", pair.Question)
	}
	another := pairs[0].Question
	if !d.keep {
		fmt.Fprintf(d.Out, "\nTo ask one:\n  make demo Q=\"%s\"\n\nTo ask in a browser:\n  make demo KEEP=1\n", another)
		return nil
	}
	fmt.Fprintln(d.Out)
	url, err := d.showPage(ctx)
	if err != nil {
		return err
	}
	pid, err := d.AWS.Keep()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Out, `
The local AWS stays up. To ask it in a browser, open the page:

%s

To ask it in a terminal:

%s
go run ./cmd/defog ask -c app_name=%s "%s"

To stop it:

kill %d
`, url, d.AWS.Exports(), appName, another, pid)
	return nil
}
