// Program bench runs every benchmark below it, one after the other, and writes
// docs/benchmarks.md from their output. Run it on a machine that does nothing else.
//
//	go run ./bench
//
// With -short it runs a short form of each to show that it works, in a few minutes. The
// numbers then mean nothing, and no page is written.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"text/template"
	"time"
)

const page = "docs/benchmarks.md"

//go:embed benchmarks.md.tmpl
var pageTemplate string

// benchmark is one run of a program.
type benchmark struct {
	command string // after go run ./bench/; the page names it
	short   string // the same in its short form
}

// The page refers to a benchmark by its command.
var benchmarks = []benchmark{
	{"size -databases postgres,mysql,sqlite", "size -databases sqlite"},
	{"synth -rounds 3", "synth -rounds 1"},
	{"synth -stacks -rounds 1", "synth -stacks -rounds 1"},
	{"synth -pipeline -rounds 1", "synth -pipeline -rounds 1"},
	{"coldstart -rounds 5", "coldstart -rounds 1"},
	{"request", "request -rounds 50"},
	{"load", "load -environments 1,4 -questions 40"},
	{"dependencies", "dependencies -scale 0.02 -rounds 1"},
	{"questions", "questions"},
	{"fanout", "fanout -items 64 -killed 1000 -chunks 0"},
}

func main() {
	log.SetFlags(0)
	short := flag.Bool("short", false, "run the short form of each, and write no page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *short)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, short bool) error {
	if !short {
		if err := install(ctx); err != nil {
			return err
		}
	}
	where := machine(ctx)
	log.Print(where)
	outputs := map[string]string{}
	for i, b := range benchmarks {
		command := b.command
		if short {
			command = b.short
		}
		log.Printf("\n[%d/%d] go run ./bench/%s", i+1, len(benchmarks), command)
		began := time.Now()
		output, err := output(ctx, command)
		if err != nil {
			return fmt.Errorf("bench/%s: %w", command, err)
		}
		log.Printf("%s(%s)", output, time.Since(began).Round(time.Second))
		outputs[b.command] = output
	}
	text, err := render(where, outputs)
	if err != nil || short {
		return err
	}
	return os.WriteFile(page, text, 0o644)
}

// install installs podpac, which the last benchmark needs.
func install(ctx context.Context) error {
	target := exec.CommandContext(ctx, "make", ".build/podpac-client/installed")
	target.Cancel = func() error { return target.Process.Signal(syscall.SIGTERM) } // make passes this on
	target.Stdout, target.Stderr = os.Stderr, os.Stderr
	if err := target.Run(); err != nil {
		return fmt.Errorf("install podpac: %w", err)
	}
	return nil
}

// output runs a benchmark and returns what it prints, which is Markdown.
func output(ctx context.Context, command string) (string, error) {
	program := exec.CommandContext(ctx, "go", append([]string{"run"}, strings.Fields("./bench/"+command)...)...)
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	program.Stderr = os.Stderr
	text, err := program.Output()
	if err == nil && len(bytes.TrimSpace(text)) == 0 {
		err = fmt.Errorf("it printed no result")
	}
	return string(text), err
}

// render fills the page. It is an error if the page leaves a benchmark out.
func render(where string, outputs map[string]string) ([]byte, error) {
	used := map[string]bool{}
	result := func(command string) (string, error) {
		output, ok := outputs[command]
		if !ok {
			return "", fmt.Errorf("the page has the result of %q, but it is not a benchmark", command)
		}
		used[command] = true
		return "```sh\ngo run ./bench/" + command + "\n```\n\n" + strings.TrimSpace(output), nil
	}
	parsed, err := template.New(page).Funcs(template.FuncMap{"result": result}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, map[string]string{"Machine": where}); err != nil {
		return nil, err
	}
	for command := range outputs {
		if !used[command] {
			return nil, fmt.Errorf("the page lacks the result of %q", command)
		}
	}
	return text.Bytes(), nil
}
