package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/local"
	"defog-cdk/local/demo/shop"
)

// appName sets the demo's stack apart from others.
const appName = "defog-demo"

// demo is one run, in the checkout's root.
type demo struct {
	question string
	keep     bool
	out      io.Writer
	progress progress

	directory string // of this run, for files of its own
	aws       *local.AWS
}

func (d *demo) run(ctx context.Context) (err error) {
	begin := time.Now()
	d.directory, err = os.MkdirTemp("", "defog-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.directory)) }()

	fmt.Fprint(d.out, "The first run may take some minutes, to download and compile; later ones take less than one.\n\n")
	if err := d.progress.step("start local AWS", func(io.Writer) error {
		d.aws, err = local.Start(ctx, ".")
		return err
	}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.aws.Stop()) }()

	if err := d.deploy(ctx); err != nil {
		return err
	}
	if err := d.ask(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nAll of it took %.0f s.\n", time.Since(begin).Seconds())
	return d.tellMore()
}

// deploy brings the shop's data and the app to the local AWS.
func (d *demo) deploy(ctx context.Context) error {
	connectionFile, dependencies := filepath.Join(d.directory, "connection.json"), filepath.Join(d.directory, "dependencies")
	steps := []struct {
		title string
		do    func(out io.Writer) error
	}{
		{"make the shop's database", func(io.Writer) error { return writeShop(ctx, connectionFile, dependencies) }},
		{"build the program that asks", func(out io.Writer) error {
			return d.command(ctx, out, "go", "build", "-o", d.program(), "./cmd/defog").Run()
		}},
		{"bootstrap the account for the CDK", func(out io.Writer) error { return d.aws.Bootstrap(ctx, out) }},
		{"deploy the query function with `cdk deploy`", func(out io.Writer) error {
			return d.aws.Deploy(ctx, out,
				"-c", "app_name="+appName,
				"-c", "connection_file="+connectionFile,
				"-c", "generator=golden",
				"-c", "function_source_dependencies_zip="+dependencies)
		}},
	}
	for _, step := range steps {
		if err := d.progress.step(step.title, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	return nil
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

// ask asks the question twice with the program that operators use: for people,
// then for programs.
func (d *demo) ask(ctx context.Context) error {
	fmt.Fprintf(d.out, "\nThe question: %s\n\n", d.question)
	first, err := d.defog(ctx, "ask", "-c", "app_name="+appName, "--", d.question)
	if err != nil {
		return err
	}
	fmt.Fprint(d.out, "\nThe answer as an application gets it:\n\n")
	second, err := d.defog(ctx, "ask", "-c", "app_name="+appName, "--json", "--", d.question)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nThe first answer took %.2f s, as the function had to start, the second %.2f s.\n",
		first.Seconds(), second.Seconds())
	return nil
}

// defog runs the operator's program, which says itself what went wrong.
func (d *demo) defog(ctx context.Context, arguments ...string) (time.Duration, error) {
	begin := time.Now()
	if err := d.command(ctx, d.out, d.program(), arguments...).Run(); err != nil {
		if d.progress.verbose {
			fmt.Fprintf(d.out, "The end of the local AWS's log:\n%s\n", d.aws.Log())
		}
		return 0, errors.New("the question was not answered")
	}
	return time.Since(begin), nil
}

func (d *demo) program() string { return filepath.Join(d.directory, "defog") }

// command prepares a program that works with the local AWS.
func (d *demo) command(ctx context.Context, out io.Writer, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = d.aws.Environ(os.Environ())
	command.Stdout, command.Stderr = out, out
	return command
}

// tellMore says how to go on.
func (d *demo) tellMore() error {
	pairs, err := shop.Pairs()
	if err != nil {
		return err
	}
	pairs = slices.DeleteFunc(pairs, func(p shop.Pair) bool { return p.Question == d.question })
	fmt.Fprint(d.out, "\nSome other questions that the demo knows (local/demo/shop/golden.json has all):\n")
	for _, pair := range pairs[:5] {
		fmt.Fprintf(d.out, "  %s\n", pair.Question)
	}
	another := pairs[0].Question
	if !d.keep {
		fmt.Fprintf(d.out, "\nTo ask one:\n  make demo Q=\"%s\"\n", another)
		return nil
	}
	pid, err := d.aws.Keep()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, `
The local AWS stays up. To ask it:

%s
go run ./cmd/defog ask -c app_name=%s "%s"

To stop it:

kill %d
`, d.aws.Exports(), appName, another, pid)
	return nil
}
