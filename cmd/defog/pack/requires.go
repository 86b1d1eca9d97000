package pack

import (
	"regexp"
	"strings"
)

// require is what a package, or the requirements, want of another.
type require struct {
	name      string
	specifier string // its versions: >=1.0,<2
	extra     bool   // only for an extra of the package
}

var (
	requireParts = regexp.MustCompile(`^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$`)
	extraMarker  = regexp.MustCompile(`\bextra\s*==`)
	upperBound   = regexp.MustCompile(`(^|,)\s*(<|==|~=|===)`)
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

// bounded reports whether newer or other versions than the given ones are ruled
// out.
func (r require) bounded() bool { return upperBound.MatchString(r.specifier) }
