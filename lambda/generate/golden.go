package generate

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/caller"
)

// threshold is the minimum score of a match. A question with one of five
// significant words replaced scores lower.
const threshold = 0.7

// The scores of the same question: but for the punctuation at its end, and with it. They
// exceed the score of the same words in another order.
const (
	verbatim    = 2
	punctuation = 3
)

// nearestCount is the number of golden questions in the error for an unmatched
// question.
const nearestCount = 3

// Golden is an SQL generator that returns stored statements unchanged. It refuses
// a question without a match.
//
// A match compares the words of two questions and ignores order, case, endings
// and stop words. The weight of a word grows with its rarity among the golden
// questions; a word in none of them has twice the maximum. The score is the
// weight of the common words divided by the weight of all words. It is 1 for the
// same words, and 0 for none in common.
//
// Some words change the answer despite a high score, so both questions must have
// them. They are numbers, quoted text, names (capitals within the sentence),
// periods (month, July, …), "how many" and negations. Aggregates (average, total,
// …) and directions (most or least, before or after) must not contradict.
type Golden struct {
	language *language
	pairs    []pair
	weights  weights
}

type pair struct {
	knowledge.Pair
	meaning meaning
}

// OpenGolden reads golden.json from directory. The error lists every problem in
// the file.
func OpenGolden(directory string) (*Golden, error) {
	files, err := knowledge.Read("golden", knowledge.Folder(directory))
	if err != nil {
		return nil, err
	}
	return newGolden(files.Golden), nil
}

func newGolden(pairs []knowledge.Pair) *Golden {
	g := &Golden{language: newLanguage(), pairs: make([]pair, len(pairs))}
	texts := make([][]string, len(pairs))
	for i, golden := range pairs {
		g.pairs[i] = pair{golden, g.language.analyze(golden.Question)}
		texts[i] = g.pairs[i].meaning.words
	}
	g.weights = weigh(texts)
	return g
}

// forCaller returns the golden queries for the caller of the context. Those for others
// have no influence on the weights of words.
func (g *Golden) forCaller(ctx context.Context) *Golden {
	if !slices.ContainsFunc(g.pairs, func(p pair) bool { return p.Callers != nil }) {
		return g
	}
	claims := caller.From(ctx).Claims
	shown := &Golden{language: g.language}
	var texts [][]string
	for _, p := range g.pairs {
		if p.Callers.Include(claims.Text) {
			shown.pairs, texts = append(shown.pairs, p), append(texts, p.meaning.words)
		}
	}
	shown.weights = weigh(texts)
	return shown
}

type candidate struct {
	pair  *pair
	score float64
	same  bool // agrees in the words that change the answer
}

// Generate returns the SQL of the matching golden question. Without a match, or
// with two of the same score, it returns an error with the nearest questions.
func (g *Golden) Generate(ctx context.Context, question Question) (Query, error) {
	candidates := g.forCaller(ctx).rank(question.Text)
	matches := slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool {
		return !c.same || c.score < threshold
	})
	if len(matches) == 0 || len(matches) > 1 && matches[0].score == matches[1].score {
		return Query{}, noMatch(candidates)
	}
	best := matches[0].pair
	reason, err := goldenReason(best.Question)
	if err != nil {
		return Query{}, err
	}
	origin := FromSimilarGolden
	if matches[0].score >= verbatim {
		origin = FromGolden
	}
	return Query{SQL: best.SQL, Reason: reason, PreviousContext: list(question.PreviousContext), Source: origin}, nil
}

// NewGolden returns the generator with these golden queries.
func NewGolden(pairs []knowledge.Pair) *Golden { return newGolden(pairs) }

// Similar returns the golden queries that a question matches, the nearest one first.
func (g *Golden) Similar(question string) (pairs []knowledge.Pair) {
	for _, c := range g.rank(question) {
		if c.same && c.score >= threshold {
			pairs = append(pairs, c.pair.Pair)
		}
	}
	return pairs
}

func goldenReason(question string) (json.RawMessage, error) {
	reason, err := json.Marshal("This is the golden query for: " + question)
	if err != nil {
		return nil, &Error{Kind: Refused, Message: "The golden query's question cannot be encoded.", Cause: err}
	}
	return reason, nil
}

// rank returns the golden questions in descending order of their scores.
func (g *Golden) rank(question string) []candidate {
	wanted := g.language.analyze(question)
	candidates := make([]candidate, len(g.pairs))
	for i := range g.pairs {
		golden := &g.pairs[i]
		candidates[i] = candidate{
			pair:  golden,
			score: g.weights.score(wanted.words, golden.meaning.words),
			same:  wanted.agrees(golden.meaning, g.language.classes),
		}
		switch {
		case knowledge.Normalize(question) == knowledge.Normalize(golden.Question):
			candidates[i].score, candidates[i].same = punctuation, true
		case knowledge.Key(question) == knowledge.Key(golden.Question):
			candidates[i].score, candidates[i].same = verbatim, true
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return candidates
}

func noMatch(candidates []candidate) *Error {
	message := "No golden query matches this question. The nearest questions:"
	for _, c := range candidates[:min(nearestCount, len(candidates))] {
		message += "\n- " + c.pair.Question
	}
	return &Error{Kind: Refused, Message: message}
}

// Retry returns an error: there is one golden query for a question.
func (g *Golden) Retry(context.Context, Question, Failure) (Query, error) {
	return Query{}, &Error{Kind: Refused, Message: "The golden query has no alternative."}
}
