package ask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/internal/suggest"
	"defog-cdk/lambda/generate"
)

const (
	maxQuestion = 10_000  // characters of the question
	maxContext  = 256_000 // bytes of each field that goes along with it
	maxName     = 64      // bytes of an unknown field's name that are looked at
	maxProblems = 20      // that an answer lists
)

// request is what the caller asks, and how it wants to be answered.
type request struct {
	question generate.Question
	profile  bool // the answer says how long each step took
	sqlOnly  bool // the SQL is wanted, not its rows
}

// fields returns where each field of a request belongs.
func (r *request) fields() map[string]any {
	options := &r.question.Options
	return map[string]any{
		"question":                         &r.question.Text,
		"hard_filters":                     &r.question.HardFilters,
		"previous_context":                 (*list)(&r.question.PreviousContext),
		"profile":                          &r.profile,
		"sql_only":                         &r.sqlOnly,
		"glossary":                         &options.Glossary,
		"dev":                              &options.Dev,
		"temp":                             &options.Temp,
		"ignore_cache":                     &options.IgnoreCache,
		"model":                            &options.Model,
		"use_golden_queries":               &options.UseGoldenQueries,
		"subtable_pruning":                 &options.SubtablePruning,
		"glossary_pruning":                 &options.GlossaryPruning,
		"prune_max_tokens":                 &options.PruneMaxTokens,
		"prune_bm25_num_columns":           &options.PruneBM25NumColumns,
		"prune_glossary_max_tokens":        &options.PruneGlossaryMaxTokens,
		"prune_glossary_num_cos_sim_units": &options.PruneGlossaryNumCosSimUnits,
		"prune_glossary_bm25_units":        &options.PruneGlossaryBM25Units,
	}
}

// list is any JSON list, kept as it came.
type list json.RawMessage

// UnmarshalJSON refuses what is no list.
func (l *list) UnmarshalJSON(data []byte) error {
	if data[0] != '[' {
		return errors.New("not a list")
	}
	*l = slices.Clone(data)
	return nil
}

// parseRequest reads a request. A failure names all problems at once, up to
// maxProblems of them.
func parseRequest(body []byte) (request, *failure) {
	r := request{question: generate.Question{Options: generate.DefaultOptions()}}
	if len(body) > maxBody {
		return r, &failure{code: RequestTooLarge, message: fmt.Sprintf("The body has %d bytes; valid: at most %d.", len(body), maxBody)}
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return r, &failure{code: BadRequest, message: syntaxError(body, err)}
	}

	var problems []string
	targets := r.fields()
	names := slices.Sorted(maps.Keys(targets))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		target, known := targets[name]
		if !known {
			name = strings.ToValidUTF8(name[:min(maxName, len(name))], "")
			problems = append(problems, fmt.Sprintf("%s: unknown field%s", name, suggest.Hint(name, names)))
		} else if valid := set(target, given[name]); valid != "" {
			problems = append(problems, fmt.Sprintf("%s: wrong; valid: %s", name, valid))
		} else if name == "question" && utf8.RuneCountInString(r.question.Text) > maxQuestion {
			problems = append(problems, fmt.Sprintf("question: too long; valid: at most %d characters", maxQuestion))
		}
	}
	wrong := func(problem string) bool { return strings.HasPrefix(problem, "question:") }
	if strings.TrimSpace(r.question.Text) == "" && !slices.ContainsFunc(problems, wrong) {
		problems = append(problems, "question: missing; valid: text that is not empty")
	}
	if len(problems) > maxProblems {
		problems = append(problems[:maxProblems], "and more")
	}
	if len(problems) > 0 {
		return r, &failure{code: BadRequest, message: strings.Join(problems, "; ")}
	}
	return r, nil
}

// set decodes one field, and says what is valid when it can't. null is as good
// as absent.
func set(target any, value json.RawMessage) (valid string) {
	if len(value) > maxContext {
		return fmt.Sprintf("at most %d bytes", maxContext)
	}
	if string(value) == "null" {
		return ""
	}
	err := json.Unmarshal(value, target)
	switch target := target.(type) {
	case *string:
		valid = "text"
	case *list:
		valid = "a list"
	case *bool:
		valid = "true or false"
	case *int:
		valid = "a whole number, 0 or more"
		if *target < 0 {
			return valid
		}
	}
	if err != nil {
		return valid
	}
	return ""
}

// syntaxError says what is wrong with the body as a whole.
func syntaxError(body []byte, err error) string {
	const valid = `valid: a JSON object such as {"question": "…"}`
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "The body is empty; " + valid + "."
	case !ok:
		return "The body is JSON, but not an object; " + valid + "."
	}
	before := body[:max(0, min(syntax.Offset-1, int64(len(body))))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("The body is not JSON: line %d, column %d: %s; %s.", line, column, syntax.Error(), valid)
}
