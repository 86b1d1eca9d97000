package pack

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Rule is a kind of thing that packages bring and that nothing needs at run time.
// --keep with its name leaves it in.
type Rule struct {
	Name  string
	About string

	apply func(*tree) (notes []string, err error)
}

// Rules in the order in which they are applied.
var Rules = []Rule{
	{"tests", "folders called test or tests, and conftest.py, but for modules in them that other code imports, as numpy's _natype.py", stripTests},
	{"stubs", "type stubs (.pyi, py.typed), but for those of packages that load them lazily (attach_stub)", stripStubs},
	{"headers", "C and Cython headers and sources, and static libraries, but for numpy/f2py and files that the package's own code names", stripHeaders},
	{"dist-info", "the installers' files in .dist-info: all but METADATA, entry_points.txt and top_level.txt", stripInfo},
	{"scripts", "bin/, the packages' command-line programs", stripScripts},
	{"runtime-sdk", "boto3, botocore and s3transfer, which Lambda's runtimes have, but for those of which a package (as aiobotocore does) or the requirements want a version of their own", stripSDK},
	{"symbols", "the symbols and debugging data of native libraries, but for those in ‹package›.libs", stripSymbols},
}

// Stripped is what a rule left out.
type Stripped struct {
	Rule  string
	Files int
	Bytes int64
	Notes []string // what it left in, and why
}

// strip applies the rules that are not kept.
func strip(t *tree, o *Options) ([]Stripped, error) {
	var done []Stripped
	files, bytes := t.size()
	for _, rule := range Rules {
		if o.keeps(rule.Name) {
			continue
		}
		notes, err := rule.apply(t)
		if err != nil {
			return nil, fmt.Errorf("leave out %s: %w", rule.Name, err)
		}
		filesNow, bytesNow := t.size()
		done = append(done, Stripped{rule.Name, files - filesNow, bytes - bytesNow, notes})
		files, bytes = filesNow, bytesNow
	}
	if err := unplace(t); err != nil {
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

// drop takes the packages' files out of which drop says so.
func (t *tree) drop(drop func(*distribution, *file) bool) {
	for _, d := range t.distributions {
		if d.own {
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
			if isTest(f.path) && !d.own {
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

// unplace takes the place of this machine's Python out of programs that stay.
func unplace(t *tree) error {
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

var sdk = []string{"boto3", "botocore", "s3transfer"}

// stripSDK leaves the SDK to the runtime. Its version there is Lambda's choice, so
// that a package which sets an upper bound gets the one that it asks for.
func stripSDK(t *tree) ([]string, error) {
	var notes []string
	needed := map[string]bool{}
	for _, name := range sdk {
		if version := t.wanted[name]; version != "" {
			needed[name] = true
			notes = append(notes, fmt.Sprintf("%s stays: the requirements ask for %s", name, version))
		}
	}
	for _, d := range t.distributions {
		if slices.Contains(sdk, d.name) {
			continue
		}
		for _, r := range d.requires() {
			if slices.Contains(sdk, r.name) && r.bounded() && !r.extra {
				needed[r.name] = true
				notes = append(notes, fmt.Sprintf("%s stays: %s needs %s", r.name, d.name, r.specifier))
			}
		}
	}
	t.drop(func(d *distribution, _ *file) bool { return slices.Contains(sdk, d.name) && !needed[d.name] })
	t.distributions = slices.DeleteFunc(t.distributions, func(d *distribution) bool { return len(d.files) == 0 })
	return notes, nil
}

func stripSymbols(t *tree) ([]string, error) {
	return nil, t.all(func(d *distribution, f *file) error {
		if d.own || strings.Contains(f.path, ".libs/") || !libraryName.MatchString(f.path) {
			return nil
		}
		is, _, err := inspect(f)
		if err != nil || !is {
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

// python calls do with the code of each Python file.
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
