package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"defog-cdk/internal/environ"
)

// searched says which of the folder's own folders a runtime looks for what,
// those of a Lambda layer and the folder itself for packages that are there
// without one.
var searched = []struct {
	variable string
	below    []string // patterns
}{
	{"PATH", []string{"bin"}},
	{"LD_LIBRARY_PATH", []string{"lib"}},
	{pythonPath, []string{"python/lib/‹python›/site-packages", "python", "."}},
	{"NODE_PATH", []string{"nodejs/node_modules", "node_modules"}},
	{"RUBYLIB", []string{"ruby/lib"}},
	{"GEM_PATH", []string{"ruby/gems/*"}},
}

const pythonPath = "PYTHONPATH"

// environment returns the variables with the folder's paths added to them,
// behind what is there already: what the function brings itself comes first.
func environment(variables []string, folder string) []string {
	values := map[string]string{}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	values[environ.DependenciesFolder] = folder

	version := pythonVersion(values)
	for _, s := range searched {
		var paths []string
		if value := values[s.variable]; value != "" {
			paths = append(paths, value)
		} else if s.variable == pythonPath {
			paths = existing("/opt", version, []string{"python/lib/‹python›/site-packages", "python"})
		}
		paths = append(paths, existing(folder, version, s.below)...)
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

// existing returns the folders below root that are there.
func existing(root, python string, patterns []string) []string {
	var found []string
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(filepath.Join(root, strings.ReplaceAll(pattern, "‹python›", python))) // no pattern here is malformed
		for _, match := range matches {
			if info, err := os.Stat(match); err == nil && info.IsDir() {
				found = append(found, match)
			}
		}
	}
	return found
}

var pythonName = regexp.MustCompile(`python\d+\.\d+`)

// pythonVersion is as python3.12, or a pattern for any where Lambda does not
// say.
func pythonVersion(values map[string]string) string {
	if name := pythonName.FindString(values["AWS_EXECUTION_ENV"]); name != "" {
		return name
	}
	return "python*"
}
