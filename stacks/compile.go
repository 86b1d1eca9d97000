package stacks

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"defog-cdk/config"
)

// Code is a program for Lambda, compiled in the background: the CDK takes seconds
// to load, which is longer than the compiler needs.
type Code struct {
	directory string
	done      chan struct{}
	err       error
}

// program is what decides a program's bytes.
type program struct {
	source       string // the main package
	tags         string // for the compiler
	architecture string // Lambda's name of it
	file         string // the name that it gets
}

// bootstrap is the name of the program that provided runtimes start.
const bootstrap = "bootstrap"

// queryProgram is the query function with the one driver that db_type needs.
// Snowflake's would bring a library of its own along, in machine code, to count
// who uses it.
func queryProgram(conf config.Config) program {
	return program{"defog-cdk/lambda/query", "lambda.norpc,minicore_disabled,onedriver," + conf.Connection.DBType, conf.Architecture, bootstrap}
}

// Compile starts building the query function. The result is the same, byte by
// byte, wherever the checkout is. The end of ctx stops the compiler.
func Compile(ctx context.Context, settings config.Config) *Code {
	return build(ctx, queryProgram(settings))
}

func build(ctx context.Context, wanted program) *Code {
	code := &Code{done: make(chan struct{})}
	go func() {
		defer close(code.done)
		code.directory, code.err = compile(ctx, wanted)
	}()
	return code
}

// Directory waits for the compiler and returns the folder that holds the
// program.
func (c *Code) Directory() (string, error) {
	<-c.done
	return c.directory, c.err
}

// Remove deletes the folder.
func (c *Code) Remove() error {
	if c == nil {
		return nil
	}
	<-c.done
	return os.RemoveAll(c.directory)
}

func compile(ctx context.Context, wanted program) (directory string, err error) {
	directory, err = os.MkdirTemp("", "defog-function-")
	if err != nil {
		return "", fmt.Errorf("compile %s: %w", wanted.source, err)
	}
	// Go keeps the programs that it runs, but not those that it builds: as long
	// as nothing has changed, there is nothing to link, and cp is the program
	// that "runs" it.
	command := exec.CommandContext(ctx, "go", "run",
		"-trimpath", "-buildvcs=false",
		"-tags", wanted.tags,
		"-ldflags", "-s -w",
		"-exec", "cp",
		wanted.source, filepath.Join(directory, wanted.file))
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goArchitecture(wanted.architecture), "CGO_ENABLED=0")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return directory, fmt.Errorf("compile %s (%s): %w\n%s", wanted.source, strings.Join(command.Args, " "), err, output.String())
	}
	return directory, nil
}

// goArchitecture is Go's name for a Lambda architecture.
func goArchitecture(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}
