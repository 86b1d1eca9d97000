package docs

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/ask"
)

// The most lines that a document may have.
const (
	readmeLines = 150
	pageLines   = 300
)

func TestPagesAreShort(t *testing.T) {
	for name, d := range documents(t) {
		switch most := map[bool]int{true: readmeLines, false: pageLines}[name == "README.md"]; {
		case name == "CHANGELOG.md": // grows with each release
		case d.lines > most:
			t.Errorf("%s: %d lines; want at most %d", name, d.lines, most)
		}
	}
}

// TestIndexesAreComplete verifies that each folder's README links all its pages.
func TestIndexesAreComplete(t *testing.T) {
	all := documents(t)
	for name := range all {
		folder := path.Dir(name)
		if folder != "docs" && folder != "docs/adr" || path.Base(name) == "README.md" {
			continue
		}
		linked := false
		for _, text := range all[folder+"/README.md"].texts {
			linked = linked || strings.Contains(text.content, "]("+path.Base(name)+")")
		}
		if !linked {
			t.Errorf("%s/README.md: no link to %s", folder, path.Base(name))
		}
	}
}

func TestJSONIsValid(t *testing.T) {
	for _, d := range documents(t) {
		for _, block := range d.blocks {
			if text := strings.Join(block.lines, "\n"); block.language == "json" && !json.Valid([]byte(text)) {
				t.Errorf("%s:%d: the block is not JSON", d.path, block.line)
			}
		}
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+$`)

// identifiersOfOthers are the names that no file of this project contains.
var identifiersOfOthers = []string{"rds_iam", "UV_DEFAULT_INDEX"}

// TestIdentifiersExist verifies that the code contains each name with an
// underscore: settings, fields, environment variables, codes.
func TestIdentifiersExist(t *testing.T) {
	var code strings.Builder
	for name, content := range sources(t, ".go", ".py", ".sh", ".yml", ".json") {
		if !strings.HasPrefix(name, "docs/") {
			code.WriteString(content)
		}
	}
	for _, d := range documents(t) {
		if d.path == "CHANGELOG.md" {
			continue // names what is gone
		}
		for _, problem := range d.missingIdentifiers(code.String()) {
			t.Error(problem)
		}
	}
}

func (d document) missingIdentifiers(code string) []string {
	var problems []string
	for _, text := range d.texts {
		for _, match := range codeSpan.FindAllStringSubmatch(text.content, -1) {
			name := match[1]
			if identifier.MatchString(name) && !slices.Contains(identifiersOfOthers, name) && !strings.Contains(code, name) {
				problems = append(problems, fmt.Sprintf("%s:%d: %s: no such name in the code", d.path, text.line, name))
			}
		}
	}
	return problems
}

func TestMissingIdentifiersAreReported(t *testing.T) {
	page := parse("a.md", "`max_rows` `max_row_count` `DEFOG_NONE`\n")
	got := page.missingIdentifiers(`key:"max_rows"`)
	want := []string{"a.md:1: max_row_count: no such name in the code", "a.md:1: DEFOG_NONE: no such name in the code"}
	if !slices.Equal(got, want) {
		t.Errorf("problems %q; want %q", got, want)
	}
}

// messagesOfOthers are the symptoms that other programs print.
var messagesOfOthers = []string{
	"go: …: no such host", "ENOTFOUND", "cdk: command not found", "Cloud assembly schema version mismatch", "Node 20 is end-of-life",
	"Runtime process exited abnormally: waitid", "Unable to resolve AWS account", "ExpiredToken", "SSM parameter /cdk-bootstrap/… not found",
	"AccessDenied", "iam:CreateRole", `{"message":"Forbidden"}`, `{"message":"Unauthorized"}`, `{"message":"Not Found"}`,
	`{"message":"Too Many Requests"}`, `{"message":"Service Unavailable"}`, "No space left on device", "Unable to import module",
	"TerminationProtection is enabled", "make test", "MariaDB",
}

// TestSymptomsExist verifies that the code contains each message of this project
// in troubleshooting.md.
func TestSymptomsExist(t *testing.T) {
	var code strings.Builder
	for name, content := range sources(t, ".go") {
		if !strings.HasSuffix(name, "_test.go") {
			code.WriteString(content)
		}
	}
	messages := documents(t)["docs/troubleshooting.md"].symptoms()
	if len(messages) < 20 {
		t.Fatalf("docs/troubleshooting.md: %d messages found; want all", len(messages))
	}
	for _, message := range messages {
		for part := range strings.SplitSeq(message, "…") {
			if !slices.Contains(messagesOfOthers, message) && !strings.Contains(code.String(), strings.TrimSpace(part)) {
				t.Errorf("docs/troubleshooting.md: no message %q in the code", part)
			}
		}
	}
}

// symptoms returns the code spans in the first columns of tables.
func (d document) symptoms() []string {
	var all []string
	for _, text := range d.texts {
		if cells := strings.SplitN(text.content, " | ", 2); strings.HasPrefix(text.content, "| ") && len(cells) == 2 {
			for _, match := range codeSpan.FindAllStringSubmatch(cells[0], -1) {
				all = append(all, match[1])
			}
		}
	}
	return all
}

// TestCodesAreListed verifies api.md and the page's texts against the constants of
// ask.Code.
func TestCodesAreListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "lambda/ask/code.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	texts := sources(t, ".ts")["web/src/texts.ts"]
	var want []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if code := ask.Code(value); code != ask.OK {
				want = append(want, fmt.Sprintf("| `%s` | %d |", code, code.Status()))
				if code != ask.Accepted && !strings.Contains(texts, fmt.Sprintf("\n    %s: [", code)) {
					t.Errorf("web/src/texts.ts: no text for the failure %s", code)
				}
			}
		}
		return true
	})
	if len(want) < 10 {
		t.Fatalf("lambda/ask/code.go: %d codes found; want all", len(want))
	}
	for _, row := range want {
		if !slices.ContainsFunc(documents(t)["docs/api.md"].texts, func(text text) bool { return strings.HasPrefix(text.content, row) }) {
			t.Errorf("docs/api.md: no row %s", row)
		}
	}
}

func TestDatabasesAreDescribed(t *testing.T) {
	page := sources(t, ".md")["docs/databases.md"]
	for _, dbType := range connection.DBTypes() {
		if !strings.Contains(page, "| `"+dbType+"` |") {
			t.Errorf("docs/databases.md: no row for %s", dbType)
		}
		if dbType != "bigquery" && dbType != "sqlite" && !strings.Contains(page, `"db_type": "`+dbType+`"`) {
			t.Errorf("docs/databases.md: no example for %s", dbType)
		}
	}
}

var packageRow = regexp.MustCompile("^\\| `([^`]+(?:/|\\.go))` \\| ")

// TestPackagesHaveOneLine verifies architecture.md against the module.
func TestPackagesHaveOneLine(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}}", "./...")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	lines := map[string]int{}
	for _, text := range documents(t)["docs/architecture.md"].texts {
		if match := packageRow.FindStringSubmatch(text.content); match != nil {
			lines[strings.TrimSuffix(match[1], "/")]++
		}
	}
	for importPath := range strings.Lines(string(output)) {
		folder := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(importPath), "defog-cdk"), "/")
		if folder == "" {
			folder = "main.go"
		}
		if lines[folder] != 1 {
			t.Errorf("docs/architecture.md: %d lines for %s; want one", lines[folder], folder)
		}
		delete(lines, folder)
	}
	for folder := range lines {
		if !inCheckout(folder) {
			t.Errorf("docs/architecture.md: a line for %s, which does not exist", folder)
		}
	}
}
