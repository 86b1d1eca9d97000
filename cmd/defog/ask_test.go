package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
)

// defog runs a command line and returns what it printed.
func defog(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	for _, printed := range []string{out.String(), errs.String()} {
		if strings.Contains(printed, secretKey) {
			t.Errorf("printed the secret key: %s", printed)
		}
	}
	return code, out.String(), errs.String()
}

func TestAskShowsSQLAndRows(t *testing.T) {
	fake := newAWS(t)
	fake.answer = `{"columns": ["customer", "spent", "note", "note"],
		"data": [["Café \u001b[2J日本", 12.5, null, {"a": [1, "x\u202ey"]}], ["Rui", "1234.00", "two\nlines", true]],
		"query_generated": "SELECT customer,\n\tspent\u001b]0;owned\u0007\nFROM t",
		"ran_successfully": true, "truncated": true}`

	code, stdout, stderr := defog(t, "ask", "Who", "spends?")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	want := `SELECT customer,
	spent\x1b]0;owned\a
FROM t

┌──────────────────┬─────────┬────────────┬──────────────────────┐
│ customer         │   spent │ note       │ note                 │
├──────────────────┼─────────┼────────────┼──────────────────────┤
│ Café \x1b[2J日本 │    12.5 │ NULL       │ {"a":[1,"x\u202ey"]} │
│ Rui              │ 1234.00 │ two\nlines │ true                 │
└──────────────────┴─────────┴────────────┴──────────────────────┘
2 rows; the function's limit cut off further rows
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if want := `{"question":"Who spends?"}`; fake.body != want {
		t.Errorf("asked %s, want %s", fake.body, want)
	}
}

func TestAskJSONIsTheAnswerOnOneLine(t *testing.T) {
	fake := newAWS(t)
	fake.answer = "{\"ran_successfully\" : true,\n \"data\": [[\"a\u009b31m\u202e\x7f\", 1.50, 9007199254740993]],\n \"columns\": [\"n\"]}\n"

	code, stdout, stderr := defog(t, "ask", "--json", "q")
	want := `{"ran_successfully":true,"data":[["a\u009b31m\u202e\u007f",1.50,9007199254740993]],"columns":["n"]}` + "\n"
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("exit code %d, stderr %q, stdout %s, want %s", code, stderr, stdout, want)
	}
}

func TestAskSignsForAPIWithIAM(t *testing.T) {
	tests := map[string]struct {
		args   []string
		region string
	}{
		"stack":                 {nil, "eu-central-1"},
		"URL of AWS":            {[]string{"--url", "https://abcd1234.execute-api.us-west-2.amazonaws.com"}, "us-west-2"},
		"URL of local AWS":      {[]string{"--url", "http://abcd1234.execute-api.localhost:4566/"}, "eu-central-1"},
		"region on the command": {[]string{"--url", "http://abcd1234.execute-api.localhost/", "--region", "ap-south-1"}, "ap-south-1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			code, _, stderr := defog(t, append([]string{"ask", "--hard-filters", "region = 'EU'", "q"}, test.args...)...)
			if code != 0 {
				t.Fatalf("exit code %d, stderr %s", code, stderr)
			}
			if want := "abcd1234.execute-api.localhost"; fake.asked.Host != want {
				t.Errorf("Host %s, want %s", fake.asked.Host, want)
			}
			if want := `{"question":"q","hard_filters":"region = 'EU'"}`; fake.body != want {
				t.Errorf("asked %s, want %s", fake.body, want)
			}
			want := signature(t, fake.asked, fake.body, test.region)
			if diff := cmp.Diff(want, fake.asked.Header.Get("Authorization")); diff != "" {
				t.Errorf("Authorization (-want +got):\n%s", diff)
			}
		})
	}
}

// signature signs the request again, as the server received it.
func signature(t *testing.T, seen *http.Request, body, region string) string {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", seen.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), seen.Method, "http://"+seen.Host+seen.URL.RequestURI(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", seen.Header.Get("Content-Type"))
	hash := sha256.Sum256([]byte(body))
	key := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, request, hex.EncodeToString(hash[:]), "execute-api", region, at); err != nil {
		t.Fatal(err)
	}
	return request.Header.Get("Authorization")
}

func TestAskDoesNotSignForOpenAPI(t *testing.T) {
	for name, args := range map[string][]string{
		"stack": {"ask", "q"},
		"URL":   {"ask", "--auth", "none", "--url", "https://abcd1234.execute-api.eu-central-1.amazonaws.com/", "q"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			fake.outputs["ApiAuth"] = "none"
			if code, _, stderr := defog(t, args...); code != 0 {
				t.Fatalf("exit code %d, stderr %s", code, stderr)
			}
			if got := fake.asked.Header.Get("Authorization"); got != "" {
				t.Errorf("Authorization: %s", got)
			}
		})
	}
}

func TestAskSendsTheToken(t *testing.T) {
	for name, args := range map[string][]string{
		"stack": {"ask", "q"},
		"URL":   {"ask", "--auth", "jwt", "--url", "https://abcd1234.execute-api.eu-central-1.amazonaws.com/", "q"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			fake.outputs["ApiAuth"] = "jwt"
			t.Setenv("DEFOG_TOKEN", "a.b.c")
			if code, _, stderr := defog(t, args...); code != 0 {
				t.Fatalf("exit code %d, stderr %s", code, stderr)
			}
			if got := fake.asked.Header.Get("Authorization"); got != "Bearer a.b.c" {
				t.Errorf("Authorization: %s", got)
			}
		})
	}
}

func TestAskInvokesTheFunction(t *testing.T) {
	fake := newAWS(t)
	fake.answer = `{"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{\"ran_successfully\": true, \"columns\": [\"n\"], \"data\": [[7]]}"}`
	code, stdout, stderr := defog(t, "ask", "--json", "--function", "shop-query:live", "q")
	if want := `{"ran_successfully":true,"columns":["n"],"data":[[7]]}` + "\n"; code != 0 || stdout != want {
		t.Errorf("exit code %d, stderr %s, stdout %s", code, stderr, stdout)
	}
	if fake.asked.URL.Path != "/2015-03-31/functions/shop-query:live/invocations" || !strings.Contains(fake.body, `"body":"{\"question\":\"q\"}"`) {
		t.Errorf("asked %s with %s", fake.asked.URL, fake.body)
	}
	fake.answer = `{"healthy": true}`
	if code, _, stderr := defog(t, "ask", "--function", "other", "q"); code != 1 || !strings.Contains(stderr, "the answer is not that of a query function") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

// A reader of the outputs may take the stack's name for the function's.
func TestFunctionFlagExplainsUnknownName(t *testing.T) {
	fake := newAWS(t)
	fake.status, fake.answer = http.StatusNotFound, `{"__type": "ResourceNotFoundException", "Message": "Function not found: defog-lambda-dev"}`
	const want = "invoke defog-lambda-dev: ResourceNotFoundException: Function not found: defog-lambda-dev; want the function's name: the stack's output FunctionName"
	for name, args := range map[string][]string{
		"ask":    {"ask", "--function", "defog-lambda-dev", "q"},
		"doctor": {"doctor", "--function", "defog-lambda-dev"},
	} {
		if code, _, stderr := defog(t, args...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, stderr %s", name, code, stderr)
		}
	}
	fake.answer = `{"__type": "InvalidRequestContentException", "Message": "no"}`
	if _, _, stderr := defog(t, "doctor", "--function", "f"); !strings.Contains(stderr, "InvalidRequestContentException") || strings.Contains(stderr, "FunctionName") {
		t.Errorf("another error: stderr %s", stderr)
	}
}

func TestAskNeedsNoCredentialsForAnotherURL(t *testing.T) {
	fake := newAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if code, _, stderr := defog(t, "ask", "q", "--url", os.Getenv("AWS_ENDPOINT_URL")+"/sql"); code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	if fake.asked.URL.Path != "/sql" || fake.asked.Header.Get("Authorization") != "" {
		t.Errorf("asked %s, Authorization %q", fake.asked.URL, fake.asked.Header.Get("Authorization"))
	}
}

// An endpoint or a proxy can have a certificate of a private authority.
func TestAskTrustsTheCABundle(t *testing.T) {
	server := httptest.NewTLSServer(newAWS(t))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	for _, url := range []string{"", "https://abcd1234.execute-api.eu-central-1.amazonaws.com/"} {
		if code, _, stderr := defog(t, "ask", "q", "--url", url); code == 0 || !strings.Contains(stderr, "certificate") {
			t.Errorf("--url %q: exit code %d, stderr %q without the bundle", url, code, stderr)
		}
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	if code, _, stderr := defog(t, "ask", "q"); code != 0 {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestAskFindsStackBySettings(t *testing.T) {
	fake := newAWS(t)
	fake.stack = "sales-prod"
	if err := os.WriteFile("cdk.json", []byte(`{"app": "x", "context": {"app_name": "sales", "stage": "test", "@aws-cdk/core:x": true}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := defog(t, "ask", "q", "-c", "stage=prod"); code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
}

// askFailure is an ask that fails, in a changed environment.
type askFailure struct {
	args   []string
	change func(*fakeAWS)
	env    map[string]string
	stdout string
	stderr string // a part of it
}

// testAskFailures expects exit code 1 and one message.
func testAskFailures(t *testing.T, tests map[string]askFailure) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			if test.change != nil {
				test.change(fake)
			}
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			code, stdout, stderr := defog(t, append([]string{"ask", "q"}, test.args...)...)
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if diff := cmp.Diff(test.stdout, stdout); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(stderr, "defog: ") || !strings.Contains(stderr, test.stderr) || strings.Count(stderr, "\n") != 1+strings.Count(strings.TrimSpace(test.stderr), "\n") {
				t.Errorf("stderr is not one message with %q:\n%s", test.stderr, stderr)
			}
		})
	}
}

func TestAskRejectsInvalidArguments(t *testing.T) {
	testAskFailures(t, map[string]askFailure{
		"no URL":                {args: []string{"--url", "abcd1234"}, stderr: `"abcd1234" is not the URL of an API`},
		"unknown auth":          {args: []string{"--url", "https://sql.example.com", "--auth", "magic"}, stderr: `--auth: "magic" is unknown; want iam, jwt or none`},
		"function and URL":      {args: []string{"--url", "https://sql.example.com", "--function", "f"}, stderr: "--function: has no effect with --url or --auth"},
		"auth without URL":      {args: []string{"--auth", "none"}, stderr: "--auth: has no effect without --url"},
		"setting without value": {args: []string{"-c", "app_name"}, stderr: "-c app_name: no value; want -c key=value"},
		"unknown setting":       {args: []string{"-c", "app_nam=x"}, stderr: "app_nam (-c): unknown setting (did you mean app_name?)"},
		"unknown flag":          {args: []string{"--jason"}, stderr: "unknown flag: --jason"},
	})
}

func TestAskNeedsAStackAndCredentials(t *testing.T) {
	testAskFailures(t, map[string]askFailure{
		"stack not found": {
			args:   []string{"-c", "app_name=sales", "-c", "stage=prod"},
			stderr: "stack sales-prod is not deployed in region eu-central-1; deploy it with npx cdk deploy -c app_name=sales -c stage=prod",
		},
		"another app's stack": {
			change: func(f *fakeAWS) { delete(f.outputs, "QueryUrl") },
			stderr: "stack defog-lambda-dev (CREATE_COMPLETE) has no output QueryUrl",
		},
		"custom function": {
			change: func(f *fakeAWS) {
				delete(f.outputs, "QueryUrl")
				f.outputs["EvalCommand"] = "go run ./cmd/defog eval FILE.json"
			},
			stderr: "which answers no questions; it evaluates events: go run ./cmd/defog eval FILE.json",
		},
		"no token": {
			change: func(f *fakeAWS) { f.outputs["ApiAuth"] = "jwt" },
			stderr: "DEFOG_TOKEN: missing; want a token of the API's issuer",
		},
		"no credentials": {
			env:    map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			stderr: "no AWS credentials: sign in with aws login or aws sso login, or set AWS_PROFILE",
		},
		"no region": {
			env:    map[string]string{"AWS_REGION": ""},
			stderr: "no AWS region: set AWS_REGION, or pass --region",
		},
		"no such profile": {
			args:   []string{"--profile", "absent"},
			stderr: "profile, absent",
		},
	})
}

func TestAskReportsTheErrorOfTheFunction(t *testing.T) {
	const failed = `{"ran_successfully":false,"error_message":"no such column: x\u001b[0m","query_generated":"SELECT x"}`
	testAskFailures(t, map[string]askFailure{
		"SQL failed": {
			change: func(f *fakeAWS) { f.answer = failed },
			stdout: "SELECT x\n\n",
			stderr: `no such column: x\x1b[0m`,
		},
		"SQL failed, as JSON": {
			args:   []string{"--json"},
			change: func(f *fakeAWS) { f.answer = failed },
			stdout: failed + "\n",
			stderr: `no such column: x\x1b[0m`,
		},
		"unknown question": {
			change: func(f *fakeAWS) {
				f.answer = `{"ran_successfully":false,"error_message":"I do not know. The nearest:\n- a\n- b\r\u001b"}`
			},
			stderr: "defog: I do not know. The nearest:\n- a\n- b\\r\\x1b\n",
		},
		"ambiguous question": {
			change: func(f *fakeAWS) {
				f.answer = `{"ran_successfully":false,"error_message":"Which?","error_code":"clarification_needed","clarification":{"question":"Which?","options":["This\u001b?","That?"]}}`
			},
			stderr: "defog: Which?\nAsk one of these:\n- This\\x1b?\n- That?\n",
		},
		"generator down": {
			change: func(f *fakeAWS) {
				f.status, f.answer = 502, `{"ran_successfully":false,"error_message":"The generator did not answer."}`
			},
			stderr: "The generator did not answer. (502)",
		},
	})
}

func TestAskExplainsAnAnswerOfTheGateway(t *testing.T) {
	testAskFailures(t, map[string]askFailure{
		"invalid token": {
			change: func(f *fakeAWS) {
				f.outputs["ApiAuth"] = "jwt"
				f.status, f.answer = 401, `{"message":"Unauthorized"}`
			},
			env:    map[string]string{"DEFOG_TOKEN": "old"},
			stderr: "the API rejected the token (401: Unauthorized); want a token of its issuer in DEFOG_TOKEN",
		},
		"forbidden": {
			change: func(f *fakeAWS) { f.status, f.answer = 403, `{"message":"Forbidden"}` },
			stderr: "the API rejected the caller (403: Forbidden); the caller needs execute-api:Invoke on arn:aws:execute-api:eu-central-1:123456789012:abcd1234/*/POST/*",
		},
		"expired signature": {
			change: func(f *fakeAWS) {
				f.status, f.answer = 403, `{"message":"The security token included in the request is expired"}`
			},
			stderr: "the AWS credentials have expired: sign in with aws login",
		},
		"forbidden without a signature": {
			args:   []string{"--url", "https://abcd1234.execute-api.eu-central-1.amazonaws.com/", "--auth", "none"},
			change: func(f *fakeAWS) { f.status, f.answer = 403, `{"message":"Forbidden"}` },
			stderr: "use --auth iam",
		},
		"throttled": {
			change: func(f *fakeAWS) { f.status, f.answer = 429, `{"message":"Too Many Requests"}` },
			stderr: "the API is at its request limit (429: Too Many Requests)",
		},
		"daily budget": {
			change: func(f *fakeAWS) {
				f.status, f.header = 429, http.Header{"Content-Type": {"application/json"}, "Retry-After": {"3600"}}
				f.answer = `{"ran_successfully":false,"error_message":"Ask again from 2026-11-29 00:00 UTC.","error_code":"cost_limit","retry_at":"2026-11-29T00:00:00Z"}`
			},
			stderr: "Ask again from 2026-11-29 00:00 UTC. (429)",
		},
		"function crashed": {
			change: func(f *fakeAWS) { f.status, f.answer = 500, `{"message":"Internal Server Error"}` },
			stderr: "the query function failed or exceeded its timeout (500: Internal Server Error)",
		},
		"no route": {
			change: func(f *fakeAWS) { f.status, f.answer = 404, `{"message":"Not Found"}` },
			stderr: "no query function answers at https://abcd1234.execute-api.eu-central-1.amazonaws.com/ (404: Not Found)",
		},
	})
}

func TestAskExplainsAnAnswerThatIsNotTheFunctions(t *testing.T) {
	testAskFailures(t, map[string]askFailure{
		"success with an error's status": {
			change: func(f *fakeAWS) { f.status = 500 },
			stderr: "the query function failed or exceeded its timeout (500); see defog logs",
		},
		"other web site": {
			change: func(f *fakeAWS) {
				f.answer, f.header = "<html>hello</html>", http.Header{"Content-Type": {"text/html"}}
			},
			stderr: "is not a query function (200: content type text/html, 18 bytes)",
		},
		"redirect": {
			change: func(f *fakeAWS) { f.status, f.header = 307, http.Header{"Location": {"/elsewhere"}}; f.answer = "" },
			stderr: "is not a query function (307",
		},
		"huge answer": {
			change: func(f *fakeAWS) { f.answer = `{"ran_successfully":true,"x":"` + strings.Repeat("x", 17<<20) + `"}` },
			stderr: "larger than 16 MB",
		},
		"timeout": {
			args:   []string{"--timeout", "200ms"},
			change: func(f *fakeAWS) { f.hang = true },
			stderr: "no answer within 200ms (--timeout)",
		},
		"closed port": {
			args:   []string{"--url", "http://127.0.0.1:1/"},
			stderr: "connection refused",
		},
	})
}

func TestJSONOrText(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "",
		`["a = 1"]`:        `["a = 1"]`,
		`country = 'PT'`:   `"country = 'PT'"`,
		`say "hi" <there>`: `"say \"hi\" \u003cthere\u003e"`,
	} {
		got := jsonOrText(text)
		if string(got) != want || want != "" && !json.Valid(got) {
			t.Errorf("jsonOrText(%q) = %s, want %s", text, got, want)
		}
	}
}
