package fanout

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"defog-cdk/cmd/defog/client"
)

const (
	machineARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:fn-fan-out"
	mapRunARN  = "arn:aws:states:eu-west-1:123456789012:mapRun:fn-fan-out/Items:"
)

// fake is S3 and Step Functions, as far as a Client uses them. A test ends its
// executions.
type fake struct {
	mu         sync.Mutex
	objects    map[string]object
	executions map[string]*execution // by name
	children   map[string]child      // failed items by ARN
	requests   map[string]int        // by operation
	replaced   []string              // keys of objects that were written again
	failing    string                // operation that is refused
	faults     int                   // requests to Step Functions that fail before one succeeds
	onDescribe func(name string)     // before an answer
}

type object struct {
	content string
	items   string // metadata
}

type execution struct {
	Status, Error, Cause, Input string
	counts                      map[string]int
	starts                      int
}

type child struct {
	Name, Status, Error, Cause, Input string
}

func newFake(t *testing.T) (*fake, *Client) {
	t.Helper()
	f := &fake{objects: map[string]object{}, executions: map[string]*execution{}, children: map[string]child{}, requests: map[string]int{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	stack := client.Stack{Name: "fn-dev", Outputs: []client.Output{{Key: MachineOutput, Value: machineARN}, {Key: client.BucketOutput, Value: "bucket"}}}
	c, err := Open(cfg, stack)
	if err != nil {
		t.Fatal(err)
	}
	c.interval = time.Millisecond
	return f, c
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		f.states(w, operation, body)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	stored, exists := f.objects[key]
	f.requests["S3 "+r.Method]++
	switch {
	case r.URL.Query().Has("list-type"):
		f.list(w, r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token"))
	case r.Method == http.MethodPut && exists && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, `<Error><Code>PreconditionFailed</Code></Error>`)
	case r.Method == http.MethodPut:
		if exists {
			f.replaced = append(f.replaced, key)
		}
		f.objects[key] = object{decodeChunks(r, string(body)), r.Header.Get("X-Amz-Meta-Items")}
	case !exists:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
	default:
		w.Header().Set("X-Amz-Meta-Items", stored.items)
		if r.Method == http.MethodGet {
			fmt.Fprint(w, stored.content)
		}
	}
}

// decodeChunks removes the SDK's trailing checksum from an upload.
func decodeChunks(r *http.Request, body string) string {
	if !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return body
	}
	var content strings.Builder
	for {
		head, rest, _ := strings.Cut(body, "\r\n")
		size, _, _ := strings.Cut(head, ";")
		var n int
		if _, err := fmt.Sscanf(size, "%x", &n); err != nil || n == 0 {
			return content.String()
		}
		content.WriteString(rest[:n])
		body = rest[n+2:]
	}
}

// list answers with up to 1000 keys, as S3 does.
func (f *fake) list(w io.Writer, prefix, after string) {
	f.requests["list"]++
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(f.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) || key <= after })
	fmt.Fprint(w, `<ListBucketResult>`)
	if len(keys) > 1000 {
		keys = keys[:1000]
		fmt.Fprintf(w, `<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>`, keys[999])
	}
	for _, key := range keys {
		fmt.Fprint(w, `<Contents><Key>`)
		_ = xml.EscapeText(w, []byte(key))
		fmt.Fprint(w, `</Key></Contents>`)
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

func (f *fake) states(w http.ResponseWriter, operation string, body []byte) {
	var request struct {
		Name, Input, ExecutionArn, MapRunArn, StateMachineArn, StatusFilter string
		MaxResults                                                          int
	}
	if err := json.Unmarshal(body, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	name := request.ExecutionArn[strings.LastIndex(request.ExecutionArn, ":")+1:]
	if f.onDescribe != nil && operation == "DescribeExecution" {
		f.onDescribe(name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[operation]++
	if f.faults > 0 {
		f.faults--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if f.failing == operation {
		refuse(w, "AccessDeniedException", "no "+operation)
		return
	}
	found := f.executions[name]
	switch operation {
	case "StartExecution":
		if started := f.executions[request.Name]; started != nil {
			// AWS accepts the same input again while the execution runs.
			if started.Status != "RUNNING" || started.Input != request.Input {
				refuse(w, "ExecutionAlreadyExists", "exists")
				return
			}
		} else {
			f.executions[request.Name] = &execution{Status: "RUNNING", Input: request.Input}
		}
		f.executions[request.Name].starts++
		answer(w, map[string]any{"executionArn": "arn:" + request.Name, "startDate": 1})
	case "DescribeExecution":
		if failed, ok := f.children[request.ExecutionArn]; ok {
			answer(w, map[string]any{"executionArn": request.ExecutionArn, "stateMachineArn": machineARN, "status": failed.Status, "startDate": 1, "input": failed.Input, "error": failed.Error, "cause": failed.Cause})
			return
		}
		if found == nil {
			refuse(w, "ExecutionDoesNotExist", "none")
			return
		}
		answer(w, map[string]any{"executionArn": request.ExecutionArn, "stateMachineArn": machineARN, "status": found.Status, "startDate": 1, "error": found.Error, "cause": found.Cause})
	case "StopExecution":
		found.Status = "ABORTED"
		answer(w, map[string]any{"stopDate": 1})
	case "ListMapRuns":
		runs := []any{}
		if found != nil && found.counts != nil {
			runs = append(runs, map[string]any{"mapRunArn": mapRunARN + name, "executionArn": request.ExecutionArn, "stateMachineArn": machineARN, "startDate": 1})
		}
		answer(w, map[string]any{"mapRuns": runs})
	case "DescribeMapRun":
		found = f.executions[strings.TrimPrefix(request.MapRunArn, mapRunARN)]
		status := found.Status
		answer(w, map[string]any{"mapRunArn": request.MapRunArn, "status": status, "startDate": float64(time.Now().Unix() - 10), "itemCounts": found.counts})
	case "ListExecutions":
		list := []any{}
		for _, arn := range slices.Sorted(maps.Keys(f.children)) {
			if f.children[arn].Status == request.StatusFilter && len(list) < request.MaxResults {
				list = append(list, map[string]any{"executionArn": arn, "name": arn, "stateMachineArn": machineARN, "status": f.children[arn].Status, "startDate": 1})
			}
		}
		if request.StateMachineArn != "" {
			for _, name := range slices.Backward(slices.Sorted(maps.Keys(f.executions))) {
				list = append(list, map[string]any{"executionArn": name, "name": name, "stateMachineArn": machineARN, "status": f.executions[name].Status, "startDate": 1})
			}
		}
		answer(w, map[string]any{"executions": list})
	default:
		refuse(w, "InvalidAction", operation)
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
}

// end ends an execution with these items done, of the run with its name.
func (f *fake) end(run Run, execution, status string, done ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.executions[execution].Status = status
	for _, i := range done {
		f.objects[run.doneKey(i)] = object{}
	}
}

// content returns an object of the bucket.
func (f *fake) content(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.objects[key].content
}
