package pack

import (
	"cmp"
	"slices"
)

// Report is the result of [Run].
type Report struct {
	Dist         *Zip
	Dependencies *Zip      // nil if Dist holds all packages
	Packages     []Package // the largest first
	Stripped     []Stripped
	Compiled     int      // .pyc
	NotPython    []string // files in packages that are not valid in the target's Python
	Warnings     []string
	SBOM, Lock   string // paths
}

// Zip is one of the zips.
type Zip struct {
	Path   string
	SHA256 string
	Size
}

// Package is one packed package with its size.
type Package struct {
	Name, Version string
	Dist          bool // whether the dist zip holds it
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
