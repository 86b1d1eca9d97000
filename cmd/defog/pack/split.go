package pack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/internal/bundle"
)

// What Lambda takes as a function's package: 50 MB zipped, and 250 MB unzipped
// together with the function's layers, of which the one that fetches the
// dependencies gets its share.
const (
	maxZipped   = 50 << 20
	maxUnzipped = 250<<20 - hydrateRoom
	hydrateRoom = 16 << 20

	// maxStorage is the most that ephemeral_storage can be.
	maxStorage = 10240 << 20
)

// alwaysDependencies are never in the dist zip, unless everything is. PODPAC's own
// handler takes /tmp/scipy for the sign that the dependencies are there; numpy,
// under which everything lies, goes where scipy goes.
var alwaysDependencies = []string{"numpy", "scipy"}

// unit is what must be in one zip: packages that share a folder. Those in
// different zips end up in different folders, where libraries do not find each
// other, nor packages of one namespace.
type unit struct {
	distributions []*distribution
	tops          map[string]bool
	sum           Size
}

// Size is that of files.
type Size struct {
	Files            int
	Zipped, Unzipped int64
}

func (s *Size) add(o Size) {
	s.Files += o.Files
	s.Zipped += o.Zipped
	s.Unzipped += o.Unzipped
}

// memberSize includes what a zip needs for a member besides its data: a header of
// 30 bytes and an entry of 46, each with the name.
func memberSize(m bundle.Member) Size {
	return Size{1, m.Zipped + 76 + 2*int64(len(m.Name)), m.Size}
}

func (s Size) fits() bool { return s.Zipped < maxZipped-endSize && s.Unzipped <= maxUnzipped }

const endSize = 98 // of a zip's end, with its zip64 records

// split decides which packages go into the dist zip with the handler. It fills it
// with those that compress best first, and leaves out what does not fit.
func split(distributions []*distribution, sizes map[*distribution]Size, handler *distribution, lean bool) (dist, dependencies []*distribution, err error) {
	room := sizes[handler]
	if !room.fits() {
		return nil, nil, fmt.Errorf("--handler: it has %s zipped and %s unzipped; valid: up to %s and %s",
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
		if u.stays() || !sum.fits() {
			dependencies = append(dependencies, u.distributions...)
			continue
		}
		room = sum
		dist = append(dist, u.distributions...)
	}
	return dist, dependencies, nil
}

func (u *unit) ratio() float64 { return float64(u.sum.Unzipped) / float64(max(u.sum.Zipped, 1)) }

func (u *unit) stays() bool {
	return slices.ContainsFunc(u.distributions, func(d *distribution) bool { return slices.Contains(alwaysDependencies, d.name) })
}

// makeUnits joins packages that share a file or folder at the top.
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

// tops are the names at the top of the package's paths. bin and __pycache__ are
// nobody's own.
func (d *distribution) tops() map[string]bool {
	tops := map[string]bool{}
	for _, f := range d.files {
		if top, _, _ := strings.Cut(f.path, "/"); top != "bin" && top != "__pycache__" {
			tops[top] = true
		}
	}
	return tops
}

// Megabytes counts bytes as Lambda's documentation does.
func Megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", Megabytes(bytes)) }
