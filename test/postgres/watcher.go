package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// cleanup waits for the end of its input, then stops the server whose
// directory is $1, if one still runs there, and removes the directory.
const cleanup = `
read -r _
if pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null); then
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

func watch(directory string) (*watcher, error) {
	process := exec.CommandContext(context.Background(), "/bin/sh", "-c", cleanup, "sh", directory)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("watch over PostgreSQL: %w", err)
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("watch over PostgreSQL: %w", err)
	}
	return &watcher{process: process, input: input}, nil
}

// finish has the directory removed, and returns when it is.
func (w *watcher) finish() error {
	if err := errors.Join(w.input.Close(), w.process.Wait()); err != nil {
		return fmt.Errorf("remove PostgreSQL's directory: %w", err)
	}
	return nil
}
