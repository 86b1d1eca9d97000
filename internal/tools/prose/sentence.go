package main

import (
	"fmt"
	"regexp"
	"strings"
)

// maxWords is STYLE's limit for a sentence.
const maxWords = 25

var (
	// stop matches the end of a sentence.
	stop         = regexp.MustCompile(`[.!?][)"'”’]*$`)
	abbreviation = regexp.MustCompile(`(?i)^\(?(?:e\.g|i\.e|etc|vs|cf|no|approx)\.$`)
	// counted matches what is a word: neither a dash nor an arrow.
	counted = regexp.MustCompile("[\\pL\\pN`]")
)

// sentences reports each sentence of a text that is longer than maxWords, at
// the line on which it starts. Vale's own rule reports the file's first line for
// a sentence that goes over several lines.
func sentences(path string, t *text) []finding {
	var findings []finding
	words, start := 0, 0
	end := func() {
		if words > maxWords {
			findings = append(findings, finding{path, start,
				fmt.Sprintf("sentence: %d words; want at most %d (Defog.Sentences)", words, maxWords)})
		}
		words = 0
	}
	for i, line := range t.lines {
		if line == "" {
			end()
		}
		line = codeSpan.ReplaceAllStringFunc(line, func(code string) string { return strings.ReplaceAll(code, " ", "_") })
		for _, field := range strings.Fields(line) {
			if !counted.MatchString(field) {
				continue
			}
			if words++; words == 1 {
				start = t.sources[i]
			}
			if stop.MatchString(field) && !abbreviation.MatchString(field) {
				end()
			}
		}
	}
	end()
	return findings
}
