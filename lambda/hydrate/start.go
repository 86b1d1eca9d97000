package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"defog-cdk/internal/environ"
)

// start becomes the command. It returns only when that is impossible.
func start(command, environment []string) error {
	for _, variable := range environment { // a program may come with the dependencies
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			if err := os.Setenv("PATH", path); err != nil {
				return fmt.Errorf("set PATH: %w", err)
			}
		}
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("start the function: %w: check %s", err, environ.FunctionCommand)
	}
	if err := syscall.Exec(program, command, environment); err != nil { //nolint:gosec // the operator says what to start
		return fmt.Errorf("start the function: %s: %w: check that it is a program for this processor", program, err)
	}
	return nil
}
