package pack

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// pylock holds the required part of a pylock.toml (PEP 751). uv writes the wheels
// that suit the target, or the source of a package without wheels.
type pylock struct {
	Packages []resolved `toml:"packages"`
}

// resolved is a resolved package.
type resolved struct {
	Name    string `toml:"name"`
	Version string `toml:"version"`
	Wheels  []dist `toml:"wheels"`
	Sdist   *dist  `toml:"sdist"`
	Archive *dist  `toml:"archive"`
}

// dist is a file of a package: a wheel or a source archive.
type dist struct {
	Name   string            `toml:"name"`
	URL    string            `toml:"url"`
	Path   string            `toml:"path"`
	Hashes map[string]string `toml:"hashes"`
}

// file returns the file's name.
func (d dist) file() string {
	if d.Name != "" {
		return d.Name
	}
	if location, err := url.Parse(d.URL); err == nil && d.URL != "" {
		return path.Base(location.Path)
	}
	return path.Base(strings.ReplaceAll(d.Path, `\`, "/"))
}

// files returns the files that uv may install.
func (r resolved) files() []dist {
	switch {
	case len(r.Wheels) > 0:
		return r.Wheels
	case r.Sdist != nil:
		return []dist{*r.Sdist}
	case r.Archive != nil:
		return []dist{*r.Archive}
	default:
		return nil
	}
}

// fromSource reports whether uv has to build a wheel.
func (r resolved) fromSource() bool {
	return len(r.Wheels) == 0 && (r.Archive == nil || path.Ext(r.Archive.file()) != ".whl")
}

func parsePylock(text string) ([]resolved, error) {
	var lock pylock
	if _, err := toml.Decode(text, &lock); err != nil {
		return nil, fmt.Errorf("read what uv resolved: %w", err)
	}
	slices.SortFunc(lock.Packages, func(a, b resolved) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range lock.Packages {
		files := p.files()
		if p.Version == "" || len(files) == 0 {
			return nil, fmt.Errorf("%s: is a folder or a repository, which has no hash; want a version, or the URL or the path of a wheel", p.Name)
		}
		for _, file := range files {
			if file.Hashes["sha256"] == "" {
				return nil, fmt.Errorf("%s: the index has no SHA-256 of %s", p.Name, file.file())
			}
		}
	}
	return lock.Packages, nil
}
