package pack

import (
	"context"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// simple returns a shelf with a package, one that requires it, and one that exists
// only as source.
func simple(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t)
	s.wheel(t, "upper", "1.0", "py3-none-any", map[string]string{"upper/__init__.py": "import lower\nNAMES = {'a', 'b', 'c', None}\n"}, "Requires-Dist: lower>=1")
	s.wheel(t, "lower", "1.0", "py3-none-any", map[string]string{"lower.py": "def f(x):\n    return x in {'p', 'q', 'r'}\n"})
	s.source(t, "sourced", "1.0", "py3-none-any")
	return s
}

func TestPackedPackagesCanBeImported(t *testing.T) {
	o := simple(t).options(t, "upper\nsourced\n")
	report := run(t, o)
	if report.Dependencies != nil || report.Dist.Path != filepath.Join(o.DistDir, "function_dist.zip") {
		t.Errorf("got %+v and %+v, want all in the dist", report.Dist, report.Dependencies)
	}
	if got := names(t, o.DistDir); !slices.Equal(got, []string{"function_dist.zip", "function_sbom.cdx.json"}) {
		t.Errorf("got %v", got)
	}
	folder := extract(t, report.Dist.Path)
	if got := python(t, folder, "import upper, handler, sourced; print(handler.handler(5, None), sourced.built)"); got != "5 True" {
		t.Errorf("got %s", got)
	}
}

func TestPythonLoadsBytecodeWithoutItsSource(t *testing.T) {
	report := run(t, simple(t).options(t, "upper\n"))
	folder := extract(t, report.Dist.Path)
	for _, name := range []string{"upper/__init__.py", "lower.py", "handler.py"} {
		write(t, filepath.Join(folder, name), "raise Exception('compiled anew')\n")
	}
	code := "import upper, lower, handler; print(lower.f('q'), lower.f.__code__.co_filename == lower.__file__)"
	if got := python(t, folder, code); got != "True True" {
		t.Errorf("got %s", got)
	}
	if report.Compiled != 3 {
		t.Errorf("%d files compiled, want 3", report.Compiled)
	}
}

func TestSamePackagesResultInSameZips(t *testing.T) {
	s := simple(t)
	first := s.options(t, "upper\nsourced\n")
	second := s.options(t, "upper\nsourced\n")
	first.Lean, second.Lean = true, true
	t.Setenv("UV_CACHE_DIR", t.TempDir())
	one := run(t, first)
	old := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(second.Handler, old, old); err != nil {
		t.Fatal(err)
	}
	t.Setenv("UV_CACHE_DIR", t.TempDir())
	other := run(t, second)
	for _, path := range [][2]string{
		{one.Dist.Path, other.Dist.Path}, {one.Dependencies.Path, other.Dependencies.Path}, {one.SBOM, other.SBOM}, {one.Lock, other.Lock},
	} {
		if diff := cmp.Diff(read(t, path[0]), read(t, path[1])); diff != "" {
			t.Errorf("%s differs from %s", path[0], path[1])
		}
	}
}

// TestBytecodeDoesNotDependOnOtherFiles compares two packages with an equal file.
func TestBytecodeDoesNotDependOnOtherFiles(t *testing.T) {
	s := newShelf(t)
	code := "def uncommon_name(): return ('uncommon_name', {'x', 'y', 'z'})\n"
	s.wheel(t, "alone", "1.0", "py3-none-any", map[string]string{"z.py": code})
	s.wheel(t, "crowd", "1.0", "py3-none-any", map[string]string{"a.py": "uncommon_name = x = y = 1\n", "b.py": code, "z.py": code})
	pyc := func(requirement string) string {
		for name, content := range members(t, run(t, s.options(t, requirement)).Dist.Path) {
			if strings.HasPrefix(name, "__pycache__/z.") {
				return content
			}
		}
		t.Fatal("got no .pyc of z.py")
		return ""
	}
	if pyc("alone") != pyc("crowd") {
		t.Error("other files change the .pyc of z.py")
	}
}

func TestRunRejectsLibrariesOfAnotherArchitecture(t *testing.T) {
	s := newShelf(t)
	s.wheel(t, "native", "2.0", "py3-none-any", map[string]string{
		"native/good.so":   library(t, elf.EM_X86_64),
		"native/bad.so":    library(t, elf.EM_AARCH64),
		"native/text.so.1": "no library",
	})
	fails(t, s.options(t, "native\n"),
		"want x86_64", "native/bad.so of native 2.0 is for EM_AARCH64", "native/text.so.1 of native 2.0 is not a library")
}

func TestErrorNamesPackagesWithoutAWheel(t *testing.T) {
	s := newShelf(t)
	for _, version := range []string{"1.0", "1.5"} {
		s.wheel(t, "native", version, "py3-none-manylinux2014_x86_64", nil)
	}
	for _, version := range []string{"2.0", "2.1"} {
		s.wheel(t, "native", version, "py3-none-manylinux2014_aarch64", nil)
	}
	s.source(t, "sourced", "1.0", "py3-none-any")
	s.wheel(t, "upper", "1.0", "py3-none-any", nil, "Requires-Dist: native<2", "Requires-Dist: sourced")
	o := s.options(t, "upper\n")
	o.Arch = "arm64"
	fails(t, o, "native 1.5", "versions that have one: 2.1, 2.0", "--arch x86_64")

	s.wheel(t, "windows", "1.0", "py3-none-win_amd64", nil)
	fails(t, s.options(t, "windows\n"), "windows (no version has one)")
}

func TestErrorNamesAMissingPackage(t *testing.T) {
	fails(t, newShelf(t).options(t, "absent\n"), "absent was not found")
}

func TestMarkersAreEvaluatedForTheTarget(t *testing.T) {
	s := newShelf(t)
	for _, name := range []string{"arm", "intel", "old", "new"} {
		s.wheel(t, name, "1.0", "py3-none-any", map[string]string{name + ".py": ""})
	}
	o := s.options(t, `arm; platform_machine == "aarch64"
intel; platform_machine == "x86_64"
old; python_version < "3.13"
new; python_version >= "3.13"
`)
	for _, test := range []struct{ arch, python, want string }{
		{"arm64", "3.13", "arm new"},
		{"x86_64", "3.12", "intel old"},
	} {
		o.Arch, o.Python, o.Interpreter = test.arch, test.python, ""
		o.Machine.Path = os.Getenv("PATH")
		var got []string
		for _, p := range run(t, o).Packages {
			if p.Name != "handler" {
				got = append(got, p.Name)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s, %s: -want +got:\n%s", test.arch, test.python, diff)
		}
	}
}

func TestAnotherPythonCompilesNoBytecode(t *testing.T) {
	o := simple(t).options(t, "upper\n")
	python := localPython(t)
	o.Python, o.Interpreter = "3.14", ""
	if python.version == "3.14" {
		o.Python = "3.13"
	}
	o.Machine.Path = filepath.Dir(python.program)
	report := run(t, o)
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "the zips hold no .pyc") {
		t.Errorf("got warnings %v", report.Warnings)
	}
	for name := range members(t, report.Dist.Path) {
		if strings.HasSuffix(name, ".pyc") {
			t.Errorf("got %s", name)
		}
	}
	o.Interpreter = python.program
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "want Python "+o.Python) {
		t.Errorf("got %v", err)
	}
}

func TestRunRejectsNativePackagesFromSource(t *testing.T) {
	s := newShelf(t)
	s.source(t, "compiled", "1.0", "cp"+strings.ReplaceAll(localPython(t).version, ".", "")+"-abi3-linux_x86_64")
	o := s.options(t, "compiled\n")
	o.Arch = "x86_64"
	if localArchitecture() != "x86_64" {
		t.Skip("uv rejects the wheel on this machine")
	}
	fails(t, o, "compiled 1.0: exists only as source and is not pure Python")
}

func TestRunReportsAllInvalidOptions(t *testing.T) {
	_, err := Run(t.Context(), Options{
		Requirements: "/nowhere/requirements.txt", Handler: "/nowhere/handler.py",
		Python: "2.7", Arch: "amd64", DistDir: t.TempDir(), Name: "../x", Keep: []string{"test"},
	})
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{"--requirements", "--handler", "--python", "3.12", "--arch", "arm64, x86_64", "--name", "--keep", "symbols"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestRunRejectsAHandlerWithASyntaxError(t *testing.T) {
	o := simple(t).options(t, "lower\n")
	write(t, o.Handler, "def handler(event, context) return\n")
	fails(t, o, "handler.py is not valid in Python")
}

func TestRunRejectsAHandlersFileThatAPackageHas(t *testing.T) {
	o := simple(t).options(t, "lower\n")
	o.Handler = filepath.Join(t.TempDir(), "lower.py")
	write(t, o.Handler, "")
	fails(t, o, "lower.py is also a file of the package lower")
}

func TestHandlerCanBeAFolder(t *testing.T) {
	o := simple(t).options(t, "lower\n")
	o.Handler = t.TempDir()
	write(t, filepath.Join(o.Handler, "handler.py"), "import part.of")
	write(t, filepath.Join(o.Handler, "part/of.py"), "")
	write(t, filepath.Join(o.Handler, "part/__pycache__/of.pyc"), "")
	write(t, filepath.Join(o.Handler, ".git/config"), "")
	write(t, filepath.Join(o.Handler, "dist/old.zip"), "")
	o.DistDir = filepath.Join(o.Handler, "dist")
	o.Lean = true
	if diff := cmp.Diff([]string{"handler.py", "part/of.py"}, sources(t, run(t, o).Dist.Path)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestErrorKeepsOldZips(t *testing.T) {
	s := simple(t)
	o := s.options(t, "lower\n")
	o.Lean = true
	report := run(t, o)
	before := names(t, o.DistDir)
	zip, lock := read(t, report.Dependencies.Path), read(t, report.Lock)

	s.wheel(t, "lower", "2.0", "py3-none-any", map[string]string{"lower.so": library(t, elf.EM_ARM)})
	o.Upgrade = true
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "lower.so") {
		t.Fatalf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.Upgrade = false
	o.Progress = func(about string) {
		if strings.HasPrefix(about, "Writing") {
			cancel()
		}
	}
	if _, err := Run(ctx, o); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, names(t, o.DistDir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if read(t, report.Dependencies.Path) != zip || read(t, report.Lock) != lock {
		t.Error("the old zip or lock file has changed")
	}
}

// TestRunRemovesAnOldDependenciesZip packs all packages into the dist zip the second
// time.
func TestRunRemovesAnOldDependenciesZip(t *testing.T) {
	o := simple(t).options(t, "lower\n")
	o.Lean = true
	run(t, o)
	o.Lean = false
	run(t, o)
	if diff := cmp.Diff([]string{"function_dist.zip", "function_sbom.cdx.json"}, names(t, o.DistDir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
