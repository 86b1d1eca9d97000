package pack

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// sbom returns the list of packages in CycloneDX, without a time or serial number,
// so that the same zips have the same SBOM.
func (p *packing) sbom() ([]byte, error) {
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Component: &cdx.Component{BOMRef: "function", Type: cdx.ComponentTypeApplication, Name: p.Name},
		Tools:     &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "defog pack"}}},
		Properties: &[]cdx.Property{
			{Name: "defog:target", Value: p.target.String()},
			{Name: "defog:dist", Value: "sha256:" + p.report.Dist.SHA256},
		},
	}
	if p.report.Dependencies != nil {
		*bom.Metadata.Properties = append(*bom.Metadata.Properties,
			cdx.Property{Name: "defog:dependencies", Value: "sha256:" + p.report.Dependencies.SHA256})
	}
	refs := map[string]string{}
	for _, d := range p.distributions {
		refs[d.name] = d.purl()
	}
	components := make([]cdx.Component, 0, len(p.distributions))
	links := []cdx.Dependency{{Ref: "function", Dependencies: &[]string{}}}
	for _, d := range p.distributions {
		components = append(components, p.component(d))
		*links[0].Dependencies = append(*links[0].Dependencies, d.purl())
		links = append(links, cdx.Dependency{Ref: d.purl(), Dependencies: d.uses(refs)})
	}
	bom.Components, bom.Dependencies = &components, &links
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	if err != nil {
		return nil, fmt.Errorf("write the SBOM: %w", err)
	}
	return out.Bytes(), nil
}

// purl returns the package URL, https://github.com/package-url/purl-spec.
func (d *distribution) purl() string { return "pkg:pypi/" + d.name + "@" + d.version }

func (p *packing) component(d *distribution) cdx.Component {
	c := cdx.Component{
		BOMRef:      d.purl(),
		Type:        cdx.ComponentTypeLibrary,
		Name:        d.name,
		Version:     d.version,
		Description: d.metadata.Get("Summary"),
		PackageURL:  d.purl(),
	}
	if text := d.metadata.Get("License-Expression"); text != "" {
		c.Licenses = &cdx.Licenses{{Expression: text}}
	} else if text, _, _ := strings.Cut(d.metadata.Get("License"), "\n"); text != "" {
		c.Licenses = &cdx.Licenses{{License: &cdx.License{Name: text}}}
	}
	if file := p.installed(d); file != nil {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: file.Hashes["sha256"]}}
		c.Properties = &[]cdx.Property{{Name: "defog:file", Value: file.file()}}
	}
	return c
}

// installed returns the file from which uv installed a package: the wheel with the
// tags of the installed package, or the source archive.
func (p *packing) installed(d *distribution) *dist {
	i := slices.IndexFunc(p.packages, func(r resolved) bool { return normalise(r.Name) == d.name })
	if i < 0 {
		return nil
	}
	files := p.packages[i].files()
	if len(files) == 1 {
		return &files[0]
	}
	for _, file := range files {
		if slices.Equal(wheelTags(file.file()), slices.Sorted(slices.Values(d.tags))) {
			return &file
		}
	}
	return nil
}

// wheelTags expands the tags in a wheel's name (PEP 425).
func wheelTags(name string) (tags []string) {
	parts := strings.Split(strings.TrimSuffix(name, ".whl"), "-")
	if len(parts) < 5 {
		return nil
	}
	parts = parts[len(parts)-3:]
	for _, python := range strings.Split(parts[0], ".") {
		for _, abi := range strings.Split(parts[1], ".") {
			for _, platform := range strings.Split(parts[2], ".") {
				tags = append(tags, python+"-"+abi+"-"+platform)
			}
		}
	}
	slices.Sort(tags)
	return tags
}

// uses returns the packed packages that a package requires, in any of its extras
// and on any platform.
func (d *distribution) uses(refs map[string]string) *[]string {
	uses := []string{}
	for _, r := range d.requires() {
		if ref, ok := refs[r.name]; ok && r.name != d.name {
			uses = append(uses, ref)
		}
	}
	slices.Sort(uses)
	uses = slices.Compact(uses)
	return &uses
}
