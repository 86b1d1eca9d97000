package main

import "strings"

// hashText returns the comments of a file in which # starts one: a script, a
// Makefile, YAML, Python. A comment behind code is skipped.
func hashText(source []byte) *text {
	t := &text{}
	for i, line := range strings.Split(string(source), "\n") {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok || strings.HasPrefix(comment, "!") || strings.TrimSpace(comment) == "" {
			t.end()
			continue
		}
		t.add(i+1, comment)
	}
	t.end()
	return t
}
