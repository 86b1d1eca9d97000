package generate

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// meaning is what matching looks at in a question: sorted stems, each once.
type meaning struct {
	words []string // all but stop words
	exact []string // those of them that the same question must have too
}

// agrees reports whether two questions can be the same in spite of different
// words: each has what is exact in the other, and where both have words of one
// class, they have the same ones.
func (m meaning) agrees(other meaning, classes [][]string) bool {
	if !within(m.exact, other.words) || !within(other.exact, m.words) {
		return false
	}
	return !slices.ContainsFunc(classes, func(class []string) bool {
		mine, theirs := common(m.words, class), common(other.words, class)
		return len(mine) > 0 && len(theirs) > 0 && !slices.Equal(mine, theirs)
	})
}

// language knows enough English to tell what a question means. It is made when
// it is needed: compiling it would cost every cold start something.
type language struct {
	stop    []string
	exact   []string
	folded  map[string]string
	classes [][]string
	word    *regexp.Regexp
	quoted  *regexp.Regexp
}

const (
	stopWords = `a all also am an and any anything are as at be been being by can could did do does each every find for
		from get give had has have here how i if in into is it its let list lists me might much my named of on or
		our per please return retrieve see shall should show shows so tell than that the their them then there these
		they this those to us want was we were what when where which who whom whose why will with would you your`

	exactWords = `count not hour day week month quarter year weekday weekend monday tuesday wednesday thursday friday
		saturday sunday january february march april june july august september october november december`

	// Other words for the same: numbers, periods and irregular forms.
	sameWords = `many count, number count, counted count, counts count,
		no not, never not, neither not, nor not, none not, nobody not, without not, except not, excluding not, cannot not,
		two 2, three 3, four 4, five 5, six 6, seven 7, eight 8, nine 9, ten 10, eleven 11, twelve 12, twenty 20,
		hourly hour, daily day, weekly week, monthly month, quarterly quarter, yearly year, annual year, annually year,
		mean average, avg average, sum total, maximum max, minimum min,
		most highest, greatest highest, largest highest, biggest highest,
		least lowest, fewest lowest, smallest lowest, latest newest, earliest oldest,
		more above, over above, greater above, exceeding above, less below, fewer below, under below,
		sold sell, bought buy, spent spend, paid pay, made make, gave give, got get, ran run, won win, grew grow, people person`

	wordClasses = `average total median max min,
		highest lowest, best worst, top bottom, first last, previous next, newest oldest, above below, before after,
		increase decrease, rise fall, ascending descending, active inactive, male female`
)

func newLanguage() *language {
	l := &language{
		stop:   strings.Fields(stopWords),
		folded: map[string]string{},
		word:   regexp.MustCompile(`\d+(?:[.,:/-]\d+)*|[\pL\pN_]+(?:['’]\pL+)?`),
		quoted: regexp.MustCompile(`"[^"]+"|“[^”]+”|‘[^’]+’|(?:^|\s)'[^']+'`),
	}
	for entry := range strings.SplitSeq(sameWords, ",") {
		word, same, _ := strings.Cut(strings.TrimSpace(entry), " ")
		l.folded[word] = same
	}
	l.exact = l.stems(exactWords)
	for class := range strings.SplitSeq(wordClasses, ",") {
		l.classes = append(l.classes, l.stems(class))
	}
	return l
}

func (l *language) stems(text string) []string {
	var stems []string
	for _, word := range l.word.FindAllString(text, -1) {
		stems = append(stems, l.stem(word))
	}
	return sorted(stems)
}

// understand reads a question.
func (l *language) understand(question string) meaning {
	var m meaning
	for _, text := range l.quoted.FindAllString(question, -1) {
		m.exact = append(m.exact, l.stems(text)...)
	}
	for i, word := range l.word.FindAllString(question, -1) {
		lower := strings.ToLower(word)
		acronym := len(word) > 1 && word == strings.ToUpper(word) // "US" is no stop word
		if !acronym && slices.Contains(l.stop, lower) {
			continue
		}
		stem := l.stem(lower)
		m.words = append(m.words, stem)
		name := i > 0 && unicode.IsUpper(first(word))
		if name || unicode.IsDigit(first(stem)) || contains(l.exact, stem) {
			m.exact = append(m.exact, stem)
		}
	}
	m.words = sorted(append(m.words, m.exact...))
	m.exact = sorted(m.exact)
	return m
}

// stem brings the forms of a word together: "orders" and "ordered", "sold" and
// "selling", "1,000" and "1000", "didn't" and "not".
func (l *language) stem(word string) string {
	word = strings.ReplaceAll(strings.ToLower(word), "’", "'")
	if strings.HasSuffix(word, "n't") {
		return "not"
	}
	if unicode.IsDigit(first(word)) {
		return strings.ReplaceAll(word, ",", "")
	}
	if same, ok := l.folded[word]; ok {
		word = same
	}
	return english.Stem(word, true)
}

func first(word string) rune {
	letter, _ := utf8.DecodeRuneInString(word)
	return letter
}

// weights tells how much each word of some texts says: the more, the fewer of
// them have it.
type weights struct {
	word    map[string]float64
	unknown float64
}

// weigh learns from texts, each a set of words.
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

// score is the weight of the words in both a and b by that of those in either.
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

// The functions below treat a sorted list without repetition as a set.

func sorted(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

func contains(set []string, word string) bool {
	_, found := slices.BinarySearch(set, word)
	return found
}

func within(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(word string) bool { return !contains(whole, word) })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(word string) bool { return !contains(b, word) })
}
