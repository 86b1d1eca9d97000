//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

func group(command *exec.Cmd, signal syscall.Signal) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, signal) }
}

func interrupt(command *exec.Cmd) {
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
}
