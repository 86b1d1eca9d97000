package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"defog-cdk/internal/operations"
	"defog-cdk/local"
)

// requests records the requests to every local AWS of the tests. After the tests,
// they are checked against botocore's models of the services, which local AWS does
// not enforce.
var requests = &recorder{}

type recorder struct {
	mutex  sync.Mutex
	folder string
	files  []string
}

// option makes a local AWS record its requests.
func (r *recorder) option() (local.Option, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.folder == "" {
		folder, err := os.MkdirTemp("", "defog-requests-")
		if err != nil {
			return nil, err
		}
		r.folder = folder
	}
	file := filepath.Join(r.folder, strconv.Itoa(len(r.files))+".jsonl")
	r.files = append(r.files, file)
	return local.Record(file), nil
}

// checked is the output of models/check.py.
type checked struct {
	Problems  map[string][]string // by client
	Seen      map[string][]string // operations by client, such as "s3:GetObject"
	Unchecked []string            // patterns that Python cannot evaluate
}

// project is the client that is this project's Go code, in the function and in defog.
const project = "project"

// check returns an error about the project's requests that no model allows. It prints
// what the other clients sent, and what no test requested.
func (r *recorder) check() error {
	if len(r.files) == 0 {
		return nil
	}
	found, err := checkRequests(context.Background(), r.files...)
	if err != nil {
		return err
	}
	if len(found.Seen) == 0 {
		return errors.New("check requests against botocore's models: none was recorded")
	}
	for _, client := range slices.Sorted(maps.Keys(found.Seen)) {
		fmt.Printf("operations requested by %s: %s\n", client, strings.Join(found.Seen[client], " "))
	}
	used, err := operations.InCode(checkout, "cmd", "lambda", "internal", "stacks")
	if err != nil {
		return err
	}
	requested := func(operation string) bool { return slices.Contains(found.Seen[project], operation) }
	fmt.Printf("operations in the code that these tests did not request: %s\n", strings.Join(slices.DeleteFunc(used, requested), " "))
	for _, client := range slices.Sorted(maps.Keys(found.Problems)) {
		text := fmt.Sprintf("requests by %s that botocore's models reject:\n%s", client, strings.Join(found.Problems[client], "\n"))
		if client == project {
			err = errors.New(text)
		} else {
			fmt.Println(text)
		}
	}
	return err
}

// checkRequests checks recorded requests with botocore, which MiniStack needs, too.
func checkRequests(ctx context.Context, files ...string) (found checked, err error) {
	python, err := filepath.Abs(filepath.Join(checkout, ".venv", "bin", "python"))
	if err != nil {
		return found, err
	}
	command := exec.CommandContext(ctx, python, append([]string{"models/check.py"}, files...)...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err == nil {
		err = json.Unmarshal(output, &found)
	}
	if err != nil {
		return found, fmt.Errorf("check requests against botocore's models: %w", err)
	}
	return found, nil
}

func (r *recorder) remove() error {
	if r.folder == "" {
		return nil
	}
	return os.RemoveAll(r.folder)
}

// TestModelsRejectWrongRequests checks requests that local AWS accepts.
func TestModelsRejectWrongRequests(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs botocore: make test-e2e")
	}
	tests := []struct {
		name, service  string
		method, target string
		headers        map[string]string
		body, want     string // want is empty for a valid request
	}{
		{"valid object", "s3", "GET", "/bucket/a/key", nil, "", ""},
		{"unknown parameter in the query", "s3", "GET", "/bucket/a/key?verson=1", nil, "", "unknown parameters ['verson']"},
		{"valid invoke", "lambda", "POST", "/2015-03-31/functions/ask/invocations", map[string]string{"x-amz-invocation-type": "Event"}, "{}", ""},
		{"wrong value of an enumeration", "lambda", "POST", "/2015-03-31/functions/ask/invocations", map[string]string{"x-amz-invocation-type": "event"}, "{}", "InvocationType: is 'event'"},
		{"name that does not match", "lambda", "POST", "/2015-03-31/functions/ask%20it/invocations", nil, "{}", "FunctionName: does not match"},
		{"valid secret", "secretsmanager", "POST", "/", map[string]string{"x-amz-target": "secretsmanager.GetSecretValue"}, `{"SecretId": "shop"}`, ""},
		{"missing parameter", "secretsmanager", "POST", "/", map[string]string{"x-amz-target": "secretsmanager.GetSecretValue"}, `{}`, "SecretId: is missing"},
		{"unknown parameter", "sqs", "POST", "/", map[string]string{"x-amz-target": "AmazonSQS.SendMessage"}, `{"QueueUrl": "q", "MessageBody": "m", "Delay": 1}`, "Delay: is unknown"},
		{"wrong type", "sqs", "POST", "/", map[string]string{"x-amz-target": "AmazonSQS.SendMessage"}, `{"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": "1"}`, "DelaySeconds: is of type str; want integer"},
		{"unknown member", "dynamodb", "POST", "/", map[string]string{"x-amz-target": "DynamoDB_20120810.GetItem"}, `{"TableName": "table", "Key": {"id": {"T": "1"}}}`, "T: is unknown"},
		{"valid query", "cloudformation", "POST", "/", nil, "Action=DescribeStacks&Version=2010-05-15&StackName=shop", ""},
		{"unknown parameter of a query", "cloudformation", "POST", "/", nil, "Action=DescribeStacks&Version=2010-05-15&Stack=shop", "unknown parameters ['Stack']"},
		{"unknown operation", "cloudformation", "POST", "/", nil, "Action=DescribeStack&Version=2010-05-15", "no operation DescribeStack"},
	}
	var valid, wrong []byte // lines of a record
	for _, test := range tests {
		target, query, _ := strings.Cut(test.target, "?")
		headers := [][]string{{"authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/" + test.service + "/aws4_request, Signature=0"}, {"user-agent", "aws-sdk-go-v2"}}
		for name, value := range test.headers {
			headers = append(headers, []string{name, value})
		}
		line, err := json.Marshal(map[string]any{"method": test.method, "path": target, "query": query, "headers": headers, "body": []byte(test.body), "status": 200})
		if err != nil {
			t.Fatal(err)
		}
		if test.want == "" {
			valid = append(append(valid, line...), '\n')
		} else {
			wrong = append(append(wrong, line...), '\n')
		}
	}
	if found := checkLines(t, valid); len(found.Problems) > 0 || len(found.Seen[project]) != 4 {
		t.Errorf("valid requests: got %+v", found)
	}
	problems := strings.Join(checkLines(t, wrong).Problems[project], "\n")
	for _, test := range tests {
		if !strings.Contains(problems, test.want) {
			t.Errorf("%s: no %q in\n%s", test.name, test.want, problems)
		}
	}
}

// checkLines checks the lines of a record.
func checkLines(t *testing.T, lines []byte) checked {
	t.Helper()
	file := filepath.Join(t.TempDir(), "requests.jsonl")
	if err := os.WriteFile(file, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := checkRequests(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
