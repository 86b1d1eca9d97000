// Package seed is the old way of answering questions, for comparison: the flow of
// Defog's app in Python, with the packages that it had.
package seed

import (
	"context"
	_ "embed"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed handler.py
var handler string

// What the Python function brings, and what Lambda's Python runtime does.
var (
	brought = []string{"pandas==3.1.1", "psycopg2-binary==2.9.13", "requests==2.34.2"}
	runtime = []string{"awslambdaric==4.2.2"}
)

// Python is the function, installed below .build.
type Python struct {
	Interpreter string
	Code        string // the function and what it brings, as its zip has it
	runtime     string // the runtime interface client
}

// Install installs the packages, unless an earlier run has.
func Install(ctx context.Context) (Python, error) {
	directory, err := filepath.Abs(filepath.Join(".build", "bench-seed"))
	if err != nil {
		return Python{}, fmt.Errorf("find .build: %w", err)
	}
	p := Python{
		Interpreter: filepath.Join(directory, "venv", "bin", "python"),
		Code:        filepath.Join(directory, "code"),
		runtime:     filepath.Join(directory, "runtime"),
	}
	done := filepath.Join(directory, "done")
	if _, err := os.Stat(done); err != nil {
		log.Print("installing pandas, psycopg2, requests and awslambdaric in .build/bench-seed")
		if err := p.install(ctx, directory); err != nil {
			return p, err
		}
	}
	if err := os.WriteFile(filepath.Join(p.Code, "handler.py"), []byte(handler), 0o644); err != nil {
		return p, fmt.Errorf("write handler.py: %w", err)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		return p, fmt.Errorf("mark the packages as installed: %w", err)
	}
	return p, nil
}

func (p Python) install(ctx context.Context, directory string) error {
	if err := os.RemoveAll(directory); err != nil {
		return fmt.Errorf("remove half an installation: %w", err)
	}
	// The function's own packages are not compiled: a zip that was packed
	// without .pyc files never gets any, for Lambda mounts it read-only.
	install := []string{p.Interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"}
	for _, command := range [][]string{
		{"python3", "-m", "venv", filepath.Dir(filepath.Dir(p.Interpreter))},
		append(append(install, "--no-compile", "--target", p.Code), brought...),
		append(append(install, "--target", p.runtime), runtime...),
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("install the Python function: %s: %w\n%s", command, err, out)
		}
	}
	return nil
}

// Command starts the function in Lambda's way.
func (p Python) Command() []string {
	return []string{p.Interpreter, "-m", "awslambdaric", "handler.handler"}
}

// Environment is that of the function, whose Python writes no .pyc files
// unless there is a folder for them.
func (p Python) Environment(base map[string]string, cache string) map[string]string {
	environment := map[string]string{
		"PYTHONPATH":       p.Code + string(os.PathListSeparator) + p.runtime,
		"LAMBDA_TASK_ROOT": p.Code,
	}
	if cache == "" {
		environment["PYTHONDONTWRITEBYTECODE"] = "1"
	} else {
		environment["PYTHONPYCACHEPREFIX"] = cache
	}
	for name, value := range base {
		environment[name] = value
	}
	return environment
}
