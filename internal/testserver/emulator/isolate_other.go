//go:build !linux

package emulator

import "syscall"

// isolate does nothing: the emulator requires Linux.
func (Private) isolate(*syscall.SysProcAttr) {}
