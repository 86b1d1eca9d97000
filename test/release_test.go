package test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"defog-cdk/local"
)

// deployTemplate deploys a template of a release with the present assets, and
// returns the stack's outputs. The arguments give the settings.
func deployTemplate(t *testing.T, cloud *local.AWS, stack, template string, args ...string) map[string]string {
	t.Helper()
	assembly := filepath.Join(t.TempDir(), "cdk.out")
	output, code := command(t, cloud.Environ(os.Environ()), "npx", slices.Concat([]string{"cdk", "synth", "--quiet", "-o", assembly}, args)...)
	if code != 0 {
		t.Fatal(output)
	}
	changePrograms(t, assembly, stack)
	path := filepath.Join(assembly, stack+".template.json")
	present := readFile(t, path)
	filled := fillTemplate(t, readFile(t, template), present)
	if err := os.WriteFile(path, filled, 0o600); err != nil {
		t.Fatal(err)
	}
	// The CLI uploads templates under their hashes, once.
	replaceInAssembly(t, assembly, stack, templateHash(t, assembly, stack), hash(filled))
	return deploy(t, cloud, stack, "--app", assembly)
}

// templateHash returns the hash of the stack's template in the assembly.
func templateHash(t *testing.T, assembly, stack string) string {
	t.Helper()
	for key, path := range assets(t, assembly, stack) {
		if path == stack+".template.json" {
			return key
		}
	}
	t.Fatalf("%s: has no template among its assets", assembly)
	return ""
}

// assets returns the paths of the assembly's files by their hashes.
func assets(t *testing.T, assembly, stack string) map[string]string {
	t.Helper()
	var manifest struct {
		Files map[string]struct{ Source struct{ Path string } }
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(assembly, stack+".assets.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{}
	for key, file := range manifest.Files {
		paths[key] = file.Source.Path
	}
	return paths
}

// changePrograms adds a file to the assets that are folders, and gives them new hashes.
func changePrograms(t *testing.T, assembly, stack string) {
	t.Helper()
	changed := 0
	for key, path := range assets(t, assembly, stack) {
		folder := filepath.Join(assembly, path)
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, "release.txt"), []byte("of a release"), 0o644); err != nil {
			t.Fatal(err)
		}
		next := hash([]byte(key))
		if err := os.Rename(folder, strings.ReplaceAll(folder, key, next)); err != nil {
			t.Fatal(err)
		}
		replaceInAssembly(t, assembly, stack, key, next)
		changed++
	}
	if changed == 0 {
		t.Fatalf("%s: no asset is a folder", assembly)
	}
}

// replaceInAssembly replaces a hash in the files of the assembly that name it.
func replaceInAssembly(t *testing.T, assembly, stack, from, to string) {
	t.Helper()
	for _, name := range []string{"manifest.json", stack + ".assets.json", stack + ".template.json"} {
		path := filepath.Join(assembly, name)
		if err := os.WriteFile(path, bytes.ReplaceAll(readFile(t, path), []byte(from), []byte(to)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// maskedParts are the parts of a kept template that differ from one synthesis to the next.
var maskedParts = regexp.MustCompile("‹hash›|‹credentials›")

// fillTemplate returns a kept template with the hashes and credentials of the
// present one. A value is at the same path there, or the only one of its form.
func fillTemplate(t *testing.T, kept, present []byte) []byte {
	t.Helper()
	var template, values any
	for data, value := range map[*[]byte]*any{&kept: &template, &present: &values} {
		if err := json.Unmarshal(*data, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, value := range template.(map[string]any)["Resources"].(map[string]any) {
		resource := value.(map[string]any)
		delete(resource, "Metadata") // which deploys nothing
		if resource["Type"] == "AWS::Lambda::Function" {
			// Lambda publishes no version of a function without a change.
			resource["Properties"].(map[string]any)["Description"] = "The function of a release"
		}
	}
	f := &filler{t: t, present: values}
	filled, err := json.MarshalIndent(f.fill(template, nil), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return filled
}

type filler struct {
	t       *testing.T
	present any
}

// noHash stands for the hash in the logical id of a function's version.
var noHash = strings.Repeat("0", 32)

func (f *filler) fill(value any, path []any) any {
	switch v := value.(type) {
	case map[string]any:
		filled := map[string]any{}
		for key, member := range v {
			filled[strings.ReplaceAll(key, "‹hash›", noHash)] = f.fill(member, append(slices.Clone(path), key))
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for i, element := range v {
			filled[i] = f.fill(element, append(slices.Clone(path), i))
		}
		return filled
	case string:
		if maskedParts.MatchString(v) {
			return f.text(v, path)
		}
	}
	return value
}

// text returns the value for a masked text.
func (f *filler) text(masked string, path []any) string {
	f.t.Helper()
	if versionID.MatchString(masked) {
		return strings.ReplaceAll(masked, "‹hash›", noHash)
	}
	parts := maskedParts.Split(masked, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	form := regexp.MustCompile("^" + strings.Join(parts, "([0-9a-f]{64}|[A-Za-z0-9+/=]{40,})") + "$")
	found := f.present
	for _, step := range path {
		switch node := found.(type) {
		case map[string]any:
			key, _ := step.(string)
			found = node[key]
		case []any:
			i, isIndex := step.(int)
			if found = nil; isIndex && i < len(node) {
				found = node[i]
			}
		default:
			found = nil
		}
	}
	if text, isText := found.(string); isText && form.MatchString(text) {
		return text
	}
	candidates := map[string]bool{}
	collect(f.present, form, candidates)
	if len(candidates) != 1 {
		f.t.Fatalf("%v: %d values in the present template have the form %q; want one", path, len(candidates), masked)
	}
	for text := range candidates {
		return text
	}
	return ""
}

// versionID matches the logical id of a function's version.
var versionID = regexp.MustCompile(`^\w+CurrentVersion[0-9A-F]{8}‹hash›$`)

// collect adds the texts of a form to found.
func collect(value any, form *regexp.Regexp, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			collect(member, form, found)
		}
	case []any:
		for _, element := range v {
			collect(element, form, found)
		}
	case string:
		if form.MatchString(v) {
			found[v] = true
		}
	}
}
