package docs

import (
	"regexp"
	"strings"
	"testing"
)

var testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")

// TestLambdaPageNamesTests verifies that each row of lambda.md names a test that exists,
// and that each behavior has AWS's page.
func TestLambdaPageNamesTests(t *testing.T) {
	var code strings.Builder
	for _, source := range sources(t, ".go") {
		code.WriteString(source)
	}
	rows, previous := 0, ""
	for line := range strings.Lines(sources(t, ".md")["docs/lambda.md"]) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || strings.HasPrefix(line, "| Lambda |") {
			continue
		}
		rows++
		names := testName.FindAllStringSubmatch(cells[2], -1)
		if len(names) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, name := range names {
			if !strings.Contains(code.String(), "\nfunc "+name[1]+"(t *testing.T)") {
				t.Errorf("%s does not exist: %s", name[1], line)
			}
		}
		if !strings.Contains(cells[0], "](https://docs.aws.amazon.com/") && (cells[0] != "| the same" || previous == "") {
			t.Errorf("no page of AWS: %s", line)
		}
		previous = cells[0]
	}
	if rows < 15 {
		t.Errorf("%d rows, want the whole page", rows)
	}
}
