package fanout

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachLineIsAnItem(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string
		err  string
	}{
		"objects":             {"{\"a\": 1}\n{\"a\": 2}\n", []string{`{"a":1}`, `{"a":2}`}, ""},
		"no final newline":    {"1\n2", []string{"1", "2"}, ""},
		"Windows":             {"\ufeff1\r\n\r\n2\r\n", []string{"1", "2"}, ""},
		"numbers as they are": {"12345678901234567890\n1.10\n", []string{"12345678901234567890", "1.10"}, ""},
		"any value":           {"null\n\"x\"\n[1, 2]\n", []string{"null", `"x"`, "[1,2]"}, ""},
		"empty":               {"\n \n", nil, "items.jsonl: no items; want one JSON value a line"},
		"not JSON":            {"1\n\n{a}\n", []string{"1"}, "items.jsonl:3: is not JSON: "},
		"JSON of lines":       {"{\n\"a\": 1}\n", nil, "items.jsonl:1: is not JSON: "},
		"NaN":                 {"1\n{\"x\": NaN}\n", []string{"1"}, "items.jsonl:2: contains NaN, which is not JSON"},
		"a large event":       {`"` + strings.Repeat("x", maxEvent) + `"`, nil, "items.jsonl:1: the event has 190002 bytes; want up to 190000"},
		"other encodings":     {"1\n\"\xe9\"\n", []string{"1"}, "items.jsonl:2: contains bytes that are not UTF-8"},
		"an endless line":     {"1\n" + strings.Repeat(" ", 5*maxEvent) + "1", []string{"1"}, "items.jsonl:2: the line has more than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			var failure string
			for event, err := range ReadItems("items.jsonl", strings.NewReader(test.file)) {
				if err != nil {
					failure = err.Error()
					continue
				}
				got = append(got, string(event))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !strings.HasPrefix(failure, test.err) || test.err == "" && failure != "" {
				t.Errorf("error %q, want %q", failure, test.err)
			}
		})
	}
}

func events(texts ...string) func(func(json.RawMessage, error) bool) {
	return func(yield func(json.RawMessage, error) bool) {
		for _, text := range texts {
			if !yield(json.RawMessage(text), nil) {
				return
			}
		}
	}
}

// Step Functions accepts 256 KiB with the cause of a failure.
func TestLinesHoldEventsAsTheyAre(t *testing.T) {
	f, c := newFake(t)
	event := `{"a":"` + strings.Repeat("<&>\u2028", 31_000) + `"}`
	attempt, err := c.Create(t.Context(), Run{Name: "angles", Kind: Each, Options: options}, events(event))
	if err != nil {
		t.Fatal(err)
	}
	const causeAndOthers = 2*32_768 + 1000
	if content := f.content(attempt.Run.itemsKey(1)); content != `{"index":"00000000","event":`+event+"}\n" || len(content)+causeAndOthers > 256<<10 {
		t.Errorf("the line has %d bytes", len(content))
	}
}

func TestNamesAreValid(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "A-b_9": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "-a": false, "a/b": false, "a.b": false, "ä": false, "a b": false, "a\n": false,
	} {
		if err := ValidateName("--name", name); (err == nil) != valid {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, file := range []string{"items.jsonl", "/tmp/a b/ü.jsonl", "-", ".jsonl", strings.Repeat("long-", 50) + ".jsonl", "--.x"} {
		first, second := NewName(file, now), NewName(file, now)
		if err := ValidateName("--name", first); err != nil || first == second {
			t.Errorf("%s: %v: %s, %s", file, err, first, second)
		}
	}
}
