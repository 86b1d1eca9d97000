package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cloud is a fake of the services of a deployed function: its stack, its
// configuration, its log and its bucket.
type cloud struct {
	*fakeAWS
	answer  string // of an invocation
	failed  bool   // whether the answer is an error
	gateway string // the API's error; "" without an API
	events  []logEvent

	unsafeHash string // PODPAC_UNSAFE_EVAL in the function's environment

	mu      sync.Mutex
	invoked []string          // the payloads
	types   []string          // the invocation type of each
	objects map[string]string // by key
	results map[string]string // of each upload: extension and content of its result

	onUpload func(key string)
	onInvoke func(event string) (answer string) // without the lock
	onDelete func()

	executions map[string]string // state by name
}

type logEvent struct {
	Stream    string `json:"logStreamName"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
	ID        string `json:"eventId"`
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{fakeAWS: newAWS(t), objects: map[string]string{}, answer: "null"}
	c.outputs = map[string]string{"FunctionName": "fn", "FunctionAlias": "live", "BucketName": "bucket", "InputPrefix": "in/", "OutputPrefix": "out/"}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	path := r.URL.Path
	switch {
	case c.gateway != "" && strings.Contains(r.Host, ".execute-api."):
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, c.gateway)
	case strings.Contains(string(body), "Action=DescribeStacks"):
		c.describeStacks(w, string(body))
	case strings.Contains(string(body), "Action=GetTemplate"):
		fmt.Fprint(w, `<GetTemplateResponse><GetTemplateResult><TemplateBody>{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup","DeletionPolicy":"Retain"},"Fn":{"Type":"AWS::Lambda::Function"},"V":{"Type":"AWS::Lambda::Version","DeletionPolicy":"Retain"}}}</TemplateBody></GetTemplateResult></GetTemplateResponse>`)
	case strings.Contains(string(body), "Action=ListStackResources"):
		fmt.Fprint(w, `<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>`+
			`<member><LogicalResourceId>Logs</LogicalResourceId><PhysicalResourceId>group</PhysicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType></member>`+
			`<member><LogicalResourceId>Fn</LogicalResourceId><PhysicalResourceId>fn</PhysicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType></member>`+
			`<member><LogicalResourceId>V</LogicalResourceId><PhysicalResourceId>fn:1</PhysicalResourceId><ResourceType>AWS::Lambda::Version</ResourceType></member>`+
			`</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>`)
	case path == "/2015-03-31/functions/fn/configuration":
		fmt.Fprint(w, `{"FunctionName":"fn","FunctionArn":"arn:aws:lambda:eu-central-1:123456789012:function:fn","State":"Active","Runtime":"python3.12",
			"Handler":"handler.handler","Architectures":["x86_64"],"MemorySize":2048,"Timeout":600,"EphemeralStorage":{"Size":1024},"CodeSize":12300000,
			"CodeSha256":"abc=","Role":"arn:aws:iam::123456789012:role/r","LoggingConfig":{"LogGroup":"group"},
			"Environment":{"Variables":{"SETTINGS":"`+secretKey+`","A":"b","PODPAC_UNSAFE_EVAL":"`+c.unsafeHash+`"}}}`)
	case path == "/2015-03-31/functions/fn/aliases":
		fmt.Fprint(w, `{"Aliases":[{"Name":"live","FunctionVersion":"3"}]}`)
	case path == "/2015-03-31/functions/fn:live/invocations":
		c.invoke(w, r, body)
	case r.Header.Get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
		c.filter(w, body)
	case strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSStepFunctions."):
		c.states(w, r.Header.Get("X-Amz-Target"), body)
	case strings.HasPrefix(path, "/bucket"):
		c.bucket(w, r, strings.TrimPrefix(path, "/bucket/"), string(body))
	default:
		http.Error(w, "the fake does not support "+path, http.StatusNotImplemented)
	}
}

func (c *cloud) invoke(w http.ResponseWriter, r *http.Request, body []byte) {
	c.invoked, c.types = append(c.invoked, string(body)), append(c.types, r.Header.Get("X-Amz-Invocation-Type"))
	w.Header().Set("X-Amzn-Requestid", "request-7")
	if c.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	answer := c.answer
	if c.onInvoke != nil {
		c.mu.Unlock()
		answer = c.onInvoke(string(body))
		c.mu.Lock()
	}
	fmt.Fprint(w, answer)
}

// states answers like Step Functions for executions without map runs.
func (c *cloud) states(w http.ResponseWriter, target string, body []byte) {
	name := strings.TrimSuffix(string(body[strings.LastIndexByte(string(body), ':')+1:]), `"}`)
	state, exists := c.executions[name]
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	switch {
	case strings.HasSuffix(target, ".DescribeExecution") && exists:
		fmt.Fprintf(w, `{"executionArn": "arn:%s", "stateMachineArn": "arn:m", "status": %q, "startDate": 1}`, name, state)
	case strings.HasSuffix(target, ".DescribeExecution"):
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "ExecutionDoesNotExist"}`)
	case strings.HasSuffix(target, ".ListMapRuns"):
		fmt.Fprint(w, `{"mapRuns": []}`)
	default:
		http.Error(w, "the fake does not support "+target, http.StatusNotImplemented)
	}
}

// filter answers like CloudWatch Logs, one event a page.
func (c *cloud) filter(w http.ResponseWriter, body []byte) {
	var query struct {
		StartTime, EndTime       int64
		FilterPattern, NextToken string
		LogStreamNames           []string
	}
	if err := json.Unmarshal(body, &query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var found []logEvent
	for _, e := range c.events {
		if e.Timestamp >= query.StartTime && (query.EndTime == 0 || e.Timestamp <= query.EndTime) &&
			strings.Contains(e.Message, strings.Trim(query.FilterPattern, `"`)) &&
			(query.LogStreamNames == nil || query.LogStreamNames[0] == e.Stream) {
			found = append(found, e)
		}
	}
	page, _ := strconv.Atoi(query.NextToken) // the first has none
	answer := map[string]any{"events": []logEvent{}}
	if page < len(found) {
		answer["events"], answer["nextToken"] = found[page:page+1], fmt.Sprint(page+1)
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (c *cloud) bucket(w http.ResponseWriter, r *http.Request, key, body string) {
	switch {
	case r.Method == http.MethodPut:
		c.objects[key] = body
		if c.onUpload != nil {
			c.onUpload(key)
		}
		for extension, content := range c.results {
			c.objects["out/"+strings.TrimSuffix(strings.TrimPrefix(key, "in/"), "json")+extension] = content
		}
	case r.URL.Query().Has("list-type"):
		fmt.Fprint(w, `<ListBucketResult>`)
		for key := range c.objects {
			if strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key></Contents>`, key)
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	case r.Method == http.MethodPost:
		if c.onDelete != nil {
			c.onDelete()
		}
		for key := range c.objects {
			if strings.Contains(body, "<Key>"+key+"</Key>") {
				delete(c.objects, key)
			}
		}
		fmt.Fprint(w, `<DeleteResult/>`)
	default:
		w.Header().Set("X-Amz-Meta-Items", "2")
		content, exists := c.objects[key]
		if !exists {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
			return
		}
		fmt.Fprint(w, content)
	}
}

// defogWith is defog with a standard input.
func defogWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(file, []byte(stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	before := os.Stdin
	os.Stdin = input
	defer func() { os.Stdin = before }()
	return defog(t, args...)
}

func TestDescribeShowsStackAndFunction(t *testing.T) {
	newCloud(t)
	code, stdout, stderr := defog(t, "describe")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	for _, part := range []string{
		"defog-lambda-dev (CREATE_COMPLETE", "123456789012, region eu-central-1", "handler.handler on python3.12, x86_64",
		"2048 MB of memory, 600 s, 1024 MB of /tmp", "12.3 MB", "live=3", "A PODPAC_UNSAFE_EVAL SETTINGS", "in/",
	} {
		if !strings.Contains(stdout, part) {
			t.Errorf("got no %q in\n%s", part, stdout)
		}
	}
	code, stdout, _ = defog(t, "describe", "--json")
	var described description
	if err := json.Unmarshal([]byte(stdout), &described); code != 0 || err != nil || described.Function.LogGroup != "group" {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
}

func TestDescribePrintsSettingsOfPodpacClient(t *testing.T) {
	const (
		settings = `{"AWS_REGION_NAME":"eu-central-1","FUNCTION_DEPENDENCIES_KEY":"deps.zip","FUNCTION_NAME":"fn:live","FUNCTION_ROLE_NAME":"r","S3_BUCKET_NAME":"bucket"}`
		python   = `import podpac

podpac.settings["AWS_REGION_NAME"] = "eu-central-1"
podpac.settings["FUNCTION_DEPENDENCIES_KEY"] = "deps.zip"
podpac.settings["FUNCTION_NAME"] = "fn:live"
podpac.settings["FUNCTION_ROLE_NAME"] = "r"
podpac.settings["S3_BUCKET_NAME"] = "bucket"
`
		never   = "Never call build(), delete()"
		invalid = "validate() returns False"
		secret  = "Keep UNSAFE_EVAL_HASH secret"
		address = "The API, with caller authorization iam: https://api/eval"
	)
	for name, test := range map[string]struct {
		change       func(*cloud)
		notes        []string // among never, invalid, secret and address
		json, python string
	}{
		"dependencies in the bucket": {func(c *cloud) { c.outputs["Dependencies"] = "s3://bucket/deps.zip" }, []string{never}, settings, python},
		"dependencies elsewhere":     {func(c *cloud) { c.outputs["Dependencies"] = "s3://other/deps.zip" }, []string{never, invalid}, settings, python},
		"no dependencies":            {func(*cloud) {}, []string{never, invalid}, settings, python},
		"an API": {func(c *cloud) {
			c.outputs["Dependencies"], c.outputs["EvalUrl"], c.outputs["ApiAuth"] = "s3://bucket/deps.zip", "https://api/eval", "iam"
		}, []string{never, address}, settings, python},
		"callers' code": {func(c *cloud) {
			c.outputs["Dependencies"], c.unsafeHash = "s3://bucket/deps.zip", "0123"
		}, []string{never, secret}, strings.TrimSuffix(settings, "}") + `,"UNSAFE_EVAL_HASH":"0123"}`, python + "podpac.settings[\"UNSAFE_EVAL_HASH\"] = \"0123\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.outputs["PodpacSettings"] = settings
			test.change(c)
			code, stdout, stderr := defog(t, "describe", "--podpac", "--json")
			if diff := cmp.Diff(test.json+"\n", stdout); code != 0 || diff != "" {
				t.Errorf("exit code %d, JSON -want +got:\n%s", code, diff)
			}
			for _, note := range []string{never, invalid, secret, address} {
				if got := strings.Contains(stderr, note); got != slices.Contains(test.notes, note) {
					t.Errorf("note %q is there: %t\n%s", note, got, stderr)
				}
			}
			code, stdout, stderr = defog(t, "describe", "--podpac")
			notes, got, _ := strings.Cut(stdout, "import podpac")
			if diff := cmp.Diff(test.python, "import podpac"+got); code != 0 || stderr != "" || diff != "" {
				t.Errorf("exit code %d, stderr %s, Python -want +got:\n%s", code, stderr, diff)
			}
			for line := range strings.Lines(notes) {
				if !strings.HasPrefix(line, "# ") {
					t.Errorf("no comment: %s", line)
				}
			}
			for _, note := range test.notes {
				if !strings.Contains(notes, note) {
					t.Errorf("no note %q in\n%s", note, notes)
				}
			}
		})
	}
}

func TestDeployedFailures(t *testing.T) {
	tests := map[string]struct {
		args   []string
		change func(*cloud)
		stderr string
	}{
		"not deployed": {[]string{"describe", "-c", "app_name=no"}, nil, "stack no-dev is not deployed in region eu-central-1; select another by"},
		"old stack": {
			[]string{"describe"}, func(c *cloud) { delete(c.outputs, "FunctionName") },
			"stack defog-lambda-dev (CREATE_COMPLETE) has no output FunctionName: it has no function",
		},
		"stack without settings of PODPAC's client": {
			[]string{"describe", "--podpac"}, nil, "has no output PodpacSettings: it has no custom function, or an older one (deploy again)",
		},
		"no S3 trigger": {
			[]string{"eval", "--s3", "-"}, func(c *cloud) { delete(c.outputs, "BucketName") },
			"has no output BucketName: it has no S3 trigger (function_triggers)",
		},
		"no log": {[]string{"logs", "--request", "x"}, nil, "log group group has no request x of the last 24h"},
		"protected": {
			[]string{"delete", "-y"}, func(c *cloud) { c.protected = true },
			"has termination protection; deploy it with -c termination_protection=false first",
		},
		"negative since": {[]string{"logs", "--since", "-1h"}, nil, "--since: -1h0m0s is not positive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			if test.change != nil {
				test.change(c)
			}
			code, _, stderr := defogWith(t, "{}", test.args...)
			if code != 1 || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, stderr %q, want %q", code, stderr, test.stderr)
			}
		})
	}
}

func TestLogsAreReadable(t *testing.T) {
	c := newCloud(t)
	now := time.Now().Truncate(time.Millisecond)
	c.events = []logEvent{
		{"b", now.Add(-time.Minute).UnixMilli(), "plain \x1b[2J\n", "2"},
		{"a", now.Add(-2 * time.Minute).UnixMilli(), `{"time":"x","level":"INFO","msg":"answered","n":1,"at":{"b": 2}}`, "1"},
		{"a", now.Add(-time.Hour).UnixMilli(), "old", "0"},
	}
	code, stdout, stderr := defog(t, "logs")
	clock := func(d time.Duration) string { return now.Add(d).Format("15:04:05.000") }
	want := clock(-2*time.Minute) + ` INFO answered at={"b":2} n=1` + "\n" + clock(-time.Minute) + ` plain \x1b[2J` + "\n"
	if diff := cmp.Diff(want, stdout); code != 0 || diff != "" {
		t.Errorf("exit code %d, %s (-want +got):\n%s", code, stderr, diff)
	}
	if _, stdout, _ := defog(t, "logs", "--since", "1s"); stdout != "The function logged nothing in the last 1s (--since).\n" {
		t.Errorf("without events: got %q", stdout)
	}
}

func TestLogsOfOneRequest(t *testing.T) {
	c := newCloud(t)
	at := time.Now().Add(-time.Hour).UnixMilli()
	c.events = []logEvent{
		{"a", at, "END RequestId: other", "1"},
		{"a", at + 10, "START RequestId: mine", "2"},
		{"b", at + 11, "from another sandbox", "3"},
		{"a", at + 12, "printed", "4"},
		{"a", at + 20, "REPORT RequestId: mine", "5"},
		{"a", at + 30, "later", "6"},
	}
	code, stdout, stderr := defog(t, "logs", "--raw", "--request", "mine")
	if want := "START RequestId: mine\nprinted\nREPORT RequestId: mine\n"; code != 0 || stdout != want {
		t.Errorf("exit code %d, %s: %q", code, stderr, stdout)
	}
}

func TestEvalWritesTheResult(t *testing.T) {
	for name, test := range map[string]struct{ answer, want string }{
		"JSON":            {`{"data": [[0,1]]}`, `{"data": [[0,1]]}`},
		"text":            {`"{\"data\": 1}"`, `{"data": 1}`},
		"gateway, base64": {`{"statusCode":200,"isBase64Encoded":true,"body":"iVBORw=="}`, "\x89PNG"},
		"gateway, text":   {`{"statusCode":200,"body":"{}"}`, "{}"},
		"null":            {"null", "null"},
		"netCDF":          {"CDF\x01\x00\xff", "CDF\x01\x00\xff"},
		"PNG":             {"\x89PNG\r\n\x1a\n", "\x89PNG\r\n\x1a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.answer = test.answer
			code, stdout, stderr := defogWith(t, `{"a": 1}`, "eval", "-")
			if code != 0 || stdout != test.want {
				t.Errorf("exit code %d, %s: %q, want %q", code, stderr, stdout, test.want)
			}
			if diff := cmp.Diff([]string{`{"a": 1}`}, c.invoked); diff != "" {
				t.Errorf("invoked (-want +got):\n%s", diff)
			}
			code, stdout, stderr = defogWith(t, "{}", "eval", "-", "-o", "result")
			content, err := os.ReadFile("result")
			if code != 0 || err != nil || string(content) != test.want || !strings.HasPrefix(stdout, "result: ") {
				t.Errorf("exit code %d, %v, %s: %q", code, err, stderr, content)
			}
		})
	}
}

func TestEvalFailures(t *testing.T) {
	for name, test := range map[string]struct {
		event, answer string
		failed        bool
		stderr        string
	}{
		"function error": {
			"{}", `{"errorType":"BadRequest","errorMessage":"no \u001b[2J","stackTrace":["secret"]}`, true,
			`defog: the function failed: BadRequest: no \x1b[2J` + "\n",
		},
		"crash":         {"{}", `{"errorMessage":"Task timed out"}`, true, "defog: the function failed: Error: Task timed out\n"},
		"refused":       {"{}", `{"statusCode":403,"body":"no"}`, false, "defog: the function answered 403: no\n"},
		"broken base64": {"{}", `{"statusCode":200,"body":"*","isBase64Encoded":true}`, false, "its body is not base64"},
		"no JSON":       {`{"nan_val": nan}`, "", false, "standard input: is not JSON"},
		"broken NaN":    {`{"nan_val": -NaN}`, "", false, "standard input: is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.answer, c.failed = test.answer, test.failed
			code, _, stderr := defogWith(t, test.event, "eval", "-", "-o", "result")
			if code != 1 || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, stderr %q, want %q", code, stderr, test.stderr)
			}
			if files, _ := filepath.Glob("*"); len(files) != 0 {
				t.Errorf("left %v", files)
			}
		})
	}
}

func TestEvalAsync(t *testing.T) {
	c := newCloud(t)
	code, stdout, stderr := defogWith(t, "{}", "eval", "--async", "-")
	if code != 0 || !strings.Contains(stdout, "defog logs --request request-7") || c.types[0] != "Event" {
		t.Errorf("exit code %d, %s, %v: %s", code, stderr, c.types, stdout)
	}
}

func TestEvalThroughS3(t *testing.T) {
	c := newCloud(t)
	c.objects["out/pipeline.json"] = "another's"
	c.results = map[string]string{"netcdf": "CDF"}
	if err := os.WriteFile("pipeline.json", []byte(`{"a": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := defog(t, "eval", "--s3", "pipeline.json")
	if code != 0 || stdout != "CDF" {
		t.Errorf("exit code %d, %s: %q", code, stderr, stdout)
	}
	uploaded := 0
	for key, content := range c.objects {
		if strings.HasPrefix(key, "in/pipeline-") && strings.Contains(content, `{"a": 1}`) {
			uploaded++
		}
	}
	if uploaded != 1 {
		t.Errorf("the bucket holds %v", c.objects)
	}
	c.results = nil
	if code, _, stderr := defog(t, "eval", "--s3", "pipeline.json", "--timeout", "300ms"); code != 1 || !strings.Contains(stderr, "no result within 300ms (--timeout); see defog logs") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

// TestEvalThroughS3ReportsFailures has a function that fails, as its log shows.
func TestEvalThroughS3ReportsFailures(t *testing.T) {
	c := newCloud(t)
	c.outputs["LogGroupName"] = "group"
	c.onUpload = func(key string) {
		now := time.Now().UnixMilli()
		c.events = []logEvent{
			{"a", now, `{"objects":[{"key":"in/other.json","error":"bad_request","message":"another"}]}`, "1"},
			{"a", now, "[ERROR] " + key, "2"},
			{"a", now, `{"objects":[{"key":"in/other.json"},{"key":"` + key + `","error":"forbidden","message":"no \u001b[2J"}]}`, "3"},
		}
	}
	code, _, stderr := defogWith(t, "{}", "eval", "--s3", "-")
	if code != 1 || !strings.Contains(stderr, `the function failed: forbidden: no \x1b[2J; Lambda may repeat the event, and the result then is s3://bucket/out/--`) {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

// TestEvalPassesPythonsConstantsThroughTheBucket uses an event as Python writes it,
// which Lambda refuses.
func TestEvalPassesPythonsConstantsThroughTheBucket(t *testing.T) {
	const event = `{"nan_val": [NaN, 1, -Infinity], "text": "a \" NaN"}`
	for name, test := range map[string]struct {
		args           []string
		event          string
		outputs        map[string]string
		code           int
		stdout, stderr string
		invoked        int
	}{
		"NaN":         {nil, event, nil, 0, "CDF", "The event holds NaN, which Lambda refuses in an invoke. It passes through the bucket, as with --s3.\n", 0},
		"-Infinity":   {nil, `[-Infinity]`, nil, 0, "CDF", "The event holds -Infinity, which", 0},
		"--s3":        {[]string{"--s3"}, event, nil, 0, "CDF", "", 0},
		"--async":     {[]string{"--async"}, event, nil, 0, "The bucket has the event. The function writes the result to:\n  s3://bucket/out/--", "The event holds NaN", 0},
		"in texts":    {nil, `{"NaN": "Infinity \\"}`, nil, 0, "null", "", 1},
		"no bucket":   {nil, event, map[string]string{"BucketName": ""}, 1, "", "the event holds NaN, which Lambda accepts only through S3: stack defog-lambda-dev (CREATE_COMPLETE) has no output BucketName: it has no S3 trigger (function_triggers)", 0},
		"no trigger":  {nil, event, map[string]string{"FunctionTriggers": "eval,APIGateway"}, 1, "", "stack defog-lambda-dev has no S3 trigger: function_triggers is eval,APIGateway", 0},
		"the trigger": {nil, event, map[string]string{"FunctionTriggers": "eval,S3"}, 0, "CDF", "The event holds NaN", 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			maps.Copy(c.outputs, test.outputs)
			c.results = map[string]string{"netcdf": "CDF"}
			code, stdout, stderr := defogWith(t, test.event, append([]string{"eval", "-"}, test.args...)...)
			if code != test.code || !strings.HasPrefix(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) || (test.stderr == "") != (stderr == "") || len(c.invoked) != test.invoked {
				t.Errorf("exit code %d, %d invokes, stderr %q, stdout %q", code, len(c.invoked), stderr, stdout)
			}
			uploaded := ""
			for key, content := range c.objects {
				if strings.HasPrefix(key, "in/") {
					uploaded += content
				}
			}
			if want := test.code == 0 && test.invoked == 0; strings.Contains(uploaded, test.event) != want {
				t.Errorf("uploaded %q", uploaded)
			}
		})
	}
}

func TestDeleteConfirmsAndListsWhatRemains(t *testing.T) {
	for name, test := range map[string]struct {
		typed string
		args  []string
		code  int
		ran   string
	}{
		"confirmed": {"defog-lambda-dev\n", nil, 0, "cdk destroy defog-lambda-dev --force -c stage=dev\n"},
		"refused":   {"y\n", nil, 1, ""},
		"no answer": {"", nil, 1, ""},
		"yes":       {"", []string{"--yes"}, 0, "cdk destroy defog-lambda-dev --force -c stage=dev\n"},
	} {
		t.Run(name, func(t *testing.T) {
			newCloud(t)
			t.Setenv("PATH", fakeNpx(t)+":"+os.Getenv("PATH"))
			code, stdout, stderr := defogWith(t, test.typed, append([]string{"delete", "-c", "stage=dev"}, test.args...)...)
			if code != test.code || !strings.Contains(stdout, "These resources remain, with their costs:\n  AWS::Logs::LogGroup group\n") || strings.Contains(stdout, "fn:1") {
				t.Errorf("exit code %d, %s: %s", code, stderr, stdout)
			}
			ran, _ := os.ReadFile("ran")
			if string(ran) != test.ran {
				t.Errorf("ran %q, want %q", ran, test.ran)
			}
		})
	}
}

// fakeNpx returns a folder with an npx that records its arguments.
func fakeNpx(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "npx"), []byte("#!/bin/sh\necho \"$@\" > ran\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// A function that does not start logs nothing of its own, and its API hides why.
func TestStartFailureIsShown(t *testing.T) {
	const failure = "Runtime.InvalidEntrypoint: fork/exec /var/task/bootstrap: exec format error"
	c := newCloud(t)
	c.outputs["QueryUrl"], c.outputs["ApiAuth"] = "https://abcd1234.execute-api.eu-central-1.amazonaws.com/", "none"
	c.failed, c.answer = true, `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"fork/exec /var/task/bootstrap: exec format error"}`
	c.gateway = `{"message":"Internal Server Error"}`
	if code, _, stderr := defog(t, "ask", "How many?"); code != 1 || !strings.Contains(stderr, "does not answer (502): "+failure) {
		t.Errorf("ask: exit code %d, %s", code, stderr)
	}
	now := time.Now().UnixMilli()
	c.events = []logEvent{{"a", now, "START RequestId: mine", "1"}, {"a", now, "END RequestId: mine", "2"}}
	if code, stdout, stderr := defog(t, "logs"); code != 0 || !strings.Contains(stdout, "The function does not start: "+failure) {
		t.Errorf("logs: exit code %d, %s%s", code, stdout, stderr)
	}
	invoked := len(c.invoked)
	c.events = append(c.events, logEvent{"a", now, `{"level":"ERROR","msg":"question"}`, "3"})
	if _, stdout, _ := defog(t, "logs"); strings.Contains(stdout, "does not start") || len(c.invoked) != invoked {
		t.Errorf("logs of a function that starts: %s, %d invocations", stdout, len(c.invoked)-invoked)
	}
	c.failed, c.answer = false, `{"ran_successfully":false}`
	if _, _, stderr := defog(t, "ask", "How many?"); !strings.Contains(stderr, "failed or exceeded its timeout (502") {
		t.Errorf("ask a function that starts: %s", stderr)
	}
}
