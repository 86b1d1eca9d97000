package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// fakeAWS is a fake of the AWS endpoint: it has one stack, and one HTTP API that
// the Host header selects, as on local AWS.
type fakeAWS struct {
	stack   string
	outputs map[string]string
	status  int    // of the API's answer
	answer  string // the API's answer
	header  http.Header
	hang    bool // whether the API never answers

	protected bool // whether the stack has termination protection
	expired   bool // whether query services reject the credentials as expired

	next func(*http.Request) (status int, body string) // the API's answer in place of status and answer; nil for these

	asked *http.Request // the API's last request
	body  string
}

// newAWS starts a fake AWS with the stack defog-lambda-dev, and points the
// environment to it.
func newAWS(t *testing.T) *fakeAWS {
	t.Helper()
	fake := &fakeAWS{
		stack: "defog-lambda-dev",
		outputs: map[string]string{
			"QueryUrl": "https://abcd1234.execute-api.eu-central-1.amazonaws.com/",
			"ApiAuth":  "iam",
		},
		status: http.StatusOK,
		answer: `{"columns":["n"],"data":[[1]],"query_generated":"SELECT 1 AS n","ran_successfully":true,"truncated":false}`,
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)

	t.Chdir(t.TempDir()) // a folder without cdk.json
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":                       server.URL,
		"AWS_ACCESS_KEY_ID":                      accessKey,
		"AWS_SECRET_ACCESS_KEY":                  secretKey,
		"AWS_SESSION_TOKEN":                      "",
		"AWS_REGION":                             "eu-central-1",
		"AWS_DEFAULT_REGION":                     "",
		"AWS_PROFILE":                            "",
		"AWS_CONFIG_FILE":                        os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE":            os.DevNull,
		"AWS_EC2_METADATA_DISABLED":              "true",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "",
		"AWS_WEB_IDENTITY_TOKEN_FILE":            "",
	} {
		t.Setenv(name, value)
	}
	return fake
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if f.expired && strings.Contains(string(body), "Action=") {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>`)
		return
	}
	if strings.Contains(string(body), "Action=DescribeStacks") {
		f.describeStacks(w, string(body))
		return
	}
	f.asked, f.body = r, string(body)
	if f.next != nil {
		status, answer := f.next(r)
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
		return
	}
	if f.hang {
		<-r.Context().Done()
		return
	}
	for name, values := range f.header {
		w.Header()[name] = values
	}
	w.WriteHeader(f.status)
	fmt.Fprint(w, f.answer)
}

func (f *fakeAWS) describeStacks(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml")
	if !strings.Contains(body+"&", "StackName="+f.stack+"&") {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>`+
			`<Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>`)
		return
	}
	var outputs strings.Builder
	for key, value := range f.outputs {
		fmt.Fprintf(&outputs, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", key, html.EscapeString(value))
	}
	fmt.Fprintf(w, `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>`+
		`<StackId>arn:aws:cloudformation:eu-central-1:123456789012:stack/%s/1</StackId><StackName>%[1]s</StackName>`+
		`<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>`+
		`<EnableTerminationProtection>%t</EnableTerminationProtection>`+
		`<Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, f.stack, f.protected, outputs.String())
}
