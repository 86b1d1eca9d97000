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

// Code is the query function's program, compiled in the background: the CDK
// takes seconds to load, which is longer than the compiler needs.
type Code struct {
	directory string
	done      chan struct{}
	err       error
}

// Compile starts building the query function for the settings' architecture
// with the one driver that db_type needs. The result is the same, byte by
// byte, wherever the checkout is. The end of ctx stops the compiler.
func Compile(ctx context.Context, settings config.Config) *Code {
	code := &Code{done: make(chan struct{})}
	go func() {
		defer close(code.done)
		code.directory, code.err = compile(ctx, settings.Architecture, settings.Connection.DBType)
	}()
	return code
}

// Directory waits for the compiler and returns the folder that holds the
// program as "bootstrap", the name that provided runtimes start.
func (c *Code) Directory() (string, error) {
	<-c.done
	return c.directory, c.err
}

// Remove deletes the folder.
func (c *Code) Remove() error {
	<-c.done
	return os.RemoveAll(c.directory)
}

func compile(ctx context.Context, architecture, dbType string) (directory string, err error) {
	directory, err = os.MkdirTemp("", "defog-function-")
	if err != nil {
		return "", fmt.Errorf("compile the function: %w", err)
	}
	// Go keeps the programs that it runs, but not those that it builds: as long
	// as nothing has changed, there is nothing to link, and cp is the program
	// that "runs" it.
	command := exec.CommandContext(ctx, "go", "run",
		"-trimpath", "-buildvcs=false",
		"-tags", "lambda.norpc,onedriver,"+dbType,
		"-ldflags", "-s -w",
		"-exec", "cp",
		"defog-cdk/lambda/query", filepath.Join(directory, "bootstrap"))
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goArchitecture(architecture), "CGO_ENABLED=0")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return directory, fmt.Errorf("compile the function (%s): %w\n%s", strings.Join(command.Args, " "), err, output.String())
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
