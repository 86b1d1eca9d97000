package pack

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Rule removes one kind of files that no function needs at run time. --keep with
// its name keeps them.
type Rule struct {
	Name  string
	About string // a phrase for the help text

	apply func(*tree) (notes []string, err error)
}

// Rules are all rules, in the order of their application.
var Rules = []Rule{
	{"tests", "folders called test or tests, and conftest.py, except modules that other code imports, such as numpy's _natype.py", stripTests},
	{"stubs", "type stubs (.pyi, py.typed), except those of packages that load them lazily (attach_stub)", stripStubs},
	{"headers", "C and Cython headers and sources, and static libraries, except numpy/f2py and files that the package's code names", stripHeaders},
	{"dist-info", "the installer's files in .dist-info: all except METADATA, entry_points.txt and top_level.txt", stripInfo},
	{"scripts", "bin/, the packages' command-line programs", stripScripts},
	{"runtime-sdk", "boto3, botocore and s3transfer, which Lambda's runtimes have, unless the requirements or a package (such as aiobotocore) need another version of one of them", stripSDK},
	{"symbols", "the symbols and debugging data of native libraries, except those in ‹package›.libs", stripSymbols},
}

// Stripped is the result of one rule.
type Stripped struct {
	Rule  string
	Files int
	Bytes int64
	Notes []string // the files that it kept, with the cause
}

// applyRules applies the rules that the options do not exclude.
func applyRules(t *tree, o *Options) ([]Stripped, error) {
	var done []Stripped
	files, bytes := t.size()
	for _, rule := range Rules {
		if o.keeps(rule.Name) {
			continue
		}
		notes, err := rule.apply(t)
		if err != nil {
			return nil, fmt.Errorf("remove %s: %w", rule.Name, err)
		}
		filesNow, bytesNow := t.size()
		done = append(done, Stripped{rule.Name, files - filesNow, bytes - bytesNow, notes})
		files, bytes = filesNow, bytesNow
	}
	if err := resetInterpreters(t); err != nil {
		return nil, fmt.Errorf("read the packages' programs: %w", err)
	}
	return done, nil
}

func (t *tree) size() (files int, bytes int64) {
	for _, d := range t.distributions {
		files += len(d.files)
		bytes += d.size()
	}
	return files, bytes
}

func (d *distribution) size() (bytes int64) {
	for _, f := range d.files {
		bytes += f.size
	}
	return bytes
}

// drop removes the packages' files for which a function returns true.
func (t *tree) drop(drop func(*distribution, *file) bool) {
	for _, d := range t.distributions {
		if d.handler {
			continue
		}
		d.files = slices.DeleteFunc(d.files, func(f *file) bool { return drop(d, f) })
	}
}

var testsFolder = regexp.MustCompile(`(^|/)tests?/`)

func isTest(name string) bool {
	return testsFolder.MatchString(name) || path.Base(name) == "conftest.py"
}

func stripTests(t *tree) ([]string, error) {
	needed, err := importedTests(t)
	if err != nil {
		return nil, err
	}
	t.drop(func(_ *distribution, f *file) bool { return isTest(f.path) && !needed[f.path] })
	var notes []string
	for _, d := range t.distributions {
		for _, f := range d.files {
			if isTest(f.path) && !d.handler {
				notes = append(notes, f.path+" stays: other code imports it")
			}
		}
	}
	return notes, nil
}

func stripStubs(t *tree) ([]string, error) {
	lazy := map[*distribution]bool{}
	err := t.python(func(d *distribution, _ *file, code []byte) {
		if strings.Contains(string(code), "attach_stub") {
			lazy[d] = true
		}
	})
	t.drop(func(d *distribution, f *file) bool {
		return (path.Ext(f.path) == ".pyi" || path.Base(f.path) == "py.typed") && !lazy[d]
	})
	return nil, err
}

var (
	headerName  = regexp.MustCompile(`\.(h|hh|hpp|hxx|cuh|inl|pxd|pxi|pyx|c|cc|cpp|cxx|f|f90|a)$`)
	headerInUse = regexp.MustCompile(`[\w.+-]+\.(?:h|hh|hpp|hxx|cuh|inl|pxd|pxi|pyx|c|cc|cpp|cxx|f|f90|a)\b`)
)

func stripHeaders(t *tree) ([]string, error) {
	named := map[*distribution]map[string]bool{}
	err := t.python(func(d *distribution, _ *file, code []byte) {
		for _, name := range headerInUse.FindAll(code, -1) {
			if named[d] == nil {
				named[d] = map[string]bool{}
			}
			named[d][string(name)] = true
		}
	})
	t.drop(func(d *distribution, f *file) bool {
		return headerName.MatchString(f.path) && !named[d][path.Base(f.path)] && !strings.HasPrefix(f.path, "numpy/f2py/")
	})
	return nil, err
}

func stripInfo(t *tree) ([]string, error) {
	t.drop(func(_ *distribution, f *file) bool {
		info, rest, _ := strings.Cut(f.path, "/")
		return strings.HasSuffix(info, ".dist-info") &&
			!slices.Contains([]string{"METADATA", "entry_points.txt", "top_level.txt"}, rest)
	})
	return nil, nil
}

var pythonLine = regexp.MustCompile(`^#!\S*python\S*`)

// resetInterpreters replaces the path of this machine's Python in kept programs.
func resetInterpreters(t *tree) error {
	return t.all(func(_ *distribution, f *file) error {
		if !strings.HasPrefix(f.path, "bin/") {
			return nil
		}
		content, err := f.read()
		if err == nil && pythonLine.Match(content) {
			f.change(pythonLine.ReplaceAll(content, []byte("#!/usr/bin/env python3")))
		}
		return err
	})
}

func stripScripts(t *tree) ([]string, error) {
	t.drop(func(_ *distribution, f *file) bool { return strings.HasPrefix(f.path, "bin/") })
	return nil, nil
}

// sdk are the packages of the AWS SDK for Python. Each requires narrow versions of
// the others, so they stay or go together.
var sdk = []string{"boto3", "botocore", "s3transfer"}

// runtimeSDK is a version of boto3 and botocore that Lambda's Python runtimes have
// reached. AWS updates them, each region at another time, and promises no version.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
const runtimeSDK = "1.40.4"

// runtimeTransfer is the version of s3transfer that belongs to [runtimeSDK].
const runtimeTransfer = "0.13.0"

// stripSDK removes the SDK, which Lambda's runtimes have, unless something requires
// a version that a runtime may not have. A part of the SDK in the zip would meet
// another version of the rest in the runtime, so all of it stays then.
func stripSDK(t *tree) ([]string, error) {
	var causes []string
	for _, name := range sdk {
		if version := t.wanted[name]; version != "" {
			causes = append(causes, fmt.Sprintf("the requirements ask for %s %s", name, version))
		}
	}
	for _, d := range t.distributions {
		if slices.Contains(sdk, d.name) {
			continue
		}
		for _, r := range d.requires() {
			if slices.Contains(sdk, r.name) && !r.extra && !r.inRuntime() {
				causes = append(causes, fmt.Sprintf("%s needs %s %s", d.name, r.name, r.specifier))
			}
		}
	}
	if len(causes) == 0 {
		t.drop(func(d *distribution, _ *file) bool { return slices.Contains(sdk, d.name) })
		t.distributions = slices.DeleteFunc(t.distributions, func(d *distribution) bool { return len(d.files) == 0 })
		return nil, nil
	}
	var kept []string
	for _, d := range t.distributions {
		if slices.Contains(sdk, d.name) {
			kept = append(kept, d.name)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	var notes []string
	for _, cause := range causes {
		notes = append(notes, fmt.Sprintf("%s stay: %s", strings.Join(kept, ", "), cause))
	}
	return notes, nil
}

func stripSymbols(t *tree) ([]string, error) {
	return nil, t.all(func(d *distribution, f *file) error {
		if d.handler || strings.Contains(f.path, ".libs/") || !libraryName.MatchString(f.path) {
			return nil
		}
		isELF, _, err := inspect(f)
		if err != nil || !isELF {
			return err
		}
		content, err := f.read()
		if err != nil {
			return err
		}
		if content, err = dropSymbols(content); err != nil {
			return err
		}
		f.change(content)
		return nil
	})
}

// python calls do with the source of each Python file.
func (t *tree) python(do func(*distribution, *file, []byte)) error {
	return t.all(func(d *distribution, f *file) error {
		if path.Ext(f.path) != ".py" {
			return nil
		}
		code, err := f.read()
		if err == nil {
			do(d, f, code)
		}
		return err
	})
}
