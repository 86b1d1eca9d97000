package pack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// resolver resolves the requirements to packages.
type resolver struct {
	*uv
	target       target
	requirements *requirements
	lockPath     string
	progress     func(string)
}

// resolve returns the lock and its packages: those of the lock file, if it suits,
// or those that the index has now. It keeps the versions of an outdated lock file
// wherever the requirements allow them.
func (r *resolver) resolve(ctx context.Context, upgrade bool) (lock, []resolved, error) {
	old, err := readLock(r.lockPath)
	if err != nil {
		return lock{}, nil, err
	}
	if upgrade {
		old = nil
	}
	if old != nil && old.suits(r.requirements, r.target) {
		r.progress("Using the versions of " + r.lockPath)
		packages, err := r.files(ctx, r.absolute(*old), old.sources)
		if err != nil {
			return lock{}, nil, fmt.Errorf("%s: %w; to resolve new versions, use --upgrade", r.lockPath, err)
		}
		return *old, keepLocked(packages, old.hashes()), nil
	}
	r.progress("Resolving the requirements for " + r.target.String())
	pins, sources, err := r.pin(ctx, r.target, old)
	if failed, ok := isUnresolved(err); ok {
		err = r.explain(ctx, failed)
	}
	if err != nil {
		return lock{}, nil, err
	}
	packages, err := r.files(ctx, pins, sources)
	if err != nil {
		return lock{}, nil, err
	}
	return newLock(r.requirements, r.target, packages, filepath.Dir(r.lockPath)), packages, nil
}

// keepLocked drops the files that an index got after the lock was made.
func keepLocked(packages []resolved, hashes map[string]bool) []resolved {
	for i := range packages {
		packages[i].Wheels = slices.DeleteFunc(packages[i].Wheels, func(d dist) bool { return !hashes[d.Hashes["sha256"]] })
	}
	return packages
}

// onlyBinary returns the flags that allow builds of the given packages alone.
func onlyBinary(sources []string) []string {
	flags := []string{"--only-binary", ":all:"}
	for _, name := range sources {
		flags = append(flags, "--no-binary", name)
	}
	return flags
}

// pin returns a line for each package with its version, and the names of the
// packages that exist only as source.
func (r *resolver) pin(ctx context.Context, t target, old *lock) (pins string, sources []string, err error) {
	tried := map[string]bool{}
	for {
		sources = slices.Sorted(maps.Keys(tried))
		pins, err = r.compile(ctx, t, old, sources)
		failed, ok := isUnresolved(err)
		if !ok {
			return pins, sources, err
		}
		more := false
		for _, name := range failed.withoutWheels() {
			if tried[name] {
				continue
			}
			wheels, err := r.anywhere(ctx, name)
			if err != nil {
				return "", nil, err
			}
			if !wheels {
				if t == r.target {
					r.progress("Building " + name + ", which exists only as source, on this machine")
				}
				tried[name], more = true, true
			}
		}
		if !more {
			return "", nil, failed
		}
	}
}

var wheelsHint = regexp.MustCompile("(?m)^hint: Wheels are \\w+ for `([A-Za-z0-9._-]+)`")

// withoutWheels returns the packages whose wheels uv reports as missing.
func (e *uvError) withoutWheels() (names []string) {
	for _, match := range wheelsHint.FindAllStringSubmatch(e.output, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// compile resolves the requirements for a target, preferring the versions of an
// old lock.
func (r *resolver) compile(ctx context.Context, t target, old *lock, sources []string) (string, error) {
	output := filepath.Join(r.scratch, "pins-"+t.arch+".txt")
	content := ""
	if old != nil {
		content = r.absolute(*old)
	}
	if err := os.WriteFile(output, []byte(content), 0o600); err != nil {
		return "", err
	}
	args := slices.Concat([]string{"compile", r.requirements.copy(), "--output-file", output, "--no-header", "--no-annotate"},
		t.flags(), onlyBinary(sources))
	if _, err := r.run(ctx, "", args...); err != nil {
		return "", err
	}
	pins, err := os.ReadFile(output)
	return string(pins), err
}

// files returns each package with those of its files that suit the target.
func (r *resolver) files(ctx context.Context, pins string, sources []string) ([]resolved, error) {
	input := filepath.Join(r.scratch, "pins.txt")
	if err := os.WriteFile(input, []byte(pins), 0o600); err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"compile", input, r.indexFile(), "--no-deps", "--format", "pylock.toml", "--no-header"},
		r.target.flags(), onlyBinary(sources))
	text, err := r.run(ctx, "", args...)
	if err != nil {
		return nil, err
	}
	return parsePylock(text)
}

// absolute returns the lock with absolute paths.
func (r *resolver) absolute(l lock) string { return absoluteLines(l.text, filepath.Dir(r.lockPath)) }

// indexFile returns the path of a file with the indexes of the requirements. The
// lock omits them, because their URLs can hold credentials.
func (r *resolver) indexFile() string { return filepath.Join(r.scratch, "indexes.txt") }

// install installs the packages of a lock into a folder.
func (r *resolver) install(ctx context.Context, l lock, folder string) error {
	input := filepath.Join(r.scratch, "lock.txt")
	if err := os.WriteFile(input, []byte(r.absolute(l)), 0o600); err != nil {
		return err
	}
	args := slices.Concat([]string{"install", "--target", folder, "--no-deps", "--require-hashes", "-r", input, "-r", r.indexFile()},
		r.target.flags(), onlyBinary(l.sources))
	_, err := r.run(ctx, "", args...)
	return err
}

// anywhere reports whether the index has a wheel of the package for any platform.
func (r *resolver) anywhere(ctx context.Context, name string) (bool, error) {
	_, found, err := r.newest(ctx, name, "--universal", "--python-version", r.target.python)
	return found, err
}

// newest returns the newest version that has a wheel under the flags.
func (r *resolver) newest(ctx context.Context, requirement string, flags ...string) (version string, found bool, err error) {
	args := slices.Concat([]string{"compile", "-", r.indexFile(), "--no-deps", "--no-header", "--no-annotate"}, onlyBinary(nil), flags)
	pin, err := r.run(ctx, requirement, args...)
	if _, ok := isUnresolved(err); ok {
		return "", false, nil
	}
	_, version, _ = strings.Cut(strings.TrimSpace(pin), "==")
	version, _, _ = strings.Cut(version, " ")
	return version, err == nil, err
}
