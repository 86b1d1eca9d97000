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

// AWS refuses signatures that are more than five minutes off.
const (
	skewWarning = time.Minute
	skewFailure = 5 * time.Minute
)

// examineGenerator looks whether there is a web server where the generator
// should be, and whether both have the same time. It asks no question: that
// would cost money.
func (p Patient) examineGenerator(ctx context.Context, conn connection.Connection) []Finding {
	if p.Generator == "golden" {
		return []Finding{
			{"generator", OK, "golden queries need no network", ""},
			{"clock", Skipped, "there is no other one to compare with", ""},
		}
	}
	url := cmp.Or(p.GeneratorURL, conn.GenerateQueryURL, conn.BaseURL, generate.DefaultBaseURL)
	switch p.Generator {
	case "openai":
		url = cmp.Or(p.GeneratorURL, conn.BaseURL, generate.DefaultOpenAIURL)
	case "bedrock":
		url = cmp.Or(p.GeneratorURL, "https://bedrock-runtime."+p.GeneratorRegion+".amazonaws.com")
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	status, date, err := get(ctx, url)
	if err != nil {
		return []Finding{
			{"generator", Failed, "it cannot be reached: " + err.Error(),
				"Correct its URL. A function in a VPC needs a NAT gateway or an endpoint to get there."},
			{"clock", Skipped, "there is no other one to compare with", ""},
		}
	}
	// What a path is answered that nobody asked about tells nothing but that
	// somebody is there.
	generator := Finding{"generator", OK, fmt.Sprintf("%s answers (HTTP status %d)", url, status), ""}
	if status >= http.StatusInternalServerError {
		generator.Status, generator.Advice = Warning, "It may be down for a while; try again, and ask whoever runs it."
	}
	return []Finding{generator, examineClock(date, time.Now())}
}

// get returns a reply's HTTP status and when the server says that it was made.
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

// examineClock compares this machine's clock with the server's.
func examineClock(date string, now time.Time) Finding {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return Finding{"clock", Skipped, "the generator does not tell its time", ""}
	}
	skew := now.Sub(theirs).Abs().Round(time.Second)
	const advice = "Set this machine's clock (NTP)."
	switch detail := fmt.Sprintf("%s off the generator's", skew); {
	case skew >= skewFailure:
		return Finding{"clock", Failed, detail + ": AWS refuses what is signed with it", advice}
	case skew >= skewWarning:
		return Finding{"clock", Warning, detail, advice}
	default:
		return Finding{"clock", OK, detail, ""}
	}
}
