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

// compilation is the compilation of one file.
type compilation struct {
	*file
	owner  *distribution
	target string // path of the .pyc
}

// compile adds a .pyc beside each Python file of the distributions. Python loads it
// without a look at the source (unchecked); it is hash-based, because extraction
// changes the time of files.
//
// A handler with a syntax error is an error. Packages hold such files as templates
// or for other versions of Python, and nothing imports them.
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
	outputs := make([]string, runtime.GOMAXPROCS(0))
	for worker := range outputs {
		var list strings.Builder
		for i := worker; i < len(jobs); i += len(outputs) {
			fmt.Fprintf(&list, "%s\t%s\t%s\n", jobs[i].source, jobs[i].path, jobs[i].target)
		}
		group.Go(func() (err error) {
			outputs[worker], err = runCompiler(ctx, python, list.String())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, nil, fmt.Errorf("compile to .pyc: %w", err)
	}
	for line := range strings.Lines(strings.Join(outputs, "")) {
		name, cause, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for _, f := range handler.files {
			if f.path == name {
				return 0, nil, fmt.Errorf("--handler: %s is not valid in Python %s: %s", f.source, python.version, cause)
			}
		}
		notPython = append(notPython, name)
	}
	for _, job := range jobs {
		name := path.Join(path.Dir(job.path), "__pycache__", strings.TrimSuffix(path.Base(job.path), ".py")+"."+tag+".pyc")
		pyc, err := newFile(name, job.target)
		if errors.Is(err, os.ErrNotExist) {
			continue // the file is in notPython
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
	// The hashes of strings determine the order of sets in .pyc.
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
