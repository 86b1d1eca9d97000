package pack

import (
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lambda's runtimes for Python and the C library that each has: wheels for a
// newer one do not load. Up to 3.11 they run on Amazon Linux 2 (glibc 2.26, for
// which manylinux2014 with its 2.17 is the nearest platform that uv knows), later
// ones on Amazon Linux 2023 (glibc 2.34).
var platforms = map[string]string{
	"3.10": "manylinux2014",
	"3.11": "manylinux2014",
	"3.12": "manylinux_2_34",
	"3.13": "manylinux_2_34",
	"3.14": "manylinux_2_34",
}

// Lambda's architectures by Lambda's name.
var architectures = map[string]architecture{
	"arm64":  {platform: "aarch64", machine: elf.EM_AARCH64},
	"x86_64": {platform: "x86_64", machine: elf.EM_X86_64},
}

type architecture struct {
	platform string // as wheels and uv call it
	machine  elf.Machine
}

// target is what the packages are for.
type target struct {
	python string // major and minor version
	arch   string // as Lambda calls it
}

func newTarget(python, arch string) (target, []error) {
	var problems []error
	if _, ok := platforms[python]; !ok {
		problems = append(problems, fmt.Errorf("--python: %q is no runtime of Lambda's; valid: %s",
			python, strings.Join(slices.Sorted(maps.Keys(platforms)), ", ")))
	}
	if _, ok := architectures[arch]; !ok {
		problems = append(problems, fmt.Errorf("--arch: %q is no architecture of Lambda's; valid: %s",
			arch, strings.Join(slices.Sorted(maps.Keys(architectures)), ", ")))
	}
	return target{python: python, arch: arch}, problems
}

// other is the same for the other architecture.
func (t target) other() target {
	if t.arch == "arm64" {
		return target{t.python, "x86_64"}
	}
	return target{t.python, "arm64"}
}

// platform is uv's name for it.
func (t target) platform() string {
	return architectures[t.arch].platform + "-" + platforms[t.python]
}

func (t target) machine() elf.Machine { return architectures[t.arch].machine }

func (t target) String() string { return fmt.Sprintf("Python %s on %s", t.python, t.arch) }

// flags tell uv about it.
func (t target) flags() []string {
	return []string{"--python-version", t.python, "--python-platform", t.platform()}
}
