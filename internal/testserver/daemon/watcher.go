package daemon

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"syscall"
)

// cleanup waits for the end of its input, then stops the server whose process
// id is in the file $2, if one still runs there, and removes the directory $1.
const cleanup = `
read -r _
if pid=$(head -n 1 "$2" 2>/dev/null); then
	kill -QUIT "$pid"
	kill -CONT "$pid"
	while kill -0 "$pid"; do sleep 0.1; done
fi 2>/dev/null
rm -rf "$1"
`

// watcher is a shell that outlives the test process for as long as it takes to
// clean up. The end of the test process, however it comes, closes its input.
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

// finish has the directory removed, and returns when it is.
func (w *watcher) finish() error {
	return errors.Join(w.input.Close(), w.process.Wait())
}
