package pack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/internal/bundle"
)

// Lambda's limits of a function's package: 50 MB zipped, and 250 MB unzipped with
// the function's layers. One layer extracts the dependencies.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxZipped   = 50 << 20
	maxUnzipped = 250<<20 - hydrateRoom
	hydrateRoom = 16 << 20

	// maxStorage is the maximum of ephemeral_storage.
	maxStorage = 10240 << 20
)

// alwaysDependencies are in the dist zip only if all packages are. PODPAC's handler
// expects scipy in /tmp as a sign of extracted dependencies; numpy, on which all
// packages depend, stays with scipy.
var alwaysDependencies = []string{"numpy", "scipy"}

// unit is a set of packages that must be in one zip, because they share a folder or
// belong to the AWS SDK. Packages of different zips are in different folders, where
// shared libraries and parts of a namespace package do not find each other.
type unit struct {
	distributions []*distribution
	tops          map[string]bool
	sum           Size
}

// Size is the size of files.
type Size struct {
	Files            int
	Zipped, Unzipped int64
}

func (s *Size) add(o Size) {
	s.Files += o.Files
	s.Zipped += o.Zipped
	s.Unzipped += o.Unzipped
}

// memberSize returns the size of a member with its overhead: a header of 30 bytes
// and an entry of 46 bytes, each with the name.
func memberSize(m bundle.Member) Size {
	return Size{1, m.Zipped + 76 + 2*int64(len(m.Name)), m.Size}
}

func (s Size) fits() bool { return s.Zipped < maxZipped-endSize && s.Unzipped <= maxUnzipped }

const endSize = 98 // the end of a zip with zip64 records

// split selects the packages that go into the dist zip with the handler: those that
// compress best come first, until no further one fits.
func split(distributions []*distribution, sizes map[*distribution]Size, handler *distribution, lean bool) (dist, dependencies []*distribution, err error) {
	room := sizes[handler]
	if !room.fits() {
		return nil, nil, fmt.Errorf("--handler: has %s zipped and %s unzipped; want at most %s and %s",
			megabytes(room.Zipped), megabytes(room.Unzipped), megabytes(maxZipped), megabytes(maxUnzipped))
	}
	if lean {
		return nil, distributions, nil
	}
	all := room
	for _, d := range distributions {
		all.add(sizes[d])
	}
	if all.fits() {
		return distributions, nil, nil
	}
	units := makeUnits(distributions, sizes)
	slices.SortStableFunc(units, func(a, b *unit) int { return cmp.Compare(b.ratio(), a.ratio()) })
	for _, u := range units {
		sum := room
		sum.add(u.sum)
		if u.isDependency() || !sum.fits() {
			dependencies = append(dependencies, u.distributions...)
			continue
		}
		room = sum
		dist = append(dist, u.distributions...)
	}
	return dist, dependencies, nil
}

func (u *unit) ratio() float64 { return float64(u.sum.Unzipped) / float64(max(u.sum.Zipped, 1)) }

func (u *unit) isDependency() bool {
	return slices.ContainsFunc(u.distributions, func(d *distribution) bool { return slices.Contains(alwaysDependencies, d.name) })
}

// makeUnits joins packages that share a top-level name.
func makeUnits(distributions []*distribution, sizes map[*distribution]Size) []*unit {
	var units []*unit
	for _, d := range distributions {
		joined := &unit{distributions: []*distribution{d}, tops: d.tops(), sum: sizes[d]}
		units = slices.DeleteFunc(units, func(u *unit) bool {
			if !u.shares(joined) {
				return false
			}
			joined.distributions = append(u.distributions, joined.distributions...)
			joined.sum.add(u.sum)
			for top := range u.tops {
				joined.tops[top] = true
			}
			return true
		})
		units = append(units, joined)
	}
	return units
}

func (u *unit) shares(o *unit) bool {
	for top := range u.tops {
		if o.tops[top] {
			return true
		}
	}
	return false
}

// tops returns the top-level names of the package's paths, and one name for all of
// the AWS SDK. bin and __pycache__ belong to no package.
func (d *distribution) tops() map[string]bool {
	tops := map[string]bool{}
	if slices.Contains(sdk, d.name) {
		tops["the AWS SDK"] = true
	}
	for _, f := range d.files {
		if top, _, _ := strings.Cut(f.path, "/"); top != "bin" && top != "__pycache__" {
			tops[top] = true
		}
	}
	return tops
}

// Megabytes converts bytes to the megabytes of Lambda's documentation.
func Megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", Megabytes(bytes)) }
