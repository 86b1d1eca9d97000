package pack

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// require is a requirement of a package or of a requirements file.
type require struct {
	name      string
	specifier string // its versions: >=1.0,<2
	extra     bool   // only for an extra of the package
}

var (
	requireParts = regexp.MustCompile(`^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$`)
	extraMarker  = regexp.MustCompile(`\bextra\s*==`)
	clause       = regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)\s*([0-9A-Za-z.*+!_-]+)$`)
)

func (d *distribution) requires() (requires []require) {
	for _, line := range d.metadata["Requires-Dist"] {
		if r, ok := parseRequire(line); ok {
			requires = append(requires, r)
		}
	}
	return requires
}

func parseRequire(line string) (require, bool) {
	parts := requireParts.FindStringSubmatch(line)
	if parts == nil {
		return require{}, false
	}
	return require{
		name:      normalise(parts[1]),
		specifier: strings.TrimSpace(parts[2]),
		extra:     extraMarker.MatchString(parts[3]),
	}, true
}

// inRuntime reports whether every version of the SDK in Lambda's runtimes, now and
// later, meets the requirement on boto3 or botocore. They
// do not meet one that excludes newer versions, or that asks for newer ones than
// all runtimes have.
func (r require) inRuntime() bool {
	runtime := runtimeSDK
	if r.name == "s3transfer" {
		runtime = runtimeTransfer
	}
	for part := range strings.SplitSeq(r.specifier, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		parts := clause.FindStringSubmatch(part)
		if parts == nil {
			return false
		}
		order := compareVersions(parts[2], runtime)
		switch parts[1] {
		case ">=":
			if order > 0 {
				return false
			}
		case ">", "!=":
			if order >= 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// compareVersions compares the numbers of two versions.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if order := cmp.Compare(number(as, i), number(bs, i)); order != 0 {
			return order
		}
	}
	return 0
}

// number returns the leading number of a part of a version, 0 for none.
func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	digits := parts[i][:len(parts[i])-len(strings.TrimLeft(parts[i], "0123456789"))]
	n, _ := strconv.Atoi(digits) // no digits are 0
	return n
}
