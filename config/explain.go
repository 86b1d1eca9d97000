package config

import (
	"fmt"
	"strings"
)

// Explain formats an error for the terminal: a line per problem.
func Explain(err error) string {
	problems := flatten(err)
	if len(problems) == 1 {
		return fmt.Sprintf("defog-cdk: %v\n", problems[0])
	}
	var text strings.Builder
	fmt.Fprintf(&text, "defog-cdk: %d problems:\n", len(problems))
	for _, problem := range problems {
		fmt.Fprintf(&text, "  - %v\n", problem)
	}
	return text.String()
}

func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var problems []error
	for _, err := range joined.Unwrap() {
		problems = append(problems, flatten(err)...)
	}
	return problems
}
