package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed handler.py
var handler string

// packages are what Lambda's Python runtime brings.
var packages = []string{"awslambdaric==4.2.2", "boto3==1.43.106", "botocore==1.43.106"}

// python is Lambda's runtime, installed below .build.
type python struct{ interpreter string }

// installPython installs the packages, unless an earlier run has.
func installPython(ctx context.Context) (python, error) {
	directory, err := filepath.Abs(filepath.Join(".build", "bench-dependencies"))
	if err != nil {
		return python{}, fmt.Errorf("find .build: %w", err)
	}
	p := python{interpreter: filepath.Join(directory, "bin", "python")}
	done := filepath.Join(directory, "done")
	if _, err := os.Stat(done); err == nil {
		return p, nil
	}
	fmt.Println("Installing awslambdaric and boto3 in .build/bench-dependencies")
	if err := os.RemoveAll(directory); err != nil {
		return p, fmt.Errorf("remove half an installation: %w", err)
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", directory},
		append([]string{p.interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"}, packages...),
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return p, fmt.Errorf("install the Python runtime: %s: %w\n%s", command, err, out)
		}
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		return p, fmt.Errorf("mark the packages as installed: %w", err)
	}
	return p, nil
}
