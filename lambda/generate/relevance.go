package generate

import (
	"cmp"
	"slices"
	"strings"

	"defog-cdk/lambda/schema"
)

// BM25's usual constants: how much a text's length counts against it. How often
// a text has a word does not count, names have it once.
const (
	bm25K = 1.2
	bm25B = 0.75
)

// index tells how much each of some texts is about a question.
type index struct {
	language *language
	texts    [][]string // the stems of each text, as a set
	weights  weights
	average  float64 // of stems in a text
}

func newIndex(language *language, texts []string) *index {
	x := &index{language: language, texts: make([][]string, len(texts))}
	for i, text := range texts {
		x.texts[i] = x.words(text)
		x.average += float64(len(x.texts[i])) / float64(len(texts))
	}
	x.weights = weigh(x.texts)
	return x
}

// words are the stems of a text, also of the words that its names are made of.
func (x *index) words(text string) []string {
	return x.language.understand(strings.Join(schema.Words(text), " ")).words
}

// scores returns the relevance of each text, 0 where no word is in common.
func (x *index) scores(question string) []float64 {
	asked := x.words(question)
	scores := make([]float64, len(x.texts))
	for i, words := range x.texts {
		length := 1 - bm25B + bm25B*float64(len(words))/max(x.average, 1)
		scores[i] = x.weights.sum(common(asked, words)) * (bm25K + 1) / (1 + bm25K*length)
	}
	return scores
}

// best returns positions by falling score, equal ones in their order.
func best(scores []float64) []int {
	positions := make([]int, len(scores))
	for i := range positions {
		positions[i] = i
	}
	slices.SortStableFunc(positions, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return positions
}
