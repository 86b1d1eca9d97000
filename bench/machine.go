package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine returns the machine, the date and the commit of the results.
func machine(ctx context.Context) string {
	description := fmt.Sprintf("%d cores (%s, %s), %s, on %s, at commit %s",
		runtime.NumCPU(), processor(), runtime.GOOS+"/"+runtime.GOARCH, strings.Replace(runtime.Version(), "go", "Go ", 1),
		time.Now().UTC().Format("January 2, 2006"), commit(ctx))
	if load := load(); load != "" {
		description += ", load average " + load + " at the start"
	}
	return description
}

// commit names the commit of the checkout, if it is a repository.
func commit(ctx context.Context) string {
	hash, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		return "(unknown)"
	}
	changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ".", ":!"+page).Output()
	name := strings.TrimSpace(string(hash))
	if err != nil || len(changes) > 0 {
		name += " with changes"
	}
	return name
}

// processor returns the processor's name, where Linux has it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown processor"
}

// load returns the number of busy processes in the last minute, where Linux has it.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}
