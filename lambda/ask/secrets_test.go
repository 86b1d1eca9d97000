package ask

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
)

const (
	sharedKey  = `sk-"live"/4f&9 c`
	dbPassword = "hunter2-password"
)

// encodings returns texts that reveal a secret.
func encodings(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	var unicode string
	for _, r := range secret {
		unicode += `\u00` + hex.EncodeToString([]byte{byte(r)})
	}
	return map[string]string{
		"plain":         "the key is " + secret + ".",
		"JSON":          string(quoted),
		"unicode":       unicode,
		"query":         "https://a.example/?key=" + url.QueryEscape(secret),
		"path":          "https://a.example/" + url.PathEscape(secret),
		"HTML":          html.EscapeString(secret),
		"base64":        base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 within": base64.URLEncoding.EncodeToString([]byte(`{"api_key":` + string(quoted) + `}`)),
		"hex":           hex.EncodeToString([]byte(secret)),
		"SQL":           strings.ReplaceAll(secret, "'", "''"),
		"truncated":     "the key is " + secret[:len(secret)-3] + "…",
	}
}

// echo is a generator and a database that put a text into each of their fields.
type echo struct {
	fake
	text string
	fail error // of the generator
}

func (e *echo) Generate(context.Context, generate.Question) (generate.Query, error) {
	text, _ := json.Marshal(e.text)
	context, _ := json.Marshal([]any{e.text, map[string]int{e.text: 1}})
	return generate.Query{SQL: "SELECT '" + e.text + "'", Reason: text, PreviousContext: context}, e.fail
}

func (e *echo) Retry(context.Context, generate.Question, generate.Failure) (generate.Query, error) {
	return generate.Query{SQL: "SELECT 2, '" + e.text + "'"}, nil
}

// Query returns its statement as a row, or as an error.
func (e *echo) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if _, err := e.fake.Query(ctx, sql, limits); err != nil {
		return nil, &database.StatementError{Message: "near " + sql}
	}
	row, err := json.Marshal([][]string{{sql}})
	return &database.Result{Columns: []string{sql}, Data: row, RowCount: 1}, err
}

// TestAnswersHoldNoSecretsOfGenerator lets a generator echo its key in each field
// and each encoding.
func TestAnswersHoldNoSecretsOfGenerator(t *testing.T) {
	for name, text := range encodings(sharedKey) {
		for outcome, change := range map[string]func(*echo, *Handler) string{
			"rows":     func(*echo, *Handler) string { return `{"question":"?"}` },
			"SQL only": func(*echo, *Handler) string { return `{"question":"?","sql_only":true}` },
			"refusal": func(e *echo, _ *Handler) string {
				e.fail = &generate.Error{Kind: generate.Refused, Message: text}
				return `{"question":"?"}`
			},
			"failed statement": func(e *echo, h *Handler) string {
				h.Retries = 1
				e.fails = map[string]error{"SELECT '***'": context.Canceled}
				e.fails[h.Secrets.RedactSQL("SELECT '"+text+"'")] = context.Canceled
				e.fails[h.Secrets.RedactSQL("SELECT 2, '"+text+"'")] = context.Canceled
				return `{"question":"?"}`
			},
		} {
			e := &echo{text: text}
			h, log := newHandler(&e.fake)
			h.Secrets.AddShared(sharedKey)
			h.Open = func(context.Context) (Backend, error) { return Backend{Generator: e, Database: e}, nil }
			answer := invoke(t, h, change(e, h))
			for _, output := range []string{answer, log.String()} {
				checkNoSecret(t, name+", "+outcome, output, sharedKey)
			}
			if !json.Valid([]byte(answer)) || outcome == "rows" && !strings.Contains(answer, `"ran_successfully":true`) {
				t.Errorf("%s, %s: got %s", name, outcome, answer)
			}
		}
	}
}

// checkNoSecret looks for the encodings, also in the strings of output's JSON.
func checkNoSecret(t *testing.T, name, output, secret string) {
	t.Helper()
	decoded := output
	for _, escape := range []string{`\"`, `\\`, `\u0026`} {
		var plain string
		if json.Unmarshal([]byte(`"`+escape+`"`), &plain) == nil {
			decoded = strings.ReplaceAll(decoded, escape, plain)
		}
	}
	found := encodings(secret)
	found["base64 within"] = base64.StdEncoding.EncodeToString([]byte("x" + secret))[4:16]
	found["truncated"] = secret[:len(secret)-3]
	for encoding, text := range found {
		text = strings.TrimPrefix(strings.TrimSuffix(text, "."), "the key is ")
		if strings.Contains(output, text) || strings.Contains(decoded, text) {
			t.Errorf("%s: the output holds the secret (%s): %s", name, encoding, output)
		}
	}
}

func TestAnswersHoldNoDatabaseCredentials(t *testing.T) {
	for name, text := range encodings(dbPassword) {
		e := &echo{fail: &generate.Error{Kind: generate.Refused, Message: text}}
		h, _ := newHandler(&e.fake)
		h.Open = func(context.Context) (Backend, error) { return Backend{Generator: e, Database: e}, nil }
		checkNoSecret(t, name, invoke(t, h, `{"question":"?"}`), dbPassword)
		h.Examine = func(context.Context) doctor.Report {
			return doctor.Report{Findings: []doctor.Finding{{Check: "login", Detail: text}}}
		}
		checkNoSecret(t, name+", doctor", invoke(t, h, `{"doctor":true}`), dbPassword)
	}
}

func TestRedactJSONKeepsOtherText(t *testing.T) {
	var secrets Secrets
	secrets.Add("123456789", "pass\"word")
	for text, want := range map[string]string{
		`{"a": [1.50, null, "\u00fc"], "b": true}`: `{"a": [1.50, null, "\u00fc"], "b": true}`,
		`{"a": 123456789, "pass\"word": "x"}`:      `{"a": "***", "***": "x"}`,
		`["pass\u0022word <b>", 12345678]`:         `["*** <b>", 12345678]`,
		`""`:                                       `""`,
		`null`:                                     `null`,
	} {
		if got := string(secrets.RedactJSON(json.RawMessage(text))); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzRedactJSON(f *testing.F) {
	f.Add(`{"a": "secret-value", "b": [1, "\\secret-value\""]}`)
	var secrets Secrets
	secrets.Add("secret-value")
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			t.Skip()
		}
		got := secrets.RedactJSON(json.RawMessage(text))
		if !json.Valid(got) || strings.Contains(string(got), "secret-value") {
			t.Errorf("%s: got %s", text, got)
		}
	})
}
