package pack

import (
	"path"
	"regexp"
	"strings"
)

// importLine matches import statements, on one line or with names in brackets on
// several lines.
var importLine = regexp.MustCompile(`(?m)^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([\w., \t]+))`)

// importedTests returns the files in folders of tests that other code imports, and
// the files that those import. For example, numpy.testing imports pd_NA from
// numpy._core.tests._natype.
func importedTests(t *tree) (map[string]bool, error) {
	paths := t.paths()
	needed := map[string]bool{}
	var queue []string
	visit := func(f *file, code []byte) {
		for _, name := range imports(f.path, code) {
			for _, found := range modules(paths, name) {
				if isTest(found) && !needed[found] {
					needed[found] = true
					queue = append(queue, found)
				}
			}
		}
	}
	err := t.python(func(_ *distribution, f *file, code []byte) {
		if !isTest(f.path) {
			visit(f, code)
		}
	})
	for err == nil && len(queue) > 0 {
		f := paths[queue[0]]
		queue = queue[1:]
		var code []byte
		if code, err = f.read(); err == nil {
			visit(f, code)
		}
	}
	return needed, err
}

// imports returns the dotted names in a file's import statements, with relative
// names resolved. It omits names without "test".
func imports(file string, code []byte) (names []string) {
	if !isTest(file) && !strings.Contains(string(code), "test") {
		return nil // the regular expression would take most of the time
	}
	for _, match := range importLine.FindAllStringSubmatch(string(code), -1) {
		for _, name := range strings.Split(match[3], ",") { // import a.tests.b as c
			if fields := strings.Fields(name); len(fields) > 0 {
				names = append(names, fields[0])
			}
		}
		if match[1] == "" {
			continue
		}
		from := absolute(file, match[1])
		for _, name := range strings.Split(strings.Trim(match[2], "()"), ",") { // from a.tests import b as c
			if fields := strings.Fields(name); len(fields) > 0 {
				names = append(names, from+"."+fields[0])
			}
		}
		names = append(names, from)
	}
	kept := names[:0]
	for _, name := range names {
		if strings.Contains(name, "test") {
			kept = append(kept, name)
		}
	}
	return kept
}

// absolute resolves a name with leading dots in a file.
func absolute(file, name string) string {
	dots := len(name) - len(strings.TrimLeft(name, "."))
	if dots == 0 {
		return name
	}
	folder := path.Dir(file)
	for range dots - 1 {
		folder = path.Dir(folder)
	}
	return strings.Trim(strings.ReplaceAll(folder, "/", ".")+"."+name[dots:], ".")
}

// modules returns the files of a dotted name: the module's file and those of its
// packages.
func modules(paths map[string]*file, name string) (files []string) {
	folder := ""
	for _, part := range strings.Split(name, ".") {
		folder = path.Join(folder, part)
		for _, candidate := range []string{folder + ".py", folder + "/__init__.py"} {
			if paths[candidate] != nil {
				files = append(files, candidate)
			}
		}
	}
	return files
}
