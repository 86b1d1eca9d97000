package ask

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/results"
)

// overflowing is a database with more rows than fit into its result.
type overflowing struct{ fake }

func (o *overflowing) Query(_ context.Context, _ string, limits database.Limits) (*database.Result, error) {
	result := rows()
	result.Truncated = true
	_, _ = io.WriteString(limits.Overflow(result.Columns), `[[1,"a\"b"],[null,"<ü>"],[3,"c"]]`)
	return &result, nil
}

func TestInvokeStoresAnswersOverTheLimits(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		answer string // part of it
		log    string
	}{
		"stored":     {http.StatusOK, `"truncated":true,"row_count":2,"results":{"url":"http://`, `"stored_rows":3`},
		"not stored": {http.StatusForbidden, `"truncated":true,"row_count":2,"request_id"`, `"not_stored":"upload the answer to s3://results/shop-dev/r-1.csv:`},
	} {
		t.Run(name, func(t *testing.T) {
			bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
			defer bucket.Close()
			store := results.New(s3.New(s3.Options{
				Region: "eu-west-1", BaseEndpoint: &bucket.URL, UsePathStyle: true, RetryMaxAttempts: 1,
				Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
			}), "results", "shop-dev", time.Hour)
			f := &overflowing{fake{sql: []string{"SELECT 1"}}}
			h, log := newHandler(&f.fake)
			h.Open = func(context.Context) (Backend, error) { return Backend{Generator: f, Database: f, Results: store}, nil }

			answer := invoke(t, h, `{"question":"How many?"}`)
			if !strings.Contains(answer, test.answer) || !strings.Contains(log.String(), test.log) {
				t.Errorf("got %s, log %s", answer, log)
			}
			if strings.Contains(log.String(), "X-Amz-Signature") {
				t.Errorf("the log holds the URL: %s", log)
			}
		})
	}
}

func TestStoredAnswersAreBelowTheHashOfTheirCaller(t *testing.T) {
	key := caller.NewKey("password")
	jane, joe := &exchange{requestID: "r-1"}, &exchange{requestID: "r-1"}
	jane.request.caller = caller.Caller{Kind: caller.JWT, Subject: "jane"}
	joe.request.caller = caller.Caller{Kind: caller.JWT, Subject: "joe"}
	if got, want := jane.objectName(key), key.Hash(jane.request.caller)+"/r-1"; got != want || got == joe.objectName(key) {
		t.Errorf("got %s and %s, want %s and another", got, joe.objectName(key), want)
	}
	if got := (&exchange{requestID: "r-1"}).objectName(key); got != "r-1" {
		t.Errorf("an unknown caller: got %s", got)
	}
}

func TestStoreUntilLeavesTimeForTheAnswer(t *testing.T) {
	short, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	for _, test := range []struct {
		ctx   context.Context
		limit time.Duration
	}{{t.Context(), 15 * time.Second}, {short, 3 * time.Second}} {
		if left := time.Until(storeUntil(test.ctx, 20*time.Second)); left <= 0 || left > test.limit {
			t.Errorf("got %v, want at most %v", left, test.limit)
		}
	}
}
