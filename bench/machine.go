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

// machine describes what the numbers are of: machine, date and commit.
func machine(ctx context.Context) (string, error) {
	commit, err := git(ctx, "rev-parse", "--short=10", "HEAD")
	if err != nil {
		return "", err
	}
	changes, err := git(ctx, "status", "--porcelain", "--", ".", ":!"+page)
	if err != nil {
		return "", err
	}
	if changes != "" {
		commit += " with changes"
	}
	description := fmt.Sprintf("%d cores (%s, %s), %s, on %s, at commit %s",
		runtime.NumCPU(), processor(), runtime.GOOS+"/"+runtime.GOARCH, strings.Replace(runtime.Version(), "go", "Go ", 1),
		time.Now().UTC().Format("January 2, 2006"), commit)
	if load := load(); load != "" {
		description += ", with a load average of " + load + " at the start"
	}
	return description, nil
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
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
