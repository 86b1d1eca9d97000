package generate

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"defog-cdk/internal/schema"
)

// weights holds the weight of each word in a set of texts. The weight grows with
// the word's rarity.
type weights struct {
	word    map[string]float64
	unknown float64
}

// weigh computes the weights for texts, each a set of words.
func weigh(texts [][]string) weights {
	count := map[string]float64{}
	for _, words := range texts {
		for _, word := range words {
			count[word]++
		}
	}
	total := float64(len(texts))
	w := weights{word: map[string]float64{}, unknown: 2 * math.Log(1+total)}
	for word, n := range count {
		w.word[word] = math.Log(1 + total/n)
	}
	return w
}

// score returns the weight of the common words of a and b, divided by the weight
// of all words in a and b.
func (w weights) score(a, b []string) float64 {
	either := w.sum(sorted(slices.Concat(a, b)))
	if either == 0 {
		return 0
	}
	return w.sum(common(a, b)) / either
}

func (w weights) sum(words []string) float64 {
	var sum float64
	for _, word := range words {
		if weight, ok := w.word[word]; ok {
			sum += weight
		} else {
			sum += w.unknown
		}
	}
	return sum
}

// BM25's usual constants, which determine the effect of a text's length. The
// number of occurrences of a word is not used, since names hold a word once.
const (
	bm25K = 1.2
	bm25B = 0.75
)

// index scores texts by their relevance to a question.
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

// words returns the stems of a text, and those of the words in its names.
func (x *index) words(text string) []string {
	return x.language.analyze(strings.Join(schema.Words(text), " ")).words
}

// scores returns the relevance of each text, which is 0 without a common word.
func (x *index) scores(question string) []float64 {
	wanted := x.words(question)
	scores := make([]float64, len(x.texts))
	for i, words := range x.texts {
		length := 1 - bm25B + bm25B*float64(len(words))/max(x.average, 1)
		scores[i] = x.weights.sum(common(wanted, words)) * (bm25K + 1) / (1 + bm25K*length)
	}
	return scores
}

// best returns positions in descending order of their scores. Its order is stable.
func best(scores []float64) []int {
	positions := make([]int, len(scores))
	for i := range positions {
		positions[i] = i
	}
	slices.SortStableFunc(positions, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return positions
}
