package generate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// GoldenFile is the name of the file of question/SQL pairs in the dependencies:
// a JSON list of {"question": "…", "sql": "…"}.
const GoldenFile = "golden.json"

// threshold is the least score that counts as the same question. Exchanging
// one telling word out of five gives less.
const threshold = 0.7

// verbatim is the score of a question that is known word by word: more than
// that of one with the same words in another order.
const verbatim = 2

// nearestCount is how many known questions a refusal names.
const nearestCount = 3

// Golden answers the questions whose SQL somebody wrote down, and no others:
// it never adapts a statement.
//
// A question is matched by its words, of which order, case, endings and stop
// words don't count. Each word weighs the more, the fewer known questions have
// it, and a word that none has weighs twice the most. The score is the weight
// of the words that both questions have, by the weight of those that either
// has: 1 for the same words, 0 for none in common.
//
// What changes an answer in spite of a good score must be in both questions:
// numbers, quoted text, names (capitals within the sentence), periods (month,
// July, …), "how many" and negations. Where both have such words, the
// aggregates (average, total, …) and the directions (most or least, before or
// after) must be the same.
type Golden struct {
	language *language
	pairs    []pair
	weights  weights
}

type pair struct {
	Question string `json:"question"`
	SQL      string `json:"sql"`
	meaning  meaning
}

// OpenGolden reads the pairs from directory. The error holds every problem of
// the file.
func OpenGolden(directory string) (*Golden, error) {
	pairs, err := readPairs(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the golden generator needs %s in the dependencies: not found", GoldenFile)
	}
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("the golden generator needs question/SQL pairs in %s: it holds no pair", GoldenFile)
	}
	return newGolden(pairs), nil
}

func readPairs(directory string) ([]pair, error) {
	path := filepath.Join(directory, GoldenFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read golden queries: %w", err)
	}
	pairs, err := parsePairs(data)
	if err != nil {
		return nil, fmt.Errorf("read golden queries from %s: %w", path, err)
	}
	return pairs, nil
}

func parsePairs(data []byte) ([]pair, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var pairs []pair
	if err := decoder.Decode(&pairs); err != nil {
		return nil, fmt.Errorf(`%w; valid: a JSON list of {"question": "…", "sql": "…"}`, err)
	}
	var problems []error
	seen := map[string]int{}
	for i, p := range pairs {
		key := text(p.Question)
		switch first, twice := seen[key]; {
		case key == "" || strings.TrimSpace(p.SQL) == "":
			problems = append(problems, fmt.Errorf("pair %d: needs a question and its sql", i+1))
		case twice:
			problems = append(problems, fmt.Errorf("pair %d: asks the same as pair %d", i+1, first))
		default:
			seen[key] = i + 1
		}
	}
	return pairs, errors.Join(problems...)
}

// text is a question's wording without case and spacing.
func text(question string) string {
	return strings.ToLower(strings.Join(strings.Fields(question), " "))
}

func newGolden(pairs []pair) *Golden {
	g := &Golden{language: newLanguage(), pairs: pairs}
	texts := make([][]string, len(pairs))
	for i := range g.pairs {
		g.pairs[i].meaning = g.language.understand(g.pairs[i].Question)
		texts[i] = g.pairs[i].meaning.words
	}
	g.weights = weigh(texts)
	return g
}

type candidate struct {
	pair  *pair
	score float64
	same  bool // in all that changes an answer
}

// Generate returns the SQL of the known question that asks the same. Without
// one, or between two that score the same, it refuses and names the nearest.
func (g *Golden) Generate(_ context.Context, question Question) (Query, error) {
	candidates := g.rank(question.Text)
	matches := slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool {
		return !c.same || c.score < threshold
	})
	if len(matches) == 0 || len(matches) > 1 && matches[0].score == matches[1].score {
		return Query{}, doesNotKnow(candidates)
	}
	best := matches[0].pair
	reason, err := json.Marshal("This is the golden query for: " + best.Question)
	if err != nil {
		return Query{}, &Error{Kind: Refused, Message: "The golden query cannot be explained.", Cause: err}
	}
	return Query{SQL: best.SQL, Reason: reason, PreviousContext: list(question.PreviousContext)}, nil
}

// rank returns the known questions, best score first.
func (g *Golden) rank(question string) []candidate {
	asked := g.language.understand(question)
	candidates := make([]candidate, len(g.pairs))
	for i := range g.pairs {
		known := &g.pairs[i]
		candidates[i] = candidate{
			pair:  known,
			score: g.weights.score(asked.words, known.meaning.words),
			same:  asked.agrees(known.meaning, g.language.classes),
		}
		if text(question) == text(known.Question) {
			candidates[i].score, candidates[i].same = verbatim, true
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return candidates
}

func doesNotKnow(candidates []candidate) *Error {
	message := "I do not know this question. The nearest that I know:"
	for _, c := range candidates[:min(nearestCount, len(candidates))] {
		message += "\n- " + c.pair.Question
	}
	return &Error{Kind: Refused, Message: message}
}

// Retry refuses: a golden query is all there is for its question.
func (g *Golden) Retry(context.Context, Question, Failure) (string, error) {
	return "", &Error{Kind: Refused, Message: "A golden query has no second version."}
}
