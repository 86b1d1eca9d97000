package pack

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

//go:embed compile.py
var compileScript string

// compilation is one file's.
type compilation struct {
	*file
	owner  *distribution
	target string // where its .pyc will be
}

// compile adds a .pyc beside each Python file of the distributions. It needs no
// look at the source (unchecked) and names it by its hash instead of its time,
// which extraction changes.
//
// A handler that is no Python is an error; in packages there are such files, as
// templates or for other versions, and nothing imports them.
func compile(ctx context.Context, python interpreter, scratch string, distributions []*distribution, handler *distribution) (files int, notPython []string, err error) {
	tag := "cpython-" + strings.ReplaceAll(python.version, ".", "")
	var jobs []compilation
	for _, d := range append(distributions[:len(distributions):len(distributions)], handler) {
		for _, f := range d.files {
			if path.Ext(f.path) == ".py" && !strings.ContainsAny(f.path+f.source, "\t\n") {
				jobs = append(jobs, compilation{f, d, filepath.Join(scratch, fmt.Sprintf("%d.pyc", len(jobs)))})
			}
		}
	}
	var group errgroup.Group
	said := make([]string, runtime.GOMAXPROCS(0))
	for worker := range said {
		var list strings.Builder
		for i := worker; i < len(jobs); i += len(said) {
			fmt.Fprintf(&list, "%s\t%s\t%s\n", jobs[i].source, jobs[i].path, jobs[i].target)
		}
		group.Go(func() (err error) {
			said[worker], err = runCompiler(ctx, python, list.String())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, nil, fmt.Errorf("compile to .pyc: %w", err)
	}
	for line := range strings.Lines(strings.Join(said, "")) {
		name, why, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for _, f := range handler.files {
			if f.path == name {
				return 0, nil, fmt.Errorf("--handler: %s is no Python %s: %s", f.source, python.version, why)
			}
		}
		notPython = append(notPython, name)
	}
	for _, job := range jobs {
		name := path.Join(path.Dir(job.path), "__pycache__", strings.TrimSuffix(path.Base(job.path), ".py")+"."+tag+".pyc")
		pyc, err := newFile(name, job.target)
		if errors.Is(err, os.ErrNotExist) {
			continue // one of notPython
		}
		if err != nil {
			return 0, nil, fmt.Errorf("compile to .pyc: %w", err)
		}
		pyc.executable = false
		job.owner.files = append(job.owner.files, pyc)
		files++
	}
	return files, notPython, nil
}

func runCompiler(ctx context.Context, python interpreter, list string) (string, error) {
	command := exec.CommandContext(ctx, python.program, "-X", "utf8", "-s", "-c", compileScript)
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "PYTHON") })
	// The order of sets in .pyc is that of their strings' hashes.
	command.Env = append(command.Env, "PYTHONHASHSEED=0")
	command.Stdin = strings.NewReader(list)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}
