package guard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/lambda/database/guard/lex"
)

// DefaultMaxBytes is the longest statement without Options.MaxBytes.
const DefaultMaxBytes = 64 << 10

// Guard refuses, before it is sent, text that is not one reading statement or
// that calls a function which reaches beyond a read-only transaction. It is
// the first of two barriers: the database refuses ordinary writes.
type Guard struct {
	scanner  lex.Scanner
	reading  []string          // the words that a reading statement begins with
	refused  func(string) bool // functions that no statement may call
	hidden   []string          // tables and schemas that no statement may name
	sqlCalls []string          // functions that run the SQL in their arguments
	examined []string          // functions whose arguments the guard examines

	// objects has DESCRIBE stand before an object, and not before a statement.
	objects bool

	// tables has EXPLAIN stand before a table's name, too.
	tables bool

	// split returns tokens in which each part of a path is one; nil where the
	// scanner does so.
	split func([]lex.Token) []lex.Token

	// also checks what only one database has; nil for nothing.
	also func([]lex.Token) error

	// names checks names against the server's catalogue; nil for nothing.
	names func(*statement) error

	options Options
}

// Options changes what a Guard permits.
type Options struct {
	// MaxBytes is the longest statement; 0 is DefaultMaxBytes.
	MaxBytes int

	// AllowedFunctions are volatile functions of the user's that a statement may
	// call, each as schema.name.
	AllowedFunctions []string
}

// Statement is a statement that may be sent.
type Statement struct {
	// SQL is the statement's canonical spelling. Nothing else may be sent.
	SQL string

	// Functions are the names that the statement calls or can call, sorted.
	Functions []string

	// NamesView reports whether a name in it is that of a view in the catalogue. A view
	// can call functions that the statement does not name.
	NamesView bool

	// RunsUserCode reports whether the statement can call a function of the user's. It may
	// name the function, or hold an operator, a cast or a type that calls it.
	RunsUserCode bool

	original string
	tokens   []lex.Token
	starts   []int // of the tokens in SQL
}

// statement is what one check reads.
type statement struct {
	guard     *Guard
	tokens    []lex.Token
	catalogue *Catalogue // nil without one
	functions map[string]bool
	columns   map[sought]bool // what hasColumn found
	hidden    map[string]bool // what hides found
	clauses   []bool          // what isClause found of each FROM; nil before
	relations []bool          // what inList found of each name; nil before
}

// With returns the guard with options.
func (g *Guard) With(options Options) *Guard {
	changed := *g
	changed.options = options
	return &changed
}

// Check returns the statement to send, or a *Refusal. The catalogue is nil where
// the server has none.
func (g *Guard) Check(ctx context.Context, sql string, catalogue *Catalogue) (Statement, error) {
	if err := ctx.Err(); err != nil {
		return Statement{}, err
	}
	most := g.options.MaxBytes
	if most == 0 {
		most = DefaultMaxBytes
	}
	switch {
	case len(sql) > most:
		return Statement{}, refusal(fmt.Sprintf("it has %d bytes; want at most %d", len(sql), most))
	case strings.ContainsRune(sql, 0):
		return Statement{}, refusal("it holds a zero byte")
	case !utf8.ValidString(sql):
		return Statement{}, refusal("it is not UTF-8")
	}
	tokens, err := g.scanner.Scan(sql)
	if err != nil {
		return Statement{}, refusal(err.Error())
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	if slices.ContainsFunc(tokens, func(t lex.Token) bool { return t.Is(";") }) {
		return Statement{}, refusal("it holds more than one statement")
	}
	if err := checkSize(tokens); err != nil {
		return Statement{}, err
	}
	s := &statement{guard: g, tokens: tokens, catalogue: catalogue, functions: map[string]bool{}, columns: map[sought]bool{}, hidden: map[string]bool{}}
	if g.split != nil {
		s.tokens = g.split(tokens)
	}
	if err := s.check(ctx); err != nil {
		return Statement{}, err
	}
	functions := make([]string, 0, len(s.functions))
	for name := range s.functions {
		functions = append(functions, name)
	}
	slices.Sort(functions)
	namesView := catalogue != nil && slices.ContainsFunc(tokens, func(t lex.Token) bool { return t.Named() && catalogue.views[t.Text] })
	runsUserCode := catalogue != nil && (g.wiresUserFunction(catalogue) ||
		slices.ContainsFunc(tokens, func(t lex.Token) bool { return t.Named() && catalogue.HasUserFunction([]string{t.Text}) }))
	spelled, starts := lex.RenderAt(tokens)
	if strings.ContainsRune(spelled, 0) { // of an escape sequence
		return Statement{}, refusal("a name in it holds a zero byte")
	}
	return Statement{SQL: spelled, Functions: functions, NamesView: namesView, RunsUserCode: runsUserCode, original: sql, tokens: tokens, starts: starts}, ctx.Err()
}

// The most parentheses around a token, and parts of a path: more only cost time.
const (
	maxDepth = 500
	maxPath  = 64
)

// checkSize refuses what would make the checks slow.
func checkSize(tokens []lex.Token) error {
	depth, path := 0, 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case t.Is("."):
			path++
		case i > 0 && !tokens[i-1].Is("."):
			path = 0
		}
		switch {
		case depth > maxDepth:
			return refusal(fmt.Sprintf("its parentheses are nested deeper than %d", maxDepth))
		case path > maxPath:
			return refusal(fmt.Sprintf("a name has more than %d parts", maxPath))
		}
	}
	return nil
}

func (s *statement) check(ctx context.Context) error {
	if err := s.guard.checkBeginning(s.tokens); err != nil {
		return err
	}
	if err := s.checkNames(ctx); err != nil {
		return err
	}
	if s.guard.also != nil {
		if err := s.guard.also(s.tokens); err != nil {
			return err
		}
	}
	if s.guard.names == nil {
		return nil
	}
	return s.guard.names(s)
}

// checkBeginning examines the first word, past opening parentheses, and past
// EXPLAIN that of the statement explained, which may be run for it.
func (g *Guard) checkBeginning(tokens []lex.Token) error {
	first := slices.IndexFunc(tokens, func(t lex.Token) bool { return !t.Is("(") })
	if first < 0 {
		return refusal("it is empty")
	}
	t := tokens[first]
	if !g.reads(t) {
		return refusal("it begins with " + strings.ToUpper(t.Text) +
			", and only statements that read may run: " + strings.ToUpper(strings.Join(g.reading, ", ")))
	}
	if !slices.Contains(explaining, t.Text) || g.objects {
		return nil
	}
	explained := g.explained(tokens[first+1:])
	if g.tables && isTable(explained) {
		return nil
	}
	return g.checkBeginning(explained)
}

// explaining are the words that a statement stands behind, or, in MySQL, a table
// to describe.
var explaining = []string{"explain", "describe", "desc"}

// isTable reports whether tokens are a table's name and perhaps a column's:
// a, a.b, a.b c, a.b 'c%'.
func isTable(tokens []lex.Token) bool {
	if len(tokens) > 2 && tokens[1].Is(".") {
		tokens = tokens[2:]
	}
	return len(tokens) > 0 && len(tokens) <= 2 && tokens[0].Named() &&
		(len(tokens) == 1 || tokens[1].Named() || tokens[1].Kind == lex.String)
}

func (g *Guard) reads(t lex.Token) bool {
	return t.Kind == lex.Word && slices.Contains(g.reading, t.Text)
}

// explained returns the statement after EXPLAIN's options: words, format = word,
// or a list in parentheses.
func (g *Guard) explained(tokens []lex.Token) []lex.Token {
	options := []string{"analyze", "analyse", "verbose", "query", "plan", "extended", "partitions"}
	for len(tokens) > 0 && tokens[0].Kind == lex.Word && slices.Contains(options, tokens[0].Text) {
		tokens = tokens[1:]
	}
	if len(tokens) > 2 && tokens[0].IsWord("format") && tokens[1].Is("=") {
		tokens = tokens[3:]
	}
	if len(tokens) > 1 && tokens[0].Is("(") && tokens[1].Kind == lex.Word && !g.reads(tokens[1]) {
		end := slices.IndexFunc(tokens, func(t lex.Token) bool { return t.Is(")") })
		return tokens[end+1:]
	}
	return tokens
}

// checkNames examines names by the dialect's static lists.
func (s *statement) checkNames(ctx context.Context) error {
	for i, t := range s.tokens {
		if !t.Named() {
			continue
		}
		if slices.Contains(s.guard.hidden, t.Text) {
			return refusal(t.Text + " may not be read")
		}
		called := s.calls(i)
		if called {
			s.functions[t.Text] = true
		}
		if !called && !isField(s.tokens[:i]) {
			continue
		}
		if s.guard.refused(t.Text) || !called && s.guard.examines(t.Text) {
			return refusal("the function " + t.Text + " may not be called")
		}
		if slices.Contains(s.guard.sqlCalls, t.Text) && !behind(s.tokens[:i], "as") {
			if err := s.checkArguments(ctx, t.Text, i+2); err != nil {
				return err
			}
		}
	}
	return nil
}

// examines reports whether the guard examines the arguments of a function, which
// another syntax than a call would hide.
func (g *Guard) examines(function string) bool {
	return slices.Contains(g.sqlCalls, function) || slices.Contains(g.examined, function)
}

// calls reports whether the name at i stands before an opening parenthesis.
func (s *statement) calls(i int) bool {
	return i+1 < len(s.tokens) && s.tokens[i].Named() && s.tokens[i+1].Is("(")
}

// isField reports whether the name behind the tokens is a field of an
// expression: PostgreSQL takes (x).f, a[1].f and (x).a.f for calls of f, too.
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-USAGE
func isField(tokens []lex.Token) bool {
	for i := len(tokens); i >= 2 && tokens[i-1].Is("."); i -= 2 {
		if !tokens[i-2].Named() {
			return true
		}
	}
	return false
}

// checkArguments checks the SQL that a function runs, up to the closing parenthesis of
// the call, and replaces it with the spelling to send. SQL that is composed at run time
// cannot be checked. So each argument must be one constant.
func (s *statement) checkArguments(ctx context.Context, function string, first int) error {
	for i := first; i < len(s.tokens); i++ {
		t, separator := s.tokens[i], (i-first)%2 == 1
		switch {
		case separator && t.Is(")"):
			return nil
		case separator && t.Is(","), !separator && t.Kind == lex.Number:
		case !separator && t.Kind == lex.String:
			inner, err := s.guard.Check(ctx, t.Text, s.catalogue)
			if err != nil {
				return err
			}
			s.tokens[i].Text, s.tokens[i].SQL = inner.SQL, lex.PostgresString(inner.SQL)
		default:
			return refusal("the arguments of " + function + " must be plain strings")
		}
	}
	return refusal("a parenthesis is not closed")
}

// begins reports whether tokens begin with the words of a phrase.
func begins(tokens []lex.Token, phrase string) bool {
	words := strings.Fields(phrase)
	if len(tokens) < len(words) {
		return false
	}
	for i, word := range words {
		if !tokens[i].IsWord(word) {
			return false
		}
	}
	return true
}

// behind reports whether the last of tokens is one of the words or symbols.
func behind(tokens []lex.Token, texts ...string) bool {
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return (last.Kind == lex.Word || last.Kind == lex.Symbol) && slices.Contains(texts, last.Text)
}

// closes returns the index of the parenthesis that closes the one at open, or
// the number of tokens.
func closes(tokens []lex.Token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		switch {
		case tokens[i].Is("("):
			depth++
		case tokens[i].Is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens)
}

// Refusal is the error of a statement that may not be sent.
type Refusal struct{ Reason string }

func (e *Refusal) Error() string { return "the statement was refused: " + e.Reason }

func refusal(reason string) *Refusal { return &Refusal{Reason: reason} }
