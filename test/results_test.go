package test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// createBucket returns the bucket's name.
func (w *world) createBucket(t *testing.T, name string) string {
	t.Helper()
	objects := s3.NewFromConfig(w.config(root()), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	return name
}

// testResults asks for more rows than an answer holds, and fetches all of them
// by the URL in the answer.
func testResults(t *testing.T, w *world) {
	const rows = 123_456
	w.generator.Teach("Every number?", "SELECT n, 'number ' || n AS name FROM generate_series(1, "+strconv.Itoa(rows)+") AS n")
	const body = `{"question": "Every number?"}`
	status, text := w.send(t, body, func(request *http.Request) error {
		if err := w.resolve(request); err != nil {
			return err
		}
		return sign(t, root(), request, body)
	})
	var got struct {
		Data      [][]any `json:"data"`
		Truncated bool    `json:"truncated"`
		Results   struct {
			URL      string    `json:"url"`
			Expires  time.Time `json:"expires"`
			RowCount int       `json:"row_count"`
		} `json:"results"`
	}
	if err := json.Unmarshal(text, &got); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v: %.500s", status, err, text)
	}
	if len(got.Data) != 10_000 || !got.Truncated || got.Results.RowCount != rows || time.Until(got.Results.Expires) < time.Minute {
		t.Errorf("%d rows, truncated %v, %+v", len(got.Data), got.Truncated, got.Results)
	}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, got.Results.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	records, err := csv.NewReader(response.Body).ReadAll()
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	if last := records[len(records)-1]; len(records) != rows+1 || last[1] != "number "+strconv.Itoa(rows) {
		t.Errorf("%d records, the last %q", len(records), last)
	}
}
