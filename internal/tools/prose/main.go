// Command prose runs the prose linter, Vale, over Markdown, Go comments,
// settings' docs, error and log messages, names of tests, and comments of
// scripts. It prints each violation as file:line: message, and exits with 1 if
// there is one.
//
// It extracts the prose of each file to a Markdown file in a temporary folder. It
// translates the lines that Vale reports to those of the source.
//
//	prose -vale "go run …" [file or folder …]
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	vale := flag.String("vale", "vale", "the command that starts Vale, with its arguments")
	flag.Parse()
	findings, err := lint(strings.Fields(*vale), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(2)
	}
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		fmt.Fprintf(os.Stderr, "prose: %d findings\n", len(findings))
		os.Exit(1)
	}
}

// skipped holds folders without prose of the project.
var skipped = []string{".git", ".build", ".venv", ".vale", "node_modules", "cdk.out", "testdata"}

func lint(vale, paths []string) ([]finding, error) {
	files, err := list(paths)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file with prose; want a file or folder of the repository", strings.Join(paths, " "))
	}
	folder, err := os.MkdirTemp("", "prose")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)

	var findings []finding
	var arguments []string
	extracts := map[string]*extract{}
	for i, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		extracted := &extract{path: path}
		switch filepath.Ext(path) {
		case ".md":
			extracted.text = markdownText(source)
		case ".go":
			var names []finding
			if extracted.text, names, err = goText(path, source); err != nil {
				return nil, err
			}
			findings = slices.Concat(findings, fileName(path), names)
		default:
			extracted.text = hashText(source)
		}
		if len(extracted.text.lines) == 0 {
			continue
		}
		findings = append(findings, sentences(path, extracted.text)...)
		name := filepath.Join(folder, fmt.Sprintf("%04d.md", i))
		if err := os.WriteFile(name, []byte(extracted.text.String()), 0o600); err != nil {
			return nil, err
		}
		extracts[name] = extracted
		arguments = append(arguments, name)
	}
	reported, err := run(vale, arguments, extracts)
	if err != nil {
		return nil, err
	}
	findings = append(findings, reported...)
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.message, b.message))
	})
	return slices.Compact(findings), nil
}

type extract struct {
	path string
	text *text
}

// run starts Vale on the files. Vale exits with 1 if it has findings.
func run(vale, files []string, extracts map[string]*extract) ([]finding, error) {
	if len(files) == 0 {
		return nil, nil
	}
	arguments := slices.Concat(vale[1:], []string{"--output=JSON"}, files)
	command := exec.Command(vale[0], arguments...) //nolint:noctx // a signal ends both
	var output, faults bytes.Buffer
	command.Stdout, command.Stderr = &output, &faults
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	var alerts map[string][]struct {
		Line           int
		Check, Message string
	}
	if invalid := json.Unmarshal(output.Bytes(), &alerts); invalid != nil {
		return nil, fmt.Errorf("vale: %w\n%s%s", errors.Join(err, invalid), output.String(), faults.String())
	}
	var findings []finding
	for name, list := range alerts {
		for _, alert := range list {
			path, line := name, alert.Line
			if extracted := extracts[name]; extracted != nil {
				path, line = extracted.path, extracted.text.source(line)
			}
			findings = append(findings, finding{path, line, fmt.Sprintf("%s (%s)", alert.Message, alert.Check)})
		}
	}
	return findings, nil
}

// list returns the files with prose that the paths name or contain.
func list(paths []string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	for _, path := range paths {
		err := filepath.WalkDir(strings.TrimSuffix(path, "/..."), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains(skipped, entry.Name()):
				return filepath.SkipDir
			case entry.Type().IsRegular() && prose(path):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// prose reports whether the linter reads a file.
func prose(path string) bool {
	switch filepath.Ext(path) {
	case ".md", ".go", ".sh", ".py", ".yml", ".yaml", ".toml":
		return true
	case "":
		return filepath.Base(path) == "Makefile" || filepath.Base(filepath.Dir(path)) == ".ci"
	}
	return false
}
