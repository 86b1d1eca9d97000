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

// laden is a package with something for each rule, and what must stay near it.
func laden(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t)
	s.wheel(t, "laden", "1.0", "py3-none-any", map[string]string{
		"laden/__init__.py":         "from laden.core.tests._natype import (\n    pd_NA,\n)\nTEMPLATE = 'kernel.h'\n",
		"laden/core/__init__.py":    "",
		"laden/core/tests/_nat.py":  "",
		"laden/core/test_own.py":    "",
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
	"laden/__init__.py", "laden/core/__init__.py", "laden/core/test_own.py",
	"laden/core/tests/__init__.py", "laden/core/tests/_helper.py", "laden/core/tests/_natype.py",
	"laden/data.csv", "laden/kernel.h", "laden/native.so", "laden/sub/native.cpython-311-linux.so",
	"lazy-1.0.dist-info/METADATA", "lazy/__init__.py", "lazy/__init__.pyi",
	"numpy/f2py/src/fortranobject.c",
}

func TestRulesLeaveOutWhatTheySay(t *testing.T) {
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

func TestAnSDKThatAPackagePinsStays(t *testing.T) {
	s := laden(t)
	s.wheel(t, "aiobotocore", "1.0", "py3-none-any", map[string]string{"aiobotocore/__init__.py": ""},
		"Requires-Dist: botocore<1.5,>=1", `Requires-Dist: boto3<1.5,>=1; extra == "boto3"`)
	report := run(t, s.options(t, "aiobotocore\nboto3\n"))
	got := sources(t, report.Dist.Path)
	if !slices.Contains(got, "botocore/__init__.py") || slices.Contains(got, "boto3/__init__.py") {
		t.Errorf("got %v", got)
	}
	if notes := fmt.Sprint(report.Stripped); !strings.Contains(notes, "botocore stays: aiobotocore needs <1.5,>=1") {
		t.Errorf("got %s", notes)
	}
}

func TestAnSDKThatTheRequirementsWantStays(t *testing.T) {
	got := sources(t, run(t, laden(t).options(t, "boto3 >= 1.0 # newer than Lambda's\n")).Dist.Path)
	if !slices.Contains(got, "boto3/__init__.py") || slices.Contains(got, "botocore/__init__.py") {
		t.Errorf("got %v", got)
	}
}

// The handler's own files are the operator's to choose, and count where rules ask
// what code imports.
func TestNothingOfTheHandlerIsLeftOut(t *testing.T) {
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

// What --keep leaves in must not tell where it was packed.
func TestKeptScriptsAreTheSameOnEveryMachine(t *testing.T) {
	o := laden(t).options(t, "laden\n")
	o.Keep = []string{"scripts"}
	for name, content := range members(t, run(t, o).Dist.Path) {
		if strings.HasPrefix(name, "bin/") && !strings.HasPrefix(content, "#!/usr/bin/env python3\n") {
			t.Errorf("%s begins with %.40q", name, content)
		}
	}
}
