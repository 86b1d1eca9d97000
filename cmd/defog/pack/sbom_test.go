package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
)

func TestSBOMListsThePackages(t *testing.T) {
	s := simple(t)
	s.wheel(t, "licensed", "3.1", "py3-none-any", nil, "License-Expression: MIT", "Summary: Says so", "Requires-Dist: absent; extra == 'x'")
	s.wheel(t, "boto3", "1.0", "py3-none-any", map[string]string{"boto3/__init__.py": ""})
	report := run(t, s.options(t, "upper\nsourced\nlicensed\nboto3\n"))
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(strings.NewReader(read(t, report.SBOM)), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, c := range *bom.Components {
		files[c.PackageURL] = (*c.Properties)[0].Value
		sum := sha256.Sum256([]byte(read(t, filepath.Join(s.folder, files[c.PackageURL]))))
		if got := (*c.Hashes)[0].Value; got != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has hash %s", c.PackageURL, got)
		}
		if c.Name == "licensed" && ((*c.Licenses)[0].Expression != "MIT" || c.Description != "Says so") {
			t.Errorf("got %+v", c)
		}
	}
	// The SDK is not in the zips.
	want := map[string]string{
		"pkg:pypi/licensed@3.1": "licensed-3.1-py3-none-any.whl",
		"pkg:pypi/lower@1.0":    "lower-1.0-py3-none-any.whl",
		"pkg:pypi/sourced@1.0":  "sourced-1.0.tar.gz",
		"pkg:pypi/upper@1.0":    "upper-1.0-py3-none-any.whl",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, link := range *bom.Dependencies {
		if link.Ref == "pkg:pypi/upper@1.0" && !cmp.Equal(*link.Dependencies, []string{"pkg:pypi/lower@1.0"}) {
			t.Errorf("got %v", *link.Dependencies)
		}
	}
	for _, zip := range *bom.Metadata.Properties {
		if zip.Name == "defog:dist" && zip.Value != "sha256:"+report.Dist.SHA256 {
			t.Errorf("got %+v", zip)
		}
	}
}

// A package has several wheels that suit; the hash is that of the one that was
// taken.
func TestTheHashIsThatOfTheWheelTaken(t *testing.T) {
	s := newShelf(t)
	s.wheel(t, "several", "1.0", "py3-none-any", map[string]string{"several.py": "pure = True\n"})
	s.wheel(t, "several", "1.0", "py3-none-manylinux2014_x86_64", map[string]string{"several.py": "pure = False\n"})
	report := run(t, s.options(t, "several\n"))
	sum := sha256.Sum256([]byte(read(t, filepath.Join(s.folder, "several-1.0-py3-none-manylinux2014_x86_64.whl"))))
	if sbom := read(t, report.SBOM); !strings.Contains(sbom, hex.EncodeToString(sum[:])) {
		t.Errorf("got %s", sbom)
	}
	if lock := read(t, report.Lock); strings.Count(lock, "--hash") != 2 {
		t.Errorf("got %s", lock)
	}
}
