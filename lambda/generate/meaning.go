package generate

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// meaning holds the word stems of a question that a match compares, sorted and
// unique.
type meaning struct {
	words []string // without stop words
	exact []string // the subset that a matching question must have
}

// agrees reports whether two questions can match. Each must have the exact words
// of the other. If both have words of one class, these must be equal.
func (m meaning) agrees(other meaning, classes [][]string) bool {
	if !within(m.exact, other.words) || !within(other.exact, m.words) {
		return false
	}
	return !slices.ContainsFunc(classes, func(class []string) bool {
		a, b := common(m.words, class), common(other.words, class)
		return len(a) > 0 && len(b) > 0 && !slices.Equal(a, b)
	})
}

// language holds the word lists and patterns to analyze English questions. It is
// created on demand, since its compilation would slow each cold start.
type language struct {
	stop     []string
	exact    []string
	synonyms map[string]string
	classes  [][]string
	word     *regexp.Regexp
	quoted   *regexp.Regexp
}

// The word lists of English. Each line of synonyms.txt is a word and its synonym
// in the other lists; each line of classes.txt is a class of words.
var (
	//go:embed words/stop.txt
	stopWords string
	//go:embed words/exact.txt
	exactWords string
	//go:embed words/synonyms.txt
	synonyms string
	//go:embed words/classes.txt
	wordClasses string
)

func newLanguage() *language {
	l := &language{
		stop:     strings.Fields(stopWords),
		synonyms: map[string]string{},
		word:     regexp.MustCompile(`\d+(?:[.,:/-]\d+)*|[\pL\pN_]+(?:['’]\pL+)?`),
		quoted:   regexp.MustCompile(`"[^"]+"|“[^”]+”|‘[^’]+’|(?:^|\s)'[^']+'`),
	}
	for entry := range strings.Lines(synonyms) {
		word, synonym, _ := strings.Cut(strings.TrimSpace(entry), " ")
		l.synonyms[word] = synonym
	}
	l.exact = l.stems(exactWords)
	for class := range strings.Lines(wordClasses) {
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

// analyze returns the stems of a question.
func (l *language) analyze(question string) meaning {
	var m meaning
	for _, text := range l.quoted.FindAllString(question, -1) {
		m.exact = append(m.exact, l.stems(text)...)
	}
	for i, word := range l.word.FindAllString(question, -1) {
		lower := strings.ToLower(word)
		acronym := len(word) > 1 && word == strings.ToUpper(word) // "US" is not a stop word
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

// stem returns the same stem for the forms of a word: "orders" and "ordered",
// "sold" and "selling", "1,000" and "1000", "didn't" and "not".
func (l *language) stem(word string) string {
	word = strings.ReplaceAll(strings.ToLower(word), "’", "'")
	if strings.HasSuffix(word, "n't") {
		return "not"
	}
	if unicode.IsDigit(first(word)) {
		return strings.ReplaceAll(word, ",", "")
	}
	if synonym, ok := l.synonyms[word]; ok {
		word = synonym
	}
	return english.Stem(word, true)
}

func first(word string) rune {
	letter, _ := utf8.DecodeRuneInString(word)
	return letter
}

// The functions below use a sorted list of unique words as a set.

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
