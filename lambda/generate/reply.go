package generate

import (
	"encoding/json"
	"regexp"
	"strings"
)

// answer is the object that a model is asked for. The reason comes first: a
// model that has to explain itself beforehand writes better SQL.
type answer struct {
	Reason string `json:"reason"`
	SQL    string `json:"sql"`
}

// answerSchema is the answer's JSON Schema, in the subset that OpenAI's strict
// mode takes.
func answerSchema() map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	return map[string]any{
		"type": "object",
		"properties": map[string]any{
			"reason": text("One or two sentences that explain the query to who asked, or why there is none."),
			"sql":    text("The query, or nothing if the schema cannot answer the question."),
		},
		"required":             []string{"reason", "sql"},
		"additionalProperties": false,
	}
}

// reader finds answers in replies.
type reader struct{ fenced, bare, quoted *regexp.Regexp }

func newReader() reader {
	return reader{
		fenced: regexp.MustCompile("(?s)```[A-Za-z]*\\s*\n?(.*?)```"),
		bare:   regexp.MustCompile(`(?i)^(select|with|values)\b`),
		// Strings, quoted names and comments, as all databases have them.
		quoted: regexp.MustCompile("(?s)'(?:[^'\\\\]|''|\\\\.)*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\\*.*?\\*/"),
	}
}

// read finds the answer in a reply: the object, whatever is said around it, or
// else a bare query. A problem is for the model.
func (r reader) read(reply string) (a answer, problem string) {
	if _, after, thought := strings.Cut(reply, "</think>"); thought {
		reply = after // models that reason aloud do it there
	}
	begin, end := strings.IndexByte(reply, '{'), strings.LastIndexByte(reply, '}')
	var found struct {
		Reason string  `json:"reason"`
		SQL    *string `json:"sql"`
	}
	switch text := r.unfence(reply); {
	case begin >= 0 && begin < end && json.Unmarshal([]byte(reply[begin:end+1]), &found) == nil && found.SQL != nil:
		a = answer{SQL: *found.SQL, Reason: found.Reason}
	case r.bare.MatchString(text):
		a.SQL = text
	default:
		return a, `it is not the JSON object {"reason": "…", "sql": "…"}`
	}
	a.SQL = strings.TrimRight(r.unfence(a.SQL), "; \t\r\n")
	if strings.Contains(r.quoted.ReplaceAllString(a.SQL, ""), ";") {
		return a, "it holds more than one statement"
	}
	return a, ""
}

// unfence returns what stands in the first code block, or the text without one.
func (r reader) unfence(text string) string {
	if block := r.fenced.FindStringSubmatch(text); block != nil {
		text = block[1]
	}
	return strings.TrimSpace(text)
}
