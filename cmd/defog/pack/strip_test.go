package pack

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// laden returns a shelf with a package that has files for each rule, and files that
// must remain.
func laden(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t)
	s.wheel(t, "laden", "1.0", "py3-none-any", map[string]string{
		"laden/__init__.py":         "from laden.core.tests._natype import (\n    pd_NA,\n)\nTEMPLATE = 'kernel.h'\n",
		"laden/core/__init__.py":    "",
		"laden/core/tests/_nat.py":  "",
		"laden/core/test_code.py":   "",
		"laden/conftest.py":         "",
		"laden/test/data/large.bin": "x",

		"laden/core/tests/__init__.py": "",
		"laden/core/tests/_natype.py":  "from . import _helper\npd_NA = 1\n",
		"laden/core/tests/_helper.py":  "",
		"laden/core/tests/test_a.py":   "from ._natype import pd_NA",

		"laden/core/api.pyi": "",
		"laden/py.typed":     "",
		"laden/api.h":        "",
		"laden/fast.pyx":     "",
		"laden/libfast.a":    "",
		"laden/kernel.h":     "",
		"laden/data.csv":     "",

		"laden-1.0.dist-info/entry_points.txt":  "[console_scripts]\nladen = laden:main\n",
		"laden-1.0.dist-info/top_level.txt":     "laden\n",
		"laden-1.0.dist-info/licenses/LICENSE":  "",
		"laden-1.0.data/scripts/laden-tool":     "#!python\n",
		"laden/__pycache__/x.cpython-311.pyc":   "old",
		"numpy/f2py/src/fortranobject.c":        "",
		"numpy/f2py/tests/not_needed.py":        "",
		"lazily/__init__.pyi":                   "",
		"laden/native.so":                       library(t, elf.EM_X86_64),
		"laden/sub/native.cpython-311-linux.so": library(t, elf.EM_X86_64),
	})
	s.wheel(t, "lazy", "1.0", "py3-none-any", map[string]string{
		"lazy/__init__.py":  "import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)\n",
		"lazy/__init__.pyi": "from . import x\n",
	})
	s.wheel(t, "botocore", "1.0", "py3-none-any", map[string]string{"botocore/__init__.py": ""})
	s.wheel(t, "boto3", "1.0", "py3-none-any", map[string]string{"boto3/__init__.py": ""}, "Requires-Dist: botocore<2,>=1")
	return s
}

var always = []string{
	"handler.py",
	"laden-1.0.dist-info/METADATA", "laden-1.0.dist-info/entry_points.txt", "laden-1.0.dist-info/top_level.txt",
	"laden/__init__.py", "laden/core/__init__.py", "laden/core/test_code.py",
	"laden/core/tests/__init__.py", "laden/core/tests/_helper.py", "laden/core/tests/_natype.py",
	"laden/data.csv", "laden/kernel.h", "laden/native.so", "laden/sub/native.cpython-311-linux.so",
	"lazy-1.0.dist-info/METADATA", "lazy/__init__.py", "lazy/__init__.pyi",
	"numpy/f2py/src/fortranobject.c",
}

func TestRulesRemoveTheirFiles(t *testing.T) {
	s := laden(t)
	for keep, want := range map[string][]string{
		"":            nil,
		"tests":       {"laden/conftest.py", "laden/core/tests/_nat.py", "laden/core/tests/test_a.py", "laden/test/data/large.bin", "numpy/f2py/tests/not_needed.py"},
		"stubs":       {"laden/core/api.pyi", "laden/py.typed", "lazily/__init__.pyi"},
		"headers":     {"laden/api.h", "laden/fast.pyx", "laden/libfast.a"},
		"dist-info":   {"laden-1.0.dist-info/RECORD", "laden-1.0.dist-info/WHEEL", "laden-1.0.dist-info/licenses/LICENSE", "lazy-1.0.dist-info/RECORD", "lazy-1.0.dist-info/WHEEL"},
		"scripts":     {"bin/laden", "bin/laden-tool"},
		"runtime-sdk": {"boto3-1.0.dist-info/METADATA", "boto3/__init__.py", "botocore-1.0.dist-info/METADATA", "botocore/__init__.py"},
		"symbols":     nil,
	} {
		t.Run(keep, func(t *testing.T) {
			o := s.options(t, "laden\nlazy\nboto3\n")
			if keep != "" {
				o.Keep = []string{keep}
			}
			report := run(t, o)
			if diff := cmp.Diff(slices.Sorted(slices.Values(slices.Concat(always, want))), sources(t, report.Dist.Path)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(report.Stripped) != len(Rules)-len(o.Keep) {
				t.Errorf("got %+v", report.Stripped)
			}
		})
	}
}

func TestSDKStaysIfAPackagePinsAPart(t *testing.T) {
	s := laden(t)
	s.wheel(t, "aiobotocore", "1.0", "py3-none-any", map[string]string{"aiobotocore/__init__.py": ""},
		"Requires-Dist: botocore<1.5,>=1", `Requires-Dist: boto3<1.5,>=1; extra == "boto3"`)
	report := run(t, s.options(t, "aiobotocore\nboto3\n"))
	checkSDK(t, report, true)
	if notes := fmt.Sprint(report.Stripped); !strings.Contains(notes, "boto3, botocore stay: aiobotocore needs botocore <1.5,>=1") {
		t.Errorf("got %s", notes)
	}
}

func TestSDKStaysIfTheRequirementsPinAPart(t *testing.T) {
	s := laden(t)
	s.wheel(t, "newer", "1.0", "py3-none-any", map[string]string{"newer.py": ""}, "Requires-Dist: boto3>=0.9")
	for requirements, stays := range map[string]bool{
		"boto3\n":                                  false,
		"newer\n":                                  false,
		"boto3 >= 1.0 # newer than Lambda's\n":     true,
		"boto3==1.0\n":                             true,
		"boto3\nbotocore==1.0\n":                   true,
		"boto3\n-c constraints.txt\n":              true,
		"boto3\n-r more.txt\n":                     true,
		"./botocore-1.0-py3-none-any.whl\nboto3\n": true,
		"botocore @ file:botocore-1.0-py3-none-any.whl\nboto3\n": true,
	} {
		o := s.options(t, requirements)
		folder := filepath.Dir(o.Requirements)
		write(t, filepath.Join(folder, "constraints.txt"), "botocore<1.5\n")
		write(t, filepath.Join(folder, "more.txt"), "botocore~=1.0\n")
		write(t, filepath.Join(folder, "botocore-1.0-py3-none-any.whl"), read(t, filepath.Join(s.folder, "botocore-1.0-py3-none-any.whl")))
		t.Run(requirements, func(t *testing.T) { checkSDK(t, run(t, o), stays) })
	}
}

// checkSDK checks that all of the SDK stays, or none of it.
func checkSDK(t *testing.T, report *Report, stays bool) {
	t.Helper()
	got := sources(t, report.Dist.Path)
	for _, name := range []string{"boto3/__init__.py", "botocore/__init__.py"} {
		if slices.Contains(got, name) != stays {
			t.Errorf("%s: got %t, want %t, in %v", name, !stays, stays, got)
		}
	}
}

func TestRequirementsThatEveryRuntimeMeets(t *testing.T) {
	for requirement, want := range map[string]bool{
		"boto3": true, "boto3>=1.28.0": true, "botocore>=1.40.4": true, "boto3>=1.40.5": false, "boto3>=1.41": false, "boto3>1.40.3": true,
		"boto3>1.40.4": false, "boto3<2": false, "botocore>=1.35.16,<1.35.24": false, "boto3==1.40.4": false, "boto3~=1.40": false,
		"botocore!=1.36.0": true, "botocore!=1.45.0": false, "s3transfer>=0.10": true, "s3transfer>=0.14": false, "boto3===1": false,
		"boto3 (>=1.20)": true, "boto3>=1.20; python_version>'3.8'": true,
	} {
		r, ok := parseRequire(requirement)
		if got := r.inRuntime(); !ok || got != want {
			t.Errorf("%s: got %t, want %t", requirement, got, want)
		}
	}
}

// TestRulesKeepTheHandler has a handler with files of tests, and with an import of a
// package's tests.
func TestRulesKeepTheHandler(t *testing.T) {
	o := laden(t).options(t, "laden\n")
	o.Handler, o.Lean = t.TempDir(), true
	write(t, filepath.Join(o.Handler, "handler.py"), "import laden.core.tests.test_a")
	write(t, filepath.Join(o.Handler, "tests/data.h"), "")
	report := run(t, o)
	if diff := cmp.Diff([]string{"handler.py", "tests/data.h"}, sources(t, report.Dist.Path)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := sources(t, report.Dependencies.Path); !slices.Contains(got, "laden/core/tests/test_a.py") {
		t.Errorf("got %v", got)
	}
}

func TestKeptScriptsHaveNoLocalPath(t *testing.T) {
	o := laden(t).options(t, "laden\n")
	o.Keep = []string{"scripts"}
	for name, content := range members(t, run(t, o).Dist.Path) {
		if strings.HasPrefix(name, "bin/") && !strings.HasPrefix(content, "#!/usr/bin/env python3\n") {
			t.Errorf("%s begins with %.40q", name, content)
		}
	}
}
