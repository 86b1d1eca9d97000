package generator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Model holds the answers of a stand-in for a language model. It must not change
// after the first request.
type Model struct {
	// SQL holds the statements by question.
	SQL map[string]string
	// Fixes holds the next statement by the failed one.
	Fixes map[string]string
	// Plain makes a model whose API cannot enforce the form of an answer.
	Plain bool
	// Assumptions and Filters hold what the model states by question, and Clarifications
	// what it asks back, if the prompt asks for that.
	Assumptions, Filters map[string][]string
	Clarifications       map[string]Clarification
	// Caches makes a model that caches the beginning of a prompt.
	Caches bool
	// TooLong holds questions whose reply reaches the model's limit of tokens.
	TooLong []string
	// Slow holds questions whose reply comes after the channel is closed.
	Slow map[string]<-chan struct{}
}

// script waits for the reply to a slow question, and reports whether the reply to the
// last question reaches the limit of tokens.
func (m *Model) script(turns []turn) (isTooLong bool) {
	question := questionIn(turns)
	if ready, ok := m.Slow[question]; ok {
		<-ready
	}
	return slices.Contains(m.TooLong, question)
}

// questionIn returns the question of a conversation.
func questionIn(turns []turn) string {
	_, question, _ := strings.Cut(turns[0].text, "<question>\n")
	question, _, _ = strings.Cut(question, "\n</question>")
	return question
}

// Clarification is a question about an ambiguous question.
type Clarification struct {
	Question string
	Options  []string
}

// turn is one turn of a conversation, in whichever API's words.
type turn struct{ role, text string }

// answer is the object that the prompt asks for.
type answer struct {
	Reason        string   `json:"reason"`
	Assumptions   []string `json:"assumptions,omitempty"`
	Filters       []string `json:"filters,omitempty"`
	Clarification string   `json:"clarification,omitempty"`
	Options       []string `json:"options,omitempty"`
	SQL           string   `json:"sql"`
}

// answer answers the last question, or fixes the statement given for it. It
// returns false for a conversation that no API would take. The system prompt names the
// answer's fields.
func (m *Model) answer(system string, turns []turn) (answer, bool) {
	asks := func(field string) bool { return strings.Contains(system, `"`+field+`": `) }
	for i, t := range turns {
		if want := []string{"user", "assistant"}[i%2]; t.role != want || strings.TrimSpace(t.text) == "" {
			return answer{}, false
		}
	}
	if len(turns)%2 == 0 {
		return answer{}, false
	}
	if len(turns) > 1 {
		var given answer
		if json.Unmarshal([]byte(turns[len(turns)-2].text), &given) != nil {
			return answer{}, false
		}
		return m.reply(m.Fixes[given.SQL]), true
	}
	question := questionIn(turns)
	a := m.reply(m.SQL[question])
	if asks("assumptions") {
		a.Assumptions, a.Filters = m.Assumptions[question], m.Filters[question]
	}
	if back, ok := m.Clarifications[question]; ok && asks("clarification") && !strings.Contains(turns[0].text, "Ask for no clarification.") {
		return answer{Clarification: back.Question, Options: back.Options}, true
	}
	return a, true
}

func (m *Model) reply(sql string) answer {
	if sql == "" {
		return answer{Reason: "The stand-in has no SQL for this question."}
	}
	return answer{SQL: sql, Reason: "The test defines this answer."}
}

// text formats an answer as a model does: with a preface unless a format is
// enforced.
func (a answer) text(enforced bool) string {
	body, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		panic(err) // two texts always have a JSON form
	}
	if enforced {
		return string(body)
	}
	return "Here is the query:\n\n```json\n" + string(body) + "\n```\n"
}

// Reply answers with the given status and body, as JSON.
func Reply(status int, body string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // a client that is gone needs no answer
	})
}

// strict decodes value as what, and refuses fields that the API does not have.
func strict(value, what any) bool {
	data, err := json.Marshal(value)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	return decoder.Decode(what) == nil
}

// isAnswerSchema reports whether schema is an object's of an answer's fields, all of them
// required, as OpenAI's strict mode requires it.
func isAnswerSchema(schema map[string]any) bool {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for name := range properties {
		if !slices.Contains(required, any(name)) || !slices.Contains([]string{"reason", "sql", "assumptions", "filters", "clarification", "options"}, name) {
			return false
		}
	}
	return schema["type"] == "object" && schema["additionalProperties"] == false &&
		properties["sql"] != nil && properties["reason"] != nil && len(required) == len(properties)
}
