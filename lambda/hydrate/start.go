package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"defog-cdk/internal/environ"
)

// start replaces the process with command. It returns only on an error.
func start(command, environment []string) error {
	for _, variable := range environment { // the dependencies may hold the program
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			if err := os.Setenv("PATH", path); err != nil {
				return fmt.Errorf("set PATH: %w", err)
			}
		}
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("start the function: %w: check %s", err, environ.FunctionCommand)
	}
	if err := syscall.Exec(program, command, environment); err != nil { //nolint:gosec // the operator configures the command
		return fmt.Errorf("start the function: %s: %w: check that the program is built for this architecture", program, err)
	}
	return nil
}

// searchPaths lists the search path variables of the runtimes, each with the
// folders that Lambda's runtimes search in a layer. For Python packages and
// node_modules it adds the top level of the dependencies.
var searchPaths = []struct {
	variable string
	patterns []string // below the folder
}{
	{"PATH", []string{"bin"}},
	{"LD_LIBRARY_PATH", []string{"lib"}},
	{pythonPath, []string{"python/lib/‹python›/site-packages", "python", "."}},
	{"NODE_PATH", []string{"nodejs/node_modules", "node_modules"}},
	{"RUBYLIB", []string{"ruby/lib"}},
	{"GEM_PATH", []string{"ruby/gems/*"}},
}

const pythonPath = "PYTHONPATH"

// environment returns variables with the folder's paths appended to the search
// paths. The function's packages precede those of the dependencies.
func environment(variables []string, folder string) []string {
	values := map[string]string{}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	values[environ.DependenciesFolder] = folder

	version := pythonVersion(values)
	for _, s := range searchPaths {
		var paths []string
		if value := values[s.variable]; value != "" {
			paths = append(paths, value)
		} else if s.variable == pythonPath {
			paths = existing("/opt", version, []string{"python/lib/‹python›/site-packages", "python"})
		}
		paths = append(paths, existing(folder, version, s.patterns)...)
		if runtime := values["LAMBDA_RUNTIME_DIR"]; s.variable == pythonPath && values[pythonPath] == "" && runtime != "" {
			paths = append(paths, runtime)
		}
		if len(paths) > 0 {
			values[s.variable] = strings.Join(paths, string(os.PathListSeparator))
		}
	}
	var result []string
	for name, value := range values {
		result = append(result, name+"="+value)
	}
	slices.Sort(result)
	return result
}

// existing returns the folders below root that match the patterns.
func existing(root, python string, patterns []string) []string {
	var found []string
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(filepath.Join(root, strings.ReplaceAll(pattern, "‹python›", python))) // the patterns are constants
		for _, match := range matches {
			if info, err := os.Stat(match); err == nil && info.IsDir() {
				found = append(found, match)
			}
		}
	}
	return found
}

var pythonName = regexp.MustCompile(`python\d+\.\d+`)

// pythonVersion returns the runtime's version, such as python3.12, or a pattern
// for all versions if the environment lacks it.
func pythonVersion(values map[string]string) string {
	if name := pythonName.FindString(values["AWS_EXECUTION_ENV"]); name != "" {
		return name
	}
	return "python*"
}
