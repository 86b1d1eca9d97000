package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/generate"
)

// AWS rejects signatures whose time differs by more than five minutes.
const (
	skewWarning = time.Minute
	skewFailure = 5 * time.Minute
)

// examineGenerator sends a GET to the generator's URL and compares the clocks.
// It sends no question, since an answer costs money.
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
			{"generator", Failed, "unreachable: " + err.Error(),
				"Correct its URL. A function in a VPC requires a NAT gateway or a VPC endpoint to reach it."},
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
