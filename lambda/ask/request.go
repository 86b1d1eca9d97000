package ask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/internal/suggest"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/generate"
)

const (
	maxQuestion = 10_000  // characters of the question
	maxContext  = 256_000 // bytes of each other field
	maxName     = 64      // bytes of an unknown field's name in an error
	maxProblems = 20      // problems in one error
	maxNumber   = 1<<53 - 1
)

// request is a caller's question with its options.
type request struct {
	question generate.Question
	profile  bool // add the duration of each step to the answer
	sqlOnly  bool // generate SQL and do not run it
	async    bool // answer later
	later    bool // answer later if the stack can: the header Prefer
	caller   caller.Caller

	// Of an HTTP request: its body, and the path of long questions in the API's
	// stage.
	body    []byte
	answers string
	tool    string // that an agent called; "" for a question of a client
	sql     string // an agent's, which replaces the generator's; "" for none
}

// sqlField is the argument of QueryTool. No other request has it.
const sqlField = "sql"

// callerField is a direct invoke's field for the caller. In the body of an HTTP
// request it is an error: a client could name any caller there.
const callerField = "caller"

// fields returns the target of each field in a request.
func (r *request) fields() map[string]any {
	options := &r.question.Options
	return map[string]any{
		"question":                         &r.question.Text,
		"hard_filters":                     &r.question.HardFilters,
		"previous_context":                 (*list)(&r.question.PreviousContext),
		"profile":                          &r.profile,
		"sql_only":                         &r.sqlOnly,
		"async":                            &r.async,
		"allow_clarification":              &r.question.AllowClarification,
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

// list is the text of a JSON list.
type list json.RawMessage

// UnmarshalJSON rejects any value but a list.
func (l *list) UnmarshalJSON(data []byte) error {
	if data[0] != '[' {
		return errors.New("not a list")
	}
	*l = slices.Clone(data)
	return nil
}

// invoker is the target of callerField.
type invoker caller.Caller

const validInvoker = `an object of claims with the text sub, such as {"sub": "jane"}`

// UnmarshalJSON decodes the caller's claims.
func (i *invoker) UnmarshalJSON(data []byte) error {
	from, err := caller.FromInvoke(data)
	*i = invoker(from)
	return err
}

// parseInvoke decodes the payload of a direct invoke. Its sender has permission to
// invoke the function, and names the caller.
func parseInvoke(payload []byte) (request, *failure) {
	return newRequest().parse(payload, func(r *request) map[string]any {
		targets := r.fields()
		targets[callerField] = (*invoker)(&r.caller)
		return targets
	})
}

// parseRequest decodes the body of an HTTP request.
func parseRequest(body []byte) (request, *failure) {
	return newRequest().parse(body, (*request).fields)
}

func newRequest() request {
	return request{question: generate.Question{Options: generate.DefaultOptions()}}
}

// parse returns the request in body. A failure lists all problems, up to
// maxProblems.
func (r request) parse(body []byte, fields func(*request) map[string]any) (request, *failure) {
	targets := fields(&r)
	problems, fail := decodeFields(body, targets, `{"question": "…"}`)
	if fail != nil {
		return r, fail
	}
	if utf8.RuneCountInString(r.question.Text) > maxQuestion {
		problems.add("question", "too long; want at most %d characters", maxQuestion)
	}
	required, text := "question", r.question.Text
	if _, isQuery := targets[sqlField]; isQuery {
		required, text = sqlField, r.sql
	}
	if strings.TrimSpace(text) == "" {
		problems.add(required, "missing; want non-empty text")
	}
	return r, problems.failure()
}

// problems are the invalid fields of a body, one problem each.
type problems []string

// add adds a problem of a field, unless the field has one.
func (p *problems) add(field, format string, values ...any) {
	if !slices.ContainsFunc(*p, func(other string) bool { return strings.HasPrefix(other, field+":") }) {
		*p = append(*p, field+": "+fmt.Sprintf(format, values...))
	}
}

// failure returns the failure of a body with problems, and nil for one without.
func (p problems) failure() *failure {
	if len(p) == 0 {
		return nil
	}
	if len(p) > maxProblems {
		p = append(p[:maxProblems:maxProblems], "and others")
	}
	return &failure{code: BadRequest, message: strings.Join(p, "; ")}
}

// decodeFields decodes a body's fields into targets, in the order of their names. It
// fails if the body is not a JSON object, as in the example.
func decodeFields(body []byte, targets map[string]any, example string) (found problems, fail *failure) {
	if len(body) > maxBody {
		return nil, &failure{code: RequestTooLarge, message: fmt.Sprintf("The body has %d bytes; want at most %d.", len(body), maxBody)}
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, &failure{code: BadRequest, message: syntaxError(body, err, example)}
	}
	names := slices.Sorted(maps.Keys(targets))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		target, known := targets[name]
		if !known && name == callerField {
			found = append(found, name+": only a direct invoke has this field; the API reads the caller from the request's authorization")
		} else if !known {
			name = strings.ToValidUTF8(name[:min(maxName, len(name))], "")
			found = append(found, name+": unknown field"+suggest.Hint(name, names))
		} else if valid := set(target, given[name]); valid != "" {
			found = append(found, name+": invalid; want "+valid)
		}
	}
	return found, nil
}

// set decodes one field into target. It returns a description of the valid
// values if value is invalid, and "" otherwise. null leaves target unchanged.
func set(target any, value json.RawMessage) (valid string) {
	if len(value) > maxContext {
		return fmt.Sprintf("at most %d bytes", maxContext)
	}
	if string(value) == "null" {
		return ""
	}
	if target, ok := target.(*int); ok {
		return setNumber(target, value)
	}
	err := json.Unmarshal(value, target)
	switch target.(type) {
	case *string:
		valid = "text"
	case *list:
		valid = "a list"
	case *invoker:
		valid = validInvoker
	case *bool, **bool:
		valid = "true or false"
	}
	if err != nil {
		return valid
	}
	return ""
}

// setNumber decodes a whole number, which JSON may also write as 2000.0 or 2e3.
func setNumber(target *int, value json.RawMessage) (valid string) {
	var number float64
	err := json.Unmarshal(value, &number)
	if err != nil || number != math.Trunc(number) || number < 0 || number > maxNumber {
		return fmt.Sprintf("a whole number from 0 to %d", maxNumber)
	}
	*target = int(number)
	return ""
}

// syntaxError returns the message for a body that is not a JSON object, with the
// position of the error.
func syntaxError(body []byte, err error, example string) string {
	valid := "want a JSON object such as " + example
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "The body is empty; " + valid + "."
	case !ok:
		return "The body is JSON but not an object; " + valid + "."
	}
	before := body[:max(0, min(syntax.Offset-1, int64(len(body))))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("The body is not JSON: line %d, column %d: %s; %s.", line, column, syntax.Error(), valid)
}
