package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A finding is one violation, for a person.
type finding struct {
	path    string
	line    int
	message string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.message) }

// forbidden holds words that no identifier may contain: STYLE's rule that
// identifiers are domain nouns.
var forbidden = []string{
	"this", "own", "place", "front", "around", "patient", "patience", "workshop", "surroundings",
	"proved", "prover", "renewed", "tell", "tells", "told", "say", "says", "said",
}

// goText returns the prose of a Go file (comments, docs in struct tags, string
// literals that are sentences, names of tests) and its forbidden identifiers.
func goText(path string, source []byte) (*text, []finding, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	g := &golang{path: path, test: strings.HasSuffix(path, "_test.go"), files: files, text: &text{}}
	if ast.IsGenerated(file) {
		return g.text, nil, nil
	}
	for _, group := range file.Comments {
		g.comments(group)
	}
	ast.Inspect(file, g.visit)
	return g.text, g.findings, nil
}

type golang struct {
	path     string
	test     bool
	files    *token.FileSet
	text     *text
	findings []finding
}

func (g *golang) line(pos token.Pos) int { return g.files.Position(pos).Line }

var directive = regexp.MustCompile(`^//(?:[a-z]+:\S|nolint|line |export |extern )`)

// comments adds a group's prose. Indented lines are code, as in go doc, unless
// they are an item of a list.
func (g *golang) comments(group *ast.CommentGroup) {
	for _, comment := range group.List {
		if directive.MatchString(comment.Text) || strings.HasPrefix(comment.Text, "//go:") {
			continue
		}
		body := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(comment.Text, "//"), "/*"), "*/")
		for i, line := range strings.Split(body, "\n") {
			trimmed := strings.TrimSpace(line)
			item, isItem := strings.CutPrefix(trimmed, "- ")
			switch {
			case trimmed == "":
				g.text.end()
			case isItem:
				g.text.end()
				g.text.add(g.line(comment.Pos())+i, item)
			case strings.HasPrefix(line, "\t"):
				g.text.end()
			default:
				g.text.add(g.line(comment.Pos())+i, strings.TrimPrefix(trimmed, "# "))
			}
		}
	}
	g.text.end()
}

func (g *golang) visit(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.Field:
		for _, name := range node.Names {
			g.name(name)
		}
		g.tag(node.Tag)
		ast.Inspect(node.Type, g.visit)
		return false
	case *ast.FuncDecl:
		g.name(node.Name)
		if g.test && strings.HasPrefix(node.Name.Name, "Test") {
			g.text.add(g.line(node.Name.Pos()), strings.Join(split(strings.TrimPrefix(node.Name.Name, "Test")), " "))
			g.text.end()
		}
	case *ast.TypeSpec:
		g.name(node.Name)
	case *ast.ValueSpec:
		for _, name := range node.Names {
			g.name(name)
		}
	case *ast.AssignStmt:
		if node.Tok == token.DEFINE {
			for _, left := range node.Lhs {
				if name, ok := left.(*ast.Ident); ok {
					g.name(name)
				}
			}
		}
	case *ast.RangeStmt:
		for _, left := range []ast.Expr{node.Key, node.Value} {
			if name, ok := left.(*ast.Ident); ok && node.Tok == token.DEFINE {
				g.name(name)
			}
		}
	case *ast.CallExpr:
		name := called(node.Fun)
		if slices.Contains(lists, name) {
			return false
		}
		if g.test && slices.Contains(reporting, name) {
			for _, argument := range node.Args {
				g.literals(argument)
			}
		}
	case *ast.BinaryExpr, *ast.BasicLit:
		if !g.test {
			return !g.literals(node.(ast.Expr))
		}
	}
	return true
}

// name reports an identifier that contains a forbidden word.
func (g *golang) name(identifier *ast.Ident) {
	for _, word := range split(identifier.Name) {
		if word = strings.ToLower(word); slices.Contains(forbidden, word) {
			g.findings = append(g.findings, finding{g.path, g.line(identifier.Pos()),
				fmt.Sprintf("identifier %s: contains %q; want a noun of the domain (Defog.Identifiers)", identifier.Name, word)})
		}
	}
}

// tag adds a setting's doc and group.
func (g *golang) tag(literal *ast.BasicLit) {
	if literal == nil {
		return
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return // the compiler reports it
	}
	for _, key := range []string{"group", "doc"} {
		if prose := reflect.StructTag(value).Get(key); prose != "" {
			g.text.add(g.line(literal.Pos()), prose)
			g.text.end()
		}
	}
}

// reporting holds the functions of tests whose strings people read, lists those
// whose strings are lists of words.
var (
	reporting = []string{"Run", "Error", "Errorf", "Fatal", "Fatalf", "Log", "Logf", "Skip", "Skipf"}
	lists     = []string{"Fields", "Split", "SplitSeq", "MustCompile"}
)

// called returns a called method's or function's name.
func called(function ast.Expr) string {
	if selector, ok := function.(*ast.SelectorExpr); ok {
		return selector.Sel.Name
	}
	return ""
}

// literals adds the sentence that an expression of string literals makes, and
// reports whether the expression is a literal or a sum with one.
func (g *golang) literals(expression ast.Expr) bool {
	var parts []*ast.BasicLit
	if !collect(expression, &parts) || len(parts) == 0 {
		return false
	}
	whole := ""
	for _, part := range parts {
		value, err := strconv.Unquote(part.Value)
		if err != nil {
			return true
		}
		whole += value
	}
	if !sentence(whole) {
		return true
	}
	for _, part := range parts {
		value, _ := strconv.Unquote(part.Value)
		raw := part.Value[0] == '`'
		for i, line := range strings.Split(value, "\n") {
			source := g.line(part.Pos())
			if raw {
				source += i
			}
			if i > 0 && (!raw || strings.TrimSpace(line) == "") {
				g.text.end()
			}
			if strings.TrimSpace(line) != "" {
				g.text.add(source, line)
			}
		}
	}
	g.text.end()
	return true
}

// collect gathers the string literals of a sum. It reports whether the
// expression is a sum or a literal; other terms are skipped.
func collect(expression ast.Expr, parts *[]*ast.BasicLit) bool {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		if expression.Kind == token.STRING {
			*parts = append(*parts, expression)
		}
		return true
	case *ast.BinaryExpr:
		if expression.Op != token.ADD {
			return false
		}
		collect(expression.X, parts)
		collect(expression.Y, parts)
		return true
	}
	return false
}

var (
	word = regexp.MustCompile(`(?:^|[\s("])[A-Za-z][a-z]*(?:'[a-z]+)?(?:[\s.,;:!?)"]|$)`)
	// notProse matches SQL, shell commands, templates and other code.
	notProse = regexp.MustCompile(`^\s*(?:SELECT|INSERT|CREATE|UPDATE|DELETE|WITH|SET|SHOW|DROP|ALTER|GRANT|BEGIN|START|ROLLBACK|EXPLAIN|PRAGMA|REVOKE|DECLARE|USE|#!|<|\{|\[)\b?|::|\$\{|=>|\(\?`)
)

// sentence reports whether a string looks like prose: three words or more, and
// neither SQL nor code nor a list of words.
func sentence(value string) bool {
	return !notProse.MatchString(value) && !wordList(value) && len(word.FindAllString(strings.ReplaceAll(value, " ", "  "), -1)) >= 3
}

// glue holds words of which English text has many.
var glue = []string{"a", "an", "the", "is", "are", "of", "to", "in", "for", "with", "and", "or", "not", "no", "by", "from", "want", "must"}

// wordList reports whether a string is a list of words, such as keywords. A list has
// many words, no punctuation, and few words that connect others.
func wordList(value string) bool {
	words, connecting := strings.Fields(value), 0
	for _, word := range words {
		if slices.Contains(glue, word) {
			connecting++
		}
	}
	return len(words) >= 10 && connecting*8 < len(words) && !strings.ContainsAny(value, ".,;:!?'()%")
}

// split returns an identifier's words. An initialism is one word.
func split(identifier string) []string {
	var words []string
	start, runes := 0, []rune(identifier)
	add := func(end int) {
		if end > start {
			words = append(words, string(runes[start:end]))
		}
	}
	for i, r := range runes {
		switch {
		case r == '_':
			add(i)
			start = i + 1
		case i == 0:
		case unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			add(i)
			start = i
		}
	}
	add(len(runes))
	return words
}

// fileName reports a Go file whose name contains a forbidden word.
func fileName(path string) []finding {
	name := strings.TrimSuffix(filepath.Base(path), ".go")
	for _, part := range strings.Split(name, "_") {
		if slices.Contains(forbidden, part) {
			return []finding{{path, 1, fmt.Sprintf("file name: contains %q; want a noun of the domain (Defog.Identifiers)", part)}}
		}
	}
	return nil
}
