package runtime

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/postgres"
)

// responseBytes is the largest response that the emulator, and Lambda, accept.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const responseBytes = 6<<20 + 100

// TestEmulatorLimitsResponses shows that the limit is enforced, so that the tests of the
// query function below can fail.
func TestEmulatorLimitsResponses(t *testing.T) {
	t.Parallel()
	f := start(t, python(t, "wrapper", newCloud(t, squares()), 0))
	if answer := f.answer(t, fmt.Sprintf(`{"bytes": %d}`, responseBytes)); len(answer) != responseBytes {
		t.Errorf("got %d bytes, want %d", len(answer), responseBytes)
	}
	if answer := f.invoke(t, fmt.Sprintf(`{"bytes": %d}`, responseBytes+1)); !strings.Contains(answer.Body, "Function.ResponseSizeTooLarge") {
		t.Errorf("got status %d and %.200s, want Function.ResponseSizeTooLarge", answer.Status, answer.Body)
	}
	f.checkSquare(t)
}

// TestLargeAnswersFit asks for more rows than a response holds. The values become longer
// in JSON, and again in the body of an HTTP API's event.
func TestLargeAnswersFit(t *testing.T) {
	t.Parallel()
	program := postgreSQL(t)
	service, url := newGenerator(t)
	f := start(t, emulator.Config{Command: []string{program}, Environment: onPostgres(t, postgres.Start(t), url)})
	for name, sql := range map[string]string{
		"text":           "SELECT repeat('x', 1000) FROM generate_series(1, 9000)",
		"quotes":         `SELECT repeat('"', 1000) FROM generate_series(1, 9000)`,
		"control":        `SELECT repeat(E'\x01', 1000) FROM generate_series(1, 9000)`,
		"two bytes":      "SELECT repeat('ö', 1000) FROM generate_series(1, 9000)",
		"one large":      "SELECT repeat('x', 7000000)",
		"less than 6 MB": "SELECT repeat('x', 1000) FROM generate_series(1, 5500)",
	} {
		service.Teach(name, sql)
		direct := fmt.Sprintf(`{"question": %q}`, name)
		proxied := fmt.Sprintf(`{"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": %q}`, direct)
		for _, event := range []string{direct, proxied} {
			answer := f.answer(t, event)
			if event == proxied {
				var response struct{ Body string }
				if err := json.Unmarshal([]byte(answer), &response); err != nil {
					t.Fatalf("%s: %v: %.200s", name, err, answer)
				}
				answer = response.Body
			}
			var got struct {
				Data      [][]string
				Truncated bool
			}
			if err := json.Unmarshal([]byte(answer), &got); err != nil {
				t.Fatalf("%s: %v: %.200s", name, err, answer)
			}
			if want := name != "less than 6 MB"; got.Truncated != want || name != "one large" && len(got.Data) < 800 {
				t.Errorf("%s: got %d rows in %d bytes, truncated %v, want many rows, truncated %v", name, len(got.Data), len(answer), got.Truncated, want)
			}
		}
	}
	if f.logged("Reset initiated") != 0 {
		t.Error("want no reset")
	}
}
