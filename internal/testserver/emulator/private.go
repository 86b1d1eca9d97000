package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// Private lists file systems that are mounted for one function alone.
type Private struct {
	Temporary      string // folder with a file system of TemporaryBytes
	TemporaryBytes int64
	Extension      string // program that becomes the only external extension, in /opt/extensions
}

// mounts takes the folder, its size and the extension, and then a command. The
// extension is opened before /opt is hidden, which may contain it.
const mounts = `set -e
[ -z "$1" ] || mount -t tmpfs -o "size=$2" tmpfs "$1"
[ -z "$3" ] || {
	exec 3<"$3"
	mount -t tmpfs tmpfs /opt
	mkdir /opt/extensions
	cat <&3 >/opt/extensions/extension
	exec 3<&-
	chmod 755 /opt/extensions/extension
}
shift 3
exec "$@"`

// command returns a command that mounts the file systems and then runs its further
// arguments, or nothing without any file systems.
func (p Private) command() []string {
	if p == (Private{}) {
		return nil
	}
	return []string{"/bin/sh", "-c", mounts, "sh", p.Temporary, strconv.FormatInt(p.TemporaryBytes, 10), p.Extension}
}

// CanMount returns the reason why this system permits no private file systems, or nil.
func CanMount(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "defog-mount-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	p := Private{Temporary: folder, TemporaryBytes: 1 << 20, Extension: "/dev/null"}
	command := append(p.command(), "true")
	probe := exec.CommandContext(ctx, command[0], command[1:]...)
	probe.SysProcAttr = &syscall.SysProcAttr{}
	p.isolate(probe.SysProcAttr)
	if out, runErr := probe.CombinedOutput(); runErr != nil {
		err = fmt.Errorf("mount file systems in a namespace: %w: %s", runErr, out)
	}
	return errors.Join(err, os.Remove(folder))
}
