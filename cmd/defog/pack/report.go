package pack

import (
	"cmp"
	"slices"
)

// Report tells what was packed.
type Report struct {
	Dist         *Zip
	Dependencies *Zip // nil if all is in Dist
	Packages     []Package
	Stripped     []Stripped
	Compiled     int      // .pyc
	NotPython    []string // files in packages that the target's Python cannot read
	Warnings     []string
	SBOM, Lock   string // where they are
}

// Zip is a zip that was written.
type Zip struct {
	Path   string
	SHA256 string
	Size
}

// Package is how much a package takes, the largest first.
type Package struct {
	Name, Version string
	Dist          bool // whether it is in the dist zip
	Size
}

func (r *Report) sum(sizes map[*distribution]Size, handler *distribution, dist, dependencies []*distribution) {
	add := func(inDist bool, distributions ...*distribution) {
		for _, d := range distributions {
			r.Packages = append(r.Packages, Package{d.name, d.version, inDist, sizes[d]})
		}
	}
	add(true, handler)
	add(true, dist...)
	add(false, dependencies...)
	slices.SortStableFunc(r.Packages, func(a, b Package) int { return cmp.Compare(b.Zipped, a.Zipped) })
}
