package emulator

import (
	"os"
	"syscall"
)

// isolate gives the process a mount namespace. Other users than root need a user
// namespace for it.
func (p Private) isolate(process *syscall.SysProcAttr) {
	if p == (Private{}) {
		return
	}
	process.Unshareflags |= syscall.CLONE_NEWNS // Go makes the mounts private
	if os.Geteuid() != 0 {
		process.Cloneflags |= syscall.CLONE_NEWUSER
		process.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		process.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
}
