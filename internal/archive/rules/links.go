package rules

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// maxFollowed is how many links the kernel follows in one path.
const maxFollowed = 40

// CheckLinks checks the targets of all links, by the links' paths. It follows
// each target through other links as the kernel does, and refuses one that
// leaves the target folder. A link to a missing file is valid.
func CheckLinks(targets map[string]string) error {
	var refused refusals
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		if refused.add(follow(targets, name)) {
			break
		}
	}
	return refused.err()
}

func follow(targets map[string]string, name string) error {
	folder := path.Dir(name)
	rest, err := steps(targets, name)
	if err != nil {
		return err
	}
	for followed := 0; len(rest) > 0; {
		step := rest[0]
		rest = rest[1:]
		if step == ".." {
			if folder == "." {
				return RefuseMember(name, "is a link that leaves the target folder")
			}
			folder = path.Dir(folder)
			continue
		}
		next := path.Join(folder, step)
		if _, ok := targets[next]; !ok {
			folder = next
			continue
		}
		if followed++; followed > maxFollowed {
			return RefuseMember(name, "is a link in a cycle")
		}
		more, err := steps(targets, next)
		if err != nil {
			return err
		}
		rest = slices.Concat(more, rest)
	}
	return nil
}

// steps splits a link's target.
func steps(targets map[string]string, name string) ([]string, error) {
	target := targets[name]
	switch {
	case target == "" || strings.ContainsAny(target, "\x00\\"):
		return nil, RefuseMember(name, "is a link with the invalid target %q", Shorten(target))
	case path.IsAbs(target):
		return nil, refuseUnless(name, "a relative target", "is a link to the absolute path %q", Shorten(target))
	default:
		return strings.Split(target, "/"), nil
	}
}
