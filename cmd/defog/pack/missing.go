package pack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxNamed is the number of versions that an error names.
const maxNamed = 5

// explain replaces uv's explanation by the missing wheels. It names the packages
// without a wheel for the target, and their versions with one. It also reports
// whether the other architecture has them all.
func (r *resolver) explain(ctx context.Context, failed *uvError) error {
	without := failed.withoutWheels()
	if len(without) == 0 {
		return fmt.Errorf("resolve the requirements for %s: %s", r.target, failed.output)
	}
	other := r.target.other()
	pins, _, err := r.pin(ctx, other, nil)
	if _, ok := isUnresolved(err); err != nil && !ok {
		return err
	}
	var missing []string
	for _, name := range without {
		detail, err := r.missing(ctx, name, pinned(pins, name))
		if err != nil {
			return err
		}
		if detail != "" {
			missing = append(missing, detail)
		}
	}
	if len(missing) == 0 {
		return fmt.Errorf("no combination of versions has a wheel for %s of each package: %s", r.target, failed.output)
	}
	text := fmt.Sprintf("no wheel for %s: %s", r.target, strings.Join(missing, "; "))
	if pins != "" {
		text += fmt.Sprintf("; for %s all of them have one: use --arch %s", other.arch, other.arch)
	}
	return errors.New(text)
}

// missing returns the versions of a package with a wheel for the target, or "" if
// the pinned version has one. The pin is the version of the other architecture;
// without a pin, only a package with no wheel at all is missing.
func (r *resolver) missing(ctx context.Context, name, pin string) (string, error) {
	if pin != "" {
		_, found, err := r.newest(ctx, name+"=="+pin, r.target.flags()...)
		if err != nil || found {
			return "", err
		}
	}
	var versions []string
	requirement := name
	for len(versions) <= maxNamed {
		version, found, err := r.newest(ctx, requirement, r.target.flags()...)
		if err != nil {
			return "", err
		}
		if !found {
			break
		}
		versions = append(versions, version)
		requirement = name + "<" + version
	}
	switch {
	case len(versions) == 0 && pin == "":
		return name + " (no version has one)", nil
	case len(versions) == 0:
		return fmt.Sprintf("%s %s (no version has one)", name, pin), nil
	case pin == "":
		return "", nil
	case len(versions) > maxNamed:
		versions[maxNamed] = "older ones"
	}
	return fmt.Sprintf("%s %s (versions that have one: %s)", name, pin, strings.Join(versions, ", ")), nil
}

// pinned returns the version of a package in a list of pins.
func pinned(pins, name string) string {
	match := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `==(\S+)`).FindStringSubmatch(pins)
	if match == nil {
		return ""
	}
	return match[1]
}
