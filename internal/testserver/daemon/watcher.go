package daemon

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"syscall"
)

// cleanup waits for the end of its input. It then stops the server with the process
// id in the file $2, if it runs, and removes the directory $1.
const cleanup = "read -r _\n" +
	"pid=$(head -n 1 \"$2\" 2>/dev/null) && {\n" +
	" kill -QUIT \"$pid\"\n" +
	" kill -CONT \"$pid\"\n" +
	" while kill -0 \"$pid\"; do sleep 0.1; done\n" +
	"} 2>/dev/null\n" +
	"rm -rf \"$1\"\n"

// watcher is a shell that outlives the test process until it has cleaned up. The
// end of the test process closes its input.
type watcher struct {
	process *exec.Cmd
	input   io.Closer
}

func watch(directory, pidFile string) (*watcher, error) {
	process := exec.CommandContext(context.Background(), "/bin/sh", "-c", cleanup, "sh", directory, pidFile)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	return &watcher{process: process, input: input}, nil
}

// finish waits until the shell has removed the directory.
func (w *watcher) finish() error {
	return errors.Join(w.input.Close(), w.process.Wait())
}
