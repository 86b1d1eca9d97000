// Package process ends programs that defog starts, on each operating system.
package process

import (
	"os/exec"
	"syscall"
)

// Group makes the end of the command's context send the signal to the command and to
// all processes that it starts.
func Group(command *exec.Cmd, signal syscall.Signal) { group(command, signal) }

// Interrupt makes the end of the command's context interrupt the command, which can
// then remove its partial files.
func Interrupt(command *exec.Cmd) { interrupt(command) }
