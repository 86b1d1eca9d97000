package history

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	evening = time.Date(2026, 11, 28, 23, 30, 0, 0, time.UTC)

	first = Record{
		RequestID: "r-1", Time: evening, Caller: "9c1f", Question: "How many <customers>?", SQL: "SELECT count(*) FROM customers",
		Source: "golden", Outcome: "ok", GenerationMS: 0.1, DatabaseMS: 2, TotalMS: 3,
	}
	second   = Record{RequestID: "r-2", Time: evening.Add(time.Hour), Question: "Why?", Outcome: "generator_refused", InputTokens: 7}
	feedback = Feedback{RequestID: "r-1", Time: evening.Add(2 * time.Hour), Verdict: Wrong, SQL: "SELECT 1", Comment: "half", Record: first}
)

func object(t *testing.T, value any) *fstest.MapFile {
	t.Helper()
	line, err := Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: line}
}

func TestKeysNameTheDayOfTheQuestion(t *testing.T) {
	berlin := first
	berlin.Time = first.Time.In(time.FixedZone("CET", 3600)) // already the next day there
	for want, got := range map[string]string{
		"history/day=2026-11-28/r-1.jsonl":  berlin.Key(),
		"history/day=2026-11-29/r-2.jsonl":  second.Key(),
		"feedback/day=2026-11-28/r-1.jsonl": feedback.Key(),
	} {
		if got != want {
			t.Errorf("key %s; want %s", got, want)
		}
	}
}

func TestFolderReturnsWhatWasWritten(t *testing.T) {
	folder := Folder{fstest.MapFS{
		second.Key():                       object(t, second),
		first.Key():                        object(t, first),
		feedback.Key():                     object(t, feedback),
		"history/day=2026-11-28/README.md": &fstest.MapFile{Data: []byte("a note")},
	}}
	records, err := Records(t.Context(), folder, time.Time{})
	if diff := cmp.Diff([]Record{first, second}, records); err != nil || diff != "" {
		t.Errorf("records: %v\n%s", err, diff)
	}
	ratings, err := Ratings(t.Context(), folder, time.Time{})
	if diff := cmp.Diff([]Feedback{feedback}, ratings); err != nil || diff != "" {
		t.Errorf("ratings: %v\n%s", err, diff)
	}
}

func TestReadersSkipEarlierDays(t *testing.T) {
	folder := Folder{fstest.MapFS{first.Key(): object(t, first), second.Key(): object(t, second), feedback.Key(): object(t, feedback)}}
	for since, want := range map[time.Time]int{evening: 2, evening.Add(time.Hour): 1, evening.Add(48 * time.Hour): 0} {
		if records, err := Records(t.Context(), folder, since); err != nil || len(records) != want {
			t.Errorf("since %v: %d records, %v; want %d", since, len(records), err, want)
		}
	}
}

func TestReadersAcceptAnEmptyFolder(t *testing.T) {
	records, err := Records(t.Context(), Folder{fstest.MapFS{}}, time.Time{})
	if err != nil || len(records) != 0 {
		t.Errorf("%v, %v; want none", records, err)
	}
}

func TestDecodeIgnoresFieldsOfLaterVersions(t *testing.T) {
	records, err := Decode[Record]([]byte("{\"request_id\":\"a\",\"mood\":1}\n\n{\"request_id\":\"b\"}\n"))
	if err != nil || len(records) != 2 || records[1].RequestID != "b" {
		t.Errorf("%v, %v; want a and b", records, err)
	}
}

func TestReadersNameAnInvalidLine(t *testing.T) {
	folder := Folder{fstest.MapFS{first.Key(): &fstest.MapFile{Data: []byte("{}\n[1]\n")}}}
	_, err := Records(t.Context(), folder, time.Time{})
	if err == nil || !strings.HasPrefix(err.Error(), "history/day=2026-11-28/r-1.jsonl: line 2: ") {
		t.Errorf("error %v; want key and line", err)
	}
}

func TestIsID(t *testing.T) {
	for text, want := range map[string]bool{
		"5f0d1c9e-8a4e-4c53-9c4b-2f1f1c3f2a11": true, "QCBWWVTTEZTSSK5TRUTTPSF6XR": true, "JKJaXmPLvHcESHA=": true,
		"": false, "../history": false, "a/b": false, "a.b": false, "a b": false, "a\n": false, "ä": false, strings.Repeat("a", 129): false,
	} {
		if IsID(text) != want {
			t.Errorf("IsID(%q) = %v", text, !want)
		}
	}
}
