package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"defog-cdk/internal/testserver/runtimeapi"
)

// tick is the unit of times in /proc on Linux.
const tick = 10 * time.Millisecond

// usage is time of processors.
type usage struct {
	functions, postgres time.Duration
	benchmark           time.Duration // with the generator and the runtime API
}

func (u usage) since(before usage) usage {
	return usage{u.functions - before.functions, u.postgres - before.postgres, u.benchmark - before.benchmark}
}

func (u usage) total() time.Duration { return u.functions + u.postgres + u.benchmark }

// measureUsage returns what the functions, PostgreSQL and this process have used.
func measureUsage(functions []*runtimeapi.Function, postmaster int) (usage, error) {
	var u usage
	for _, f := range functions {
		p, err := readProcess(strconv.Itoa(f.Process().Pid))
		if err != nil {
			return u, err
		}
		u.functions += p.used
	}
	ids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return u, fmt.Errorf("list the processes: %w", err)
	}
	for _, id := range ids {
		p, err := readProcess(filepath.Base(id))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return u, err
		}
		if p.id == postmaster || p.parent == postmaster {
			u.postgres += p.used
		}
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return u, fmt.Errorf("measure this process: %w", err)
	}
	u.benchmark = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	return u, nil
}

type process struct {
	id, parent int
	used       time.Duration
}

// readProcess reads /proc/‹id›/stat. The fields follow the program's name in brackets.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func readProcess(id string) (p process, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", id, "stat"))
	if err != nil {
		return p, fmt.Errorf("measure process %s: %w", id, err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return p, fmt.Errorf("measure process %s: got %q", id, text)
	}
	var user, system int
	for _, number := range []struct {
		text  string
		value *int
	}{{id, &p.id}, {fields[1], &p.parent}, {fields[11], &user}, {fields[12], &system}} {
		if *number.value, err = strconv.Atoi(number.text); err != nil {
			return p, fmt.Errorf("measure process %s: %w", id, err)
		}
	}
	p.used = time.Duration(user+system) * tick
	return p, nil
}
