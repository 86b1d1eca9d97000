package local

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// Persist keeps the state in a folder. A Start with the folder of another continues from
// it, at the same address. An empty address is a free port.
//
// MiniStack writes objects of S3 at once, and everything else at Shutdown. What runs at
// an end is lost: functions, and executions of state machines.
func Persist(directory, address string) Option {
	return func(a *AWS) error {
		directory, err := filepath.Abs(directory)
		if err != nil {
			return fmt.Errorf("persist the state: %w", err)
		}
		if address != "" {
			a.endpoint.Host = address
		}
		a.options = append(a.options, "PERSIST_STATE=1", "S3_PERSIST=1",
			"STATE_DIR="+filepath.Join(directory, "state"), "S3_DATA_DIR="+filepath.Join(directory, "s3"))
		return nil
	}
}

// Address returns the host and port of the endpoint.
func (a *AWS) Address() string { return a.endpoint.Host }

// Shutdown ends the local AWS, which persists its state first.
func (a *AWS) Shutdown() error {
	// MiniStack leads its process group.
	if err := syscall.Kill(a.group, syscall.SIGTERM); err != nil {
		return fmt.Errorf("shut local AWS down: %w", err)
	}
	<-a.done
	a.exit = nil // the supervisor takes every end of MiniStack for a failure
	return nil
}
