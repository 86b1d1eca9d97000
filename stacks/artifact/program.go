package artifact

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is a program for Lambda that a background compiler makes: loading the
// CDK takes seconds, longer than the compiler.
type Program struct {
	directory string
	done      chan struct{}
	err       error
}

// source determines a program's bytes and its file's name.
type source struct {
	pkg          string // the main package
	tags         string // for the compiler
	architecture string // Lambda's name of it
	file         string
}

// bootstrap is the name of the program that provided runtimes start.
const bootstrap = "bootstrap"

// wrapper is the name of the program that starts a managed runtime.
const wrapper = "hydrate"

// querySource is the query function with the one driver that db_type requires.
// The tag minicore_disabled leaves out Snowflake's native library, which
// collects usage data. features are the tags of optional parts.
func querySource(architecture, dbType string, features ...string) source {
	tags := append([]string{"lambda.norpc", "minicore_disabled", "onedriver", dbType}, features...)
	return source{"defog-cdk/lambda/query", strings.Join(tags, ","), architecture, bootstrap}
}

// The build tags of optional parts: the Model Context Protocol, and the clients that
// long questions need.
const (
	mcpTag   = "mcp"
	asyncTag = "async"
)

func hydrateSource(architecture, file string) source {
	return source{"defog-cdk/lambda/hydrate", "lambda.norpc", architecture, file}
}

// CompileQuery starts to compile the query function. The program's bytes do not
// depend on the checkout's folder. The end of ctx stops the compiler.
func CompileQuery(ctx context.Context, architecture, dbType string) *Program {
	return start(ctx, querySource(architecture, dbType))
}

// ProgramIn returns a program that is compiled already. Remove deletes the
// folder.
func ProgramIn(directory string) *Program {
	program := &Program{directory: directory, done: make(chan struct{})}
	close(program.done)
	return program
}

func start(ctx context.Context, from source) *Program {
	return background(func() (string, error) { return compile(ctx, from) })
}

// background starts to make a program.
func background(produce func() (directory string, err error)) *Program {
	program := &Program{done: make(chan struct{})}
	go func() {
		defer close(program.done)
		program.directory, program.err = produce()
	}()
	return program
}

// Directory waits for the compiler and returns the folder that holds the
// program.
func (p *Program) Directory() (string, error) {
	<-p.done
	return p.directory, p.err
}

// Remove deletes the folder. It may be called on nil.
func (p *Program) Remove() error {
	if p == nil {
		return nil
	}
	<-p.done
	return os.RemoveAll(p.directory)
}

func compile(ctx context.Context, from source) (directory string, err error) {
	directory, err = os.MkdirTemp("", "defog-function-")
	if err != nil {
		return "", fmt.Errorf("compile %s: %w", from.pkg, err)
	}
	// go run caches linked programs and go build does not: an unchanged source
	// links nothing. -exec cp copies the program instead of running it.
	command := exec.CommandContext(ctx, "go", "run",
		"-trimpath", "-buildvcs=false",
		"-tags", from.tags,
		"-ldflags", "-s -w",
		"-exec", "cp",
		from.pkg, filepath.Join(directory, from.file))
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goArchitecture(from.architecture), "CGO_ENABLED=0")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return directory, fmt.Errorf("compile %s (%s): %w\n%s", from.pkg, strings.Join(command.Args, " "), err, output.String())
	}
	// Lambda runs the program as another user, whatever the umask of this one is.
	return directory, os.Chmod(filepath.Join(directory, from.file), 0o755) //nolint:gosec // see above
}

// goArchitecture returns Go's name for a Lambda architecture.
func goArchitecture(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}
