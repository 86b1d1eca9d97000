// Package docs verifies the documentation: links, commands, settings, lengths and
// the list of packages.
package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// document is a parsed Markdown file.
type document struct {
	path    string // below the checkout, with slashes
	lines   int
	anchors []string
	texts   []text  // outside of code blocks
	blocks  []block // fenced code
}

type text struct {
	line    int
	content string
}

type block struct {
	line     int
	language string
	lines    []string
}

// skippedFolders hold Markdown of others.
var skippedFolders = []string{".git", ".build", ".venv", ".vale", "node_modules", "cdk.out", "testdata", "dist"}

// sources returns the content of every file of the checkout with one of the
// extensions, by its path.
func sources(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skippedFolders, entry.Name()):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !slices.Contains(extensions, filepath.Ext(name)):
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		files[filepath.ToSlash(relative)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// documents returns every Markdown file of the checkout, by its path.
func documents(t *testing.T) map[string]document {
	t.Helper()
	all := map[string]document{}
	for name, content := range sources(t, ".md") {
		all[name] = parse(name, content)
	}
	if len(all) < 20 {
		t.Fatalf("%d Markdown files; want the whole documentation", len(all))
	}
	return all
}

var heading = regexp.MustCompile(`^#{1,6} +(.*?)\s*$`)

func parse(name, content string) document {
	d := document{path: name, lines: strings.Count(content, "\n")}
	var open *block
	for i, line := range strings.Split(content, "\n") {
		fence := strings.TrimSpace(line)
		switch {
		case open != nil && fence == "```":
			d.blocks = append(d.blocks, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		case strings.HasPrefix(fence, "```"):
			open = &block{line: i + 1, language: strings.TrimPrefix(fence, "```")}
		default:
			d.texts = append(d.texts, text{i + 1, line})
			if match := heading.FindStringSubmatch(line); match != nil {
				d.anchors = append(d.anchors, unique(slug(match[1]), d.anchors))
			}
		}
	}
	return d
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// slug returns a heading's anchor as GitHub writes it.
func slug(heading string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

func unique(anchor string, taken []string) string {
	result := anchor
	for n := 1; slices.Contains(taken, result); n++ {
		result = fmt.Sprintf("%s-%d", anchor, n)
	}
	return result
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	link     = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
)

// links returns one problem for each relative link that leads nowhere.
func (d document) links(all map[string]document, exists func(string) bool) []string {
	var problems []string
	for _, text := range d.texts {
		for _, match := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(text.content, ""), -1) {
			target, anchor, hasAnchor := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := d.path
			if target != "" {
				file = path.Join(path.Dir(d.path), target)
			}
			switch other, isDocument := all[file]; {
			case !exists(file):
				problems = append(problems, fmt.Sprintf("%s:%d: link to %s: no such file", d.path, text.line, match[1]))
			case hasAnchor && !isDocument, hasAnchor && !slices.Contains(other.anchors, anchor):
				problems = append(problems, fmt.Sprintf("%s:%d: link to %s: no such heading", d.path, text.line, match[1]))
			}
		}
	}
	return problems
}

func inCheckout(file string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(file)))
	return err == nil
}

func TestLinksResolve(t *testing.T) {
	all := documents(t)
	for _, d := range all {
		for _, problem := range d.links(all, inCheckout) {
			t.Error(problem)
		}
	}
}

func TestBrokenLinksAreReported(t *testing.T) {
	const page = "# One page\n\n## `a.json` and B\n\n[good](#ajson-and-b) [good](b.md#two) [good](b.md) [good](https://example.com/#x) `[code](none.md)`\n" +
		"```sh\n[code](none.md)\n```\n[bad](#no) [bad](b.md#no) [bad](none.md) [bad](c.go#L1)\n"
	all := map[string]document{"docs/a.md": parse("docs/a.md", page), "docs/b.md": parse("docs/b.md", "## Two\n")}
	exists := func(file string) bool { _, isDocument := all[file]; return isDocument || file == "docs/c.go" }
	got := all["docs/a.md"].links(all, exists)
	want := []string{
		"docs/a.md:9: link to #no: no such heading",
		"docs/a.md:9: link to b.md#no: no such heading",
		"docs/a.md:9: link to none.md: no such file",
		"docs/a.md:9: link to c.go#L1: no such heading",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
