package main

import (
	_ "embed"
	"fmt"
	"path/filepath"

	"defog-cdk/internal/testserver/daemon"
)

//go:embed handler.py
var handler string

// findPython returns the interpreter that `make setup` has given Lambda's
// runtime client and boto3.
func findPython() (interpreter string, err error) {
	checkout, err := daemon.Checkout()
	if err != nil {
		return "", err
	}
	environment := filepath.Join(checkout, ".venv")
	for _, name := range []string{"awslambdaric", "boto3"} {
		if found, err := filepath.Glob(filepath.Join(environment, "lib", "python*", "site-packages", name)); err != nil || len(found) == 0 {
			return "", fmt.Errorf("find %s: it is not in %s: run `make setup`", name, environment)
		}
	}
	return filepath.Join(environment, "bin", "python3"), nil
}
