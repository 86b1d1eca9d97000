package pack

import (
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// platforms holds the wheel platform of each Python runtime of Lambda: wheels for a
// newer C library do not load. Up to 3.11, runtimes have Amazon Linux 2 (glibc 2.26;
// the nearest platform of uv is manylinux2014 with glibc 2.17). Newer runtimes have
// Amazon Linux 2023 (glibc 2.34).
var platforms = map[string]string{
	"3.10": "manylinux2014",
	"3.11": "manylinux2014",
	"3.12": "manylinux_2_34",
	"3.13": "manylinux_2_34",
	"3.14": "manylinux_2_34",
}

// architectures holds Lambda's architectures by their names there.
var architectures = map[string]architecture{
	"arm64":  {platform: "aarch64", machine: elf.EM_AARCH64},
	"x86_64": {platform: "x86_64", machine: elf.EM_X86_64},
}

type architecture struct {
	platform string // the name in wheels and in uv
	machine  elf.Machine
}

// target is the platform of the packages.
type target struct {
	python string // major and minor version
	arch   string // Lambda's name
}

func newTarget(python, arch string) (target, []error) {
	var problems []error
	if _, ok := platforms[python]; !ok {
		problems = append(problems, fmt.Errorf("--python: %q is not a runtime of Lambda; want one of: %s",
			python, strings.Join(slices.Sorted(maps.Keys(platforms)), ", ")))
	}
	if _, ok := architectures[arch]; !ok {
		problems = append(problems, fmt.Errorf("--arch: %q is not an architecture of Lambda; want one of: %s",
			arch, strings.Join(slices.Sorted(maps.Keys(architectures)), ", ")))
	}
	return target{python: python, arch: arch}, problems
}

// other returns the target with the other architecture.
func (t target) other() target {
	if t.arch == "arm64" {
		return target{t.python, "x86_64"}
	}
	return target{t.python, "arm64"}
}

// platform returns uv's name of the target.
func (t target) platform() string {
	return architectures[t.arch].platform + "-" + platforms[t.python]
}

func (t target) machine() elf.Machine { return architectures[t.arch].machine }

func (t target) String() string { return fmt.Sprintf("Python %s on %s", t.python, t.arch) }

// flags returns uv's flags for the target.
func (t target) flags() []string {
	return []string{"--python-version", t.python, "--python-platform", t.platform()}
}
