package pack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// named are how many versions an error names at most.
const named = 5

// explain turns uv's reasoning into what is missing: which package has no wheel
// for the target, which versions of it have one, and whether the other
// architecture would do.
func (r *resolver) explain(ctx context.Context, failed *uvError) error {
	wanting := failed.wanting()
	if len(wanting) == 0 {
		return fmt.Errorf("resolve the requirements for %s: %s", r.target, failed.said)
	}
	other := r.target.other()
	pins, _, err := r.pin(ctx, other, nil)
	if _, ok := isUnresolved(err); err != nil && !ok {
		return err
	}
	var missing []string
	for _, name := range wanting {
		about, err := r.missing(ctx, name, pinned(pins, name))
		if err != nil {
			return err
		}
		if about != "" {
			missing = append(missing, about)
		}
	}
	if len(missing) == 0 {
		return fmt.Errorf("there is no choice of versions of which each has a wheel for %s: %s", r.target, failed.said)
	}
	text := fmt.Sprintf("no wheel for %s: %s", r.target, strings.Join(missing, "; "))
	if pins != "" {
		text += fmt.Sprintf(". For %s all of them have one: --arch %s", other.arch, other.arch)
	}
	return errors.New(text)
}

// missing says which versions of a package have a wheel for the target, if the
// wanted one, which the other architecture has, has none. Without a wanted
// version only a package is told of that has no wheel at all.
func (r *resolver) missing(ctx context.Context, name, wanted string) (string, error) {
	if wanted != "" {
		_, found, err := r.newest(ctx, name+"=="+wanted, r.target.flags()...)
		if err != nil || found {
			return "", err
		}
	}
	var versions []string
	requirement := name
	for len(versions) <= named {
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
	case len(versions) == 0 && wanted == "":
		return name + " (no version has one)", nil
	case len(versions) == 0:
		return fmt.Sprintf("%s %s (no version has one)", name, wanted), nil
	case wanted == "":
		return "", nil
	case len(versions) > named:
		versions[named] = "older ones"
	}
	return fmt.Sprintf("%s %s (versions that have one: %s)", name, wanted, strings.Join(versions, ", ")), nil
}

// pinned returns the version of a package in a list of them.
func pinned(pins, name string) string {
	match := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `==(\S+)`).FindStringSubmatch(pins)
	if match == nil {
		return ""
	}
	return match[1]
}
