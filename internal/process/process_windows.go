package process

import (
	"os/exec"
	"strconv"
	"syscall"
)

// Windows has no signals for another process. `taskkill` ends a process with those
// that it started.
func group(command *exec.Cmd, _ syscall.Signal) {
	command.Cancel = func() error {
		return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(command.Process.Pid)).Run() //nolint:noctx // the context has ended
	}
}

func interrupt(command *exec.Cmd) { group(command, syscall.SIGINT) }
