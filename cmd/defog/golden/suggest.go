package golden

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"defog-cdk/internal/compare"
	"defog-cdk/internal/history"
	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/generate"
)

// The kinds of entries of a report.
const (
	New         = "new"         // a golden query to add
	Known       = "known"       // golden.json has it
	Near        = "near"        // a similar question has the same SQL
	Conflict    = "conflict"    // one question, different SQL
	Disputed    = "disputed"    // one caller approved the SQL, and another refused it
	Dropped     = "dropped"     // the SQL does not run, or its text is unsafe
	Uncorrected = "uncorrected" // wrong, and no caller gave other SQL
)

// kinds is the order of entries in a report.
var kinds = []string{New, Conflict, Disputed, Dropped, Uncorrected, Near, Known}

// Report is what feedback suggests.
type Report struct {
	Judged  int            `json:"judged"`  // answers with feedback
	Skipped map[string]int `json:"skipped"` // of them, by reason
	Entries []Entry        `json:"entries"`
}

// Entry is one question of a report.
type Entry struct {
	Kind       string      `json:"kind"`
	Question   string      `json:"question"`
	Statements []Statement `json:"statements,omitempty"`
	Detail     string      `json:"detail,omitempty"`
}

// Statement is SQL for a question, with the numbers of callers.
type Statement struct {
	SQL       string `json:"sql"`
	Golden    bool   `json:"golden,omitempty"` // from golden.json
	Approved  int    `json:"approved,omitempty"`
	Corrected int    `json:"corrected,omitempty"`
	Refused   int    `json:"refused,omitempty"`
	Rows      *int   `json:"rows,omitempty"`      // nil if it did not run
	SameRows  bool   `json:"same_rows,omitempty"` // as the statement before, by another text
	Failure   string `json:"failure,omitempty"`   // the database's message
}

// Pairs returns the golden queries to add.
func (r Report) Pairs() (pairs []knowledge.Pair) {
	for _, e := range r.Entries {
		if e.Kind == New {
			pairs = append(pairs, knowledge.Pair{Question: e.Question, SQL: e.Statements[0].SQL})
		}
	}
	return pairs
}

// Count returns the number of entries of a kind.
func (r Report) Count(kind string) (n int) {
	for _, e := range r.Entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Outcome is the result of one statement.
type Outcome struct {
	SQL     string // as the server got it, without comments
	Table   compare.Table
	Rows    int
	Cut     bool   // the table lacks rows
	Failure string // the message of a statement that did not run; "" for one that ran
}

// Suggester compares feedback with golden queries.
type Suggester struct {
	Golden []knowledge.Pair

	// Run runs a statement read-only. Its error ends the run: the database is lost.
	Run func(ctx context.Context, sql string) (Outcome, error)

	// Key returns a text that equal statements have in common, whatever their white space
	// and case. HasComment reports whether a statement has a comment.
	Key        func(sql string) string
	HasComment func(sql string) bool

	Progress func(done, total int) // questions; may be nil

	outcomes map[string]Outcome // by statement: case matters to some databases
}

// Suggest returns what feedback suggests. It sorts the entries by kind and question.
func (s *Suggester) Suggest(ctx context.Context, ratings []history.Feedback) (Report, error) {
	s.outcomes = map[string]Outcome{}
	questions, skipped := collect(ratings, s.Key)
	report := Report{Judged: len(ratings), Skipped: skipped, Entries: []Entry{}}
	var candidates []Entry
	for i, q := range questions {
		entries, err := s.judge(ctx, q)
		if err != nil {
			return report, fmt.Errorf("question %q: %w", q.question, err)
		}
		for _, e := range entries {
			if e.Kind == New {
				candidates = append(candidates, e)
			} else {
				report.Entries = append(report.Entries, e)
			}
		}
		if s.Progress != nil {
			s.Progress(i+1, len(questions))
		}
	}
	report.Entries = append(report.Entries, s.removeNear(candidates)...)
	slices.SortStableFunc(report.Entries, func(a, b Entry) int {
		return cmp.Or(slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), strings.Compare(knowledge.Normalize(a.Question), knowledge.Normalize(b.Question)))
	})
	return report, nil
}

// judge returns the entries of one question.
func (s *Suggester) judge(ctx context.Context, q asked) (entries []Entry, err error) {
	add := func(kind, detail string, statements ...Statement) {
		entries = append(entries, Entry{kind, q.question, statements, detail})
	}
	if len(q.proposals) == 0 {
		detail := "an answer was judged wrong, and no caller gave the right SQL"
		if q.golden {
			detail = "the golden query was judged wrong, and no caller gave the right SQL"
		}
		var statements []Statement
		for _, p := range q.refused {
			statements = append(statements, Statement{SQL: p.sql, Refused: p.approved})
		}
		add(Uncorrected, detail, statements...)
		return entries, nil
	}
	switch {
	case !isPlain(q.question):
		add(Dropped, "the question has control characters or invisible ones")
		return entries, nil
	case strings.Contains(q.question, redacted):
		add(Dropped, "the question had a secret, which the history does not keep")
		return entries, nil
	}
	var valid []proposal
	for _, p := range q.proposals {
		reason, err := s.reasonToDrop(ctx, p.sql)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			valid = append(valid, p)
			continue
		}
		statement := s.statement(q, p)
		statement.Failure = reason
		add(Dropped, "the SQL does not run", statement)
	}
	if len(valid) == 0 {
		return entries, nil
	}
	valid = s.merge(valid)
	var statements []Statement
	isDisputed := false
	for _, p := range valid {
		for i, one := range append([]proposal{p}, p.sameRows...) {
			statement := s.statement(q, one)
			statement.SameRows = i > 0
			isDisputed = isDisputed || statement.Refused > 0
			statements = append(statements, statement)
		}
	}
	switch existing, sameSQL, err := s.existing(ctx, q, valid[0].sql); {
	case err != nil:
		return nil, err
	case isDisputed:
		add(Disputed, "one caller gave or approved the SQL, and another judged it wrong", append(statements, existing...)...)
	case len(valid) > 1:
		add(Conflict, "callers gave different SQL", append(statements, existing...)...)
	case sameSQL:
		add(Known, "golden.json has the query", statements...)
	case len(existing) > 0:
		add(Conflict, "golden.json has other SQL for the question", append(statements, existing...)...)
	default:
		add(New, "", statements...)
	}
	return entries, nil
}

// redacted stands for a secret in the history.
const redacted = "***"

// reasonToDrop returns why a statement must not become a golden query, "" if it may.
func (s *Suggester) reasonToDrop(ctx context.Context, sql string) (string, error) {
	switch {
	case !isPlain(sql):
		return "it has control characters or invisible ones", nil
	case strings.Contains(sql, redacted):
		return "it had a secret, which the history does not keep", nil
	}
	outcome, err := s.run(ctx, sql)
	return outcome.Failure, err
}

// run runs each statement once.
func (s *Suggester) run(ctx context.Context, sql string) (Outcome, error) {
	if outcome, ok := s.outcomes[sql]; ok {
		return outcome, nil
	}
	outcome, err := s.Run(ctx, sql)
	if err == nil {
		s.outcomes[sql] = outcome
	}
	return outcome, err
}

// merge returns the statements with different rows, the preferred one first. Of those
// with the same text, the preferred one has the votes of all. Others with the same rows
// keep their votes: rows can be equal by chance, or by a statement without a table. The
// statements have run.
func (s *Suggester) merge(proposals []proposal) (merged []proposal) {
	var texts []proposal
	for _, p := range proposals {
		at := slices.IndexFunc(texts, func(other proposal) bool { return other.key == p.key })
		if at < 0 {
			texts = append(texts, p)
			continue
		}
		texts[at].approved += p.approved
		texts[at].corrected += p.corrected
	}
	slices.SortStableFunc(texts, prefer)
	for _, p := range texts {
		at := slices.IndexFunc(merged, func(other proposal) bool { return s.same(other.sql, p.sql) })
		if at < 0 {
			merged = append(merged, p)
			continue
		}
		merged[at].sameRows = append(merged[at].sameRows, p)
	}
	return merged
}

// same reports whether two statements that have run are the same, by their texts or by
// their rows. Two results without rows prove nothing.
func (s *Suggester) same(a, b string) bool {
	x, y := s.outcomes[a], s.outcomes[b]
	switch {
	case x.Failure != "" || y.Failure != "":
		return false
	case s.Key(a) == s.Key(b):
		return true
	case x.Cut || y.Cut || x.Rows == 0 || y.Rows == 0:
		return false
	}
	rules := compare.Rules{Exact: true, Tolerance: compare.DefaultTolerance}
	return rules.Compare(compare.Expected{Table: x.Table}, y.Table) == nil
}

// statement returns a statement that has run for a report, with the SQL for golden.json.
func (s *Suggester) statement(q asked, p proposal) Statement {
	outcome, ran := s.outcomes[p.sql]
	statement := Statement{SQL: p.sql, Approved: p.approved, Corrected: p.corrected}
	if ran && outcome.Failure == "" {
		statement.Rows = &outcome.Rows
		if s.HasComment(p.sql) && outcome.SQL != "" {
			statement.SQL = outcome.SQL // a comment would be a part of prompts
		}
	}
	statement.Refused = q.refusals(p.key)
	return statement
}

// existing returns the statements of golden.json for a question, and whether one of them
// is the same as the SQL. The rows of one that a caller judged wrong prove nothing.
func (s *Suggester) existing(ctx context.Context, q asked, proposed string) (statements []Statement, sameSQL bool, err error) {
	for _, pair := range s.Golden {
		if !knowledge.Same(pair.Question, q.question) {
			continue
		}
		sql := trim(pair.SQL)
		outcome, err := s.run(ctx, sql)
		if err != nil {
			return nil, false, err
		}
		statement := Statement{SQL: sql, Golden: true, Refused: q.refusals(s.Key(sql)), Failure: outcome.Failure}
		if outcome.Failure == "" {
			statement.Rows = &outcome.Rows
		}
		statements = append(statements, statement)
		isSame := s.same(sql, proposed) && (statement.Refused == 0 || s.Key(sql) == s.Key(proposed))
		sameSQL = sameSQL || pair.Callers == nil && isSame
	}
	return statements, sameSQL, nil
}

// removeNear turns candidates into Near entries whose SQL another pair with a similar
// question has: of golden.json, or a candidate with more votes. Equal rows prove nothing
// for two questions: "from Berlin to Paris" and "from Paris to Berlin" are similar, and
// can have equal counts.
func (s *Suggester) removeNear(candidates []Entry) []Entry {
	slices.SortStableFunc(candidates, func(a, b Entry) int {
		x, y := a.Statements[0], b.Statements[0]
		return y.Approved + y.Corrected - x.Approved - x.Corrected
	})
	pairs := slices.DeleteFunc(slices.Clone(s.Golden), func(p knowledge.Pair) bool { return p.Callers != nil })
	keys := map[string]bool{}
	for _, pair := range pairs {
		keys[s.Key(trim(pair.SQL))] = true
	}
	for i := range candidates {
		candidate := &candidates[i]
		sql := candidate.Statements[0].SQL
		key := s.Key(sql)
		var similar []knowledge.Pair
		if keys[key] { // few statements: it compares all questions
			similar = generate.NewGolden(pairs).Similar(candidate.Question)
		}
		for _, similar := range similar {
			if s.Key(trim(similar.SQL)) == key {
				candidate.Kind, candidate.Detail = Near, "the similar question has the same SQL: "+similar.Question
				break
			}
		}
		if candidate.Kind == New {
			pairs = append(pairs, knowledge.Pair{Question: candidate.Question, SQL: sql})
			keys[key] = true
		}
	}
	return candidates
}

// isPlain reports whether a text shows all that it holds. Other characters would hide a
// part of a pull request from its reviewer.
func isPlain(text string) bool {
	run := 0 // of joiners
	for _, r := range text {
		if strings.ContainsRune(joiners, r) {
			if run++; run > maxJoiners {
				return false
			}
			continue
		}
		run = 0
		if unicode.In(r, invisible...) || r == brailleBlank || r == unicode.ReplacementChar || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) {
			return false
		}
	}
	return true
}

const (
	// joiners are the invisible characters that several scripts and emoji require: two
	// joiners, and the selectors of text and emoji.
	joiners    = "\u200c\u200d\ufe0e\ufe0f"
	maxJoiners = 2 // between visible characters: more can encode a text

	brailleBlank = '\u2800'
)

// invisible are the characters that Unicode calls ignorable.
var invisible = []*unicode.RangeTable{unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector}
