package pack

import (
	"slices"
	"strings"
	"testing"
)

const mega = 1 << 20

// fake is a package with top-level names and sizes in megabytes.
type fake struct {
	name             string
	zipped, unzipped int64
	tops             string
}

func splitFakes(t *testing.T, handler Size, lean bool, fakes ...fake) (dist, dependencies string, err error) {
	t.Helper()
	sizes := map[*distribution]Size{}
	var distributions []*distribution
	for _, f := range fakes {
		d := &distribution{name: f.name}
		for _, top := range strings.Fields(f.name + " " + f.tops) {
			d.files = append(d.files, &file{path: top + "/__init__.py"})
		}
		sizes[d] = Size{1, f.zipped * mega, f.unzipped * mega}
		distributions = append(distributions, d)
	}
	h := &distribution{name: "handler"}
	sizes[h] = handler
	in, out, err := split(distributions, sizes, h, lean)
	return joined(in), joined(out), err
}

func joined(distributions []*distribution) string {
	var names []string
	for _, d := range distributions {
		names = append(names, d.name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestSplitPutsTheBestCompressedPackagesIntoTheDist(t *testing.T) {
	for name, test := range map[string]struct {
		handler            Size
		lean               bool
		fakes              []fake
		dist, dependencies string
	}{
		"all packages fit, with scipy": {fakes: []fake{{"scipy", 40, 100, ""}, {"small", 1, 3, ""}}, dist: "scipy small"},
		"lean":                         {lean: true, fakes: []fake{{"small", 1, 3, ""}}, dependencies: "small"},
		"zipped, best ratio first": {
			fakes: []fake{{"low", 30, 40, ""}, {"best", 20, 100, ""}, {"good", 15, 60, ""}, {"filler", 10, 11, ""}},
			dist:  "best filler good", dependencies: "low",
		},
		"unzipped": {
			fakes: []fake{{"huge", 10, 200, ""}, {"big", 10, 100, ""}, {"small", 10, 30, ""}},
			dist:  "huge small", dependencies: "big",
		},
		"numpy and scipy are dependencies": {
			fakes: []fake{{"numpy", 1, 50, ""}, {"scipy", 1, 50, ""}, {"large", 60, 61, ""}, {"small", 1, 2, ""}},
			dist:  "small", dependencies: "large numpy scipy",
		},
		"packages with a shared folder stay together": {
			fakes: []fake{{"one", 30, 90, "shared"}, {"two", 30, 60, "shared other"}, {"three", 1, 1, "other"}, {"four", 10, 11, ""}},
			dist:  "four", dependencies: "one three two",
		},
		"the handler counts": {
			handler: Size{1, 45 * mega, 60 * mega}, fakes: []fake{{"large", 10, 90, ""}, {"small", 4, 5, ""}},
			dist: "small", dependencies: "large",
		},
		"the AWS SDK stays together": {
			fakes: []fake{{"boto3", 1, 20, ""}, {"botocore", 40, 60, ""}, {"s3transfer", 1, 20, ""}, {"large", 30, 90, ""}},
			dist:  "large", dependencies: "boto3 botocore s3transfer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dist, dependencies, err := splitFakes(t, test.handler, test.lean, test.fakes...)
			if err != nil || dist != test.dist || dependencies != test.dependencies {
				t.Errorf("got %q and %q, %v; want %q and %q", dist, dependencies, err, test.dist, test.dependencies)
			}
		})
	}
}

func TestSplitRejectsAHandlerOverTheLimit(t *testing.T) {
	for _, handler := range []Size{{1, 50 * mega, 60 * mega}, {1, mega, 250 * mega}} {
		if _, _, err := splitFakes(t, handler, false); err == nil || !strings.Contains(err.Error(), "want at most 50.0 MB") {
			t.Errorf("%+v: got %v", handler, err)
		}
	}
}
