package pack

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// interpreter is a CPython on this machine.
type interpreter struct {
	program string
	version string // major and minor
}

const whichPython = `import sys; print(sys.implementation.name, "%d.%d" % sys.version_info[:2], sys.executable)`

// inspectInterpreter returns the interpreter behind a program. A program that does
// not run, such as a shim of pyenv, or that is not CPython, is an error.
func inspectInterpreter(ctx context.Context, program string) (interpreter, error) {
	output, err := exec.CommandContext(ctx, program, "-I", "-c", whichPython).Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("run %s: %w", program, err)
	}
	parts := strings.SplitN(strings.TrimSpace(string(output)), " ", 3)
	if len(parts) != 3 || parts[0] != "cpython" || parts[2] == "" {
		return interpreter{}, fmt.Errorf("%s is not CPython", program)
	}
	return interpreter{program: parts[2], version: parts[1]}, nil
}

// findInterpreter returns a Python of the target's version, or otherwise one of
// another version. One version of Python cannot load the .pyc of another.
func (o *Options) findInterpreter(ctx context.Context, version string) (interpreter, error) {
	if o.Interpreter != "" {
		found, err := inspectInterpreter(ctx, o.Interpreter)
		if err == nil && found.version != version {
			err = fmt.Errorf("%s is Python %s; want Python %s", o.Interpreter, found.version, version)
		}
		if err != nil {
			return found, fmt.Errorf("--interpreter: %w", err)
		}
		return found, nil
	}
	var any interpreter
	for _, program := range o.candidates(version) {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		found, err := inspectInterpreter(ctx, program)
		switch {
		case ctx.Err() != nil:
			return found, ctx.Err()
		case err != nil:
			continue
		case found.version == version:
			return found, nil
		case any.program == "":
			any = found
		}
	}
	if any.program == "" {
		return any, errors.New("no Python 3 is on the PATH; want python3, which installs the packages")
	}
	return any, nil
}

func (o *Options) candidates(version string) (programs []string) {
	folders := filepath.SplitList(o.Machine.Path)
	for _, folder := range folders {
		programs = append(programs, filepath.Join(folder, "python"+version))
	}
	if o.Machine.Pyenv != "" {
		// Glob fails only for a malformed pattern.
		installed, _ := filepath.Glob(filepath.Join(o.Machine.Pyenv, "versions", version+".*", "bin", "python"+version))
		programs = append(programs, installed...)
	}
	for _, name := range []string{"python3", "python"} {
		for _, folder := range folders {
			programs = append(programs, filepath.Join(folder, name))
		}
	}
	return programs
}
