package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/generate"
)

// AWS rejects signatures whose time differs by more than five minutes.
const (
	skewWarning = time.Minute
	skewFailure = 5 * time.Minute
)

// answerTime is the timeout of the generator's answer.
const answerTime = 15 * time.Second

// examineGenerator sends a GET to the generator's URL and compares the clocks.
func (t Target) examineGenerator(ctx context.Context, conn connection.Connection) []Finding {
	if t.Generator == "golden" {
		return []Finding{
			{"generator", OK, "golden queries require no network", ""},
			{"clock", Skipped, "no server to compare with", ""},
		}
	}
	url := cmp.Or(t.GeneratorURL, conn.GenerateQueryURL, conn.BaseURL, generate.DefaultBaseURL)
	switch t.Generator {
	case "openai":
		url = cmp.Or(t.GeneratorURL, conn.BaseURL, generate.DefaultOpenAIURL)
	case "bedrock":
		url = cmp.Or(t.GeneratorURL, "https://bedrock-runtime."+t.GeneratorRegion+".amazonaws.com")
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	status, date, err := get(ctx, url)
	if err != nil {
		return []Finding{
			t.unreachable(err),
			{"clock", Skipped, "no server to compare with", ""},
		}
	}
	// The path need not exist, so any status below 500 only shows that a server
	// answers.
	generator := Finding{"generator", OK, fmt.Sprintf("%s answers (HTTP status %d)", url, status), ""}
	if status >= http.StatusInternalServerError {
		generator.Status, generator.Advice = Warning, "Try again later. If the status remains, contact the generator's operator."
	}
	return []Finding{generator, examineClock(date, time.Now())}
}

// unreachable returns the finding for a generator that cannot be reached.
func (t Target) unreachable(err error) Finding {
	if generate.FaultOf(err) == generate.NoHost {
		return Finding{"generator", Failed, "the server's name does not exist: " + err.Error(), "Correct its URL. " + t.alternative()}
	}
	return Finding{"generator", Failed, "unreachable: " + err.Error(),
		"Correct its URL. A function in a VPC requires a NAT gateway or a VPC endpoint to reach it."}
}

// alternative returns the advice for a generator that is gone.
func (t Target) alternative() string {
	if t.Generator != generate.TypeDefog {
		return ""
	}
	return "Defog removed query generation by its API from its own client in June 2025 (github.com/defog-ai/defog/pull/131): the API may be gone for good. " +
		"For a model on Amazon Bedrock, set generator=bedrock."
}

// examineAnswer asks the generator a question, and checks its SQL with the guard. It
// does not run the SQL.
func (t Target) examineAnswer(ctx context.Context, conn connection.Connection, folder string) []Finding {
	if t.NewGenerator == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	generator, err := t.NewGenerator(ctx, conn, folder)
	if err != nil {
		return []Finding{{"answer", Failed, err.Error(), "Correct what the message names."}}
	}
	question, answer, err := generate.Probe(ctx, generator)
	if err != nil {
		return []Finding{t.explain(err)}
	}
	if guarded := guard.Of(conn.DBType); guarded != nil {
		if _, err := guarded.Check(ctx, answer.SQL, nil); err != nil {
			return []Finding{{"answer", Warning, fmt.Sprintf("the SQL for %q is refused: %v", question, err),
				"Ask some questions with defog ask. If most fail, choose another model or generator."}}
		}
	}
	return []Finding{{"answer", OK, fmt.Sprintf("the SQL for %q is one statement that reads", question), ""}}
}

// explain returns the finding for a question without SQL.
func (t Target) explain(err error) Finding {
	detail := err.Error()
	found, isError := errors.AsType[*generate.Error](err)
	if isError && found.Cause != nil {
		detail += " (" + strings.ReplaceAll(found.Cause.Error(), "\n", "; ") + ")"
	}
	switch fault := generate.FaultOf(err); {
	case fault == generate.NoHost:
		return Finding{"answer", Failed, "the server's name does not exist: " + detail, "Correct its URL. " + t.alternative()}
	case fault == generate.NoAPI:
		return Finding{"answer", Failed, "the address has no such API: " + detail, "Correct its URL. " + t.alternative()}
	case fault == generate.NoModel:
		return Finding{"answer", Failed, "the server has no such model: " + detail, "Choose another generator_model."}
	case fault == generate.KeyRefused && t.Generator == generate.TypeBedrock:
		return Finding{"answer", Failed, "AWS refuses the model: " + detail,
			"Grant bedrock:InvokeModel on it, and open it once in the Bedrock console: some models require a form."}
	case fault == generate.KeyRefused:
		return Finding{"answer", Failed, "the server refuses the key: " + detail, "Replace api_key in connection.json."}
	case isError && found.Kind == generate.Refused:
		return Finding{"answer", Warning, "the generator answers, without SQL: " + detail, "Ask some questions with defog ask."}
	case isError && found.Kind == generate.Timeout:
		return Finding{"answer", Failed, detail, "Raise generator_timeout, or choose a faster model."}
	}
	return Finding{"answer", Failed, detail, "Correct what the message names."}
}

// get returns the HTTP status and the Date header of the response from url.
func get(ctx context.Context, url string) (status int, date string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	return response.StatusCode, response.Header.Get("Date"), response.Body.Close()
}

// examineClock compares the local clock, now, with the server's Date header.
func examineClock(date string, now time.Time) Finding {
	server, err := http.ParseTime(date)
	if err != nil {
		return Finding{"clock", Skipped, "the generator sends no Date header", ""}
	}
	skew := now.Sub(server).Abs().Round(time.Second)
	const advice = "Synchronize the local clock (NTP)."
	switch detail := fmt.Sprintf("differs from the generator's by %s", skew); {
	case skew >= skewFailure:
		return Finding{"clock", Failed, detail + ": AWS rejects signatures of this clock", advice}
	case skew >= skewWarning:
		return Finding{"clock", Warning, detail, advice}
	default:
		return Finding{"clock", OK, detail, ""}
	}
}
