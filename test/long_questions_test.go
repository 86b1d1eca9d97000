package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
)

// longQuestions is a deployment with async_questions.
type longQuestions struct {
	*deployedFunction
	caller aws.Credentials // of requests
}

// state is a response for a long question.
type state struct {
	code   int // HTTP status
	header http.Header

	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Seconds  float64   `json:"seconds"`
	SQL      string    `json:"query_generated"`
	Code     string    `json:"error_code"`
	Message  string    `json:"error_message"`
	Rows     [][]any   `json:"data"`
	RowCount int       `json:"row_count"`
	RetryAt  time.Time `json:"retry_at"`
}

func (l *longQuestions) as(caller aws.Credentials) *longQuestions {
	return &longQuestions{l.deployedFunction, caller}
}

// try sends a request and returns the response.
func (l *longQuestions) try(ctx context.Context, method, path, body string) (s state, err error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(l.url, "/")+path, strings.NewReader(body))
	if err != nil {
		return s, err
	}
	request.Header.Set("Content-Type", "application/json")
	l.aws.Direct(request)
	if err := signRequest(ctx, l.caller, request, body); err != nil {
		return s, err
	}
	response, err := l.aws.Client().Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s, err
	}
	s.code, s.header = response.StatusCode, response.Header
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("status %d: %s: %w", response.StatusCode, text, err)
	}
	return s, nil
}

func (l *longQuestions) send(t *testing.T, method, path, body string) state {
	t.Helper()
	s, err := l.try(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a question whose generated SQL is the given one, and returns its id.
func (l *longQuestions) ask(t *testing.T, sql string) (id string) {
	t.Helper()
	l.generator.Teach(sql, sql)
	body, err := json.Marshal(map[string]any{"question": sql, "async": true})
	if err != nil {
		t.Fatal(err)
	}
	accepted := l.send(t, http.MethodPost, "/", string(body))
	if accepted.code != http.StatusAccepted || accepted.Status != "queued" || accepted.ID == "" {
		t.Fatalf("%s: got %+v", sql, accepted)
	}
	return accepted.ID
}

// until reads a question until its status is one of these.
func (l *longQuestions) until(t *testing.T, id string, statuses ...string) state {
	t.Helper()
	for {
		s := l.send(t, http.MethodGet, "/answers/"+id+"?wait=20", "")
		switch {
		case slices.Contains(statuses, s.Status):
			return s
		case s.code != http.StatusAccepted:
			t.Fatalf("question %s: got %+v, want one of %v", id, s, statuses)
		}
	}
}

// answered asks a question and returns its answer.
func (l *longQuestions) answered(t *testing.T, sql string) error {
	t.Helper()
	l.generator.Teach(sql, sql)
	body, err := json.Marshal(map[string]any{"question": sql, "async": true})
	if err != nil {
		t.Fatal(err)
	}
	s := l.send(t, http.MethodPost, "/", string(body))
	for s.code == http.StatusAccepted {
		s = l.send(t, http.MethodGet, "/answers/"+s.ID+"?wait=20", "")
	}
	if s.Status == "done" {
		return nil
	}
	return l.failure(t, s)
}

// lock takes a table away from other sessions: a question about it runs until the
// lock is released.
func (l *longQuestions) lock(t *testing.T, table string) (release func()) {
	t.Helper()
	l.postgres.Query(t, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (n int); GRANT SELECT ON %s TO PUBLIC", table, table))
	session, err := pgconn.Connect(t.Context(), l.postgres.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Exec(t.Context(), fmt.Sprintf("BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table)).Close(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	release = func() {
		once.Do(func() {
			if err := session.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("release %s: %v", table, err)
			}
		})
	}
	t.Cleanup(release)
	return release
}

// running returns the client ports of statements about a table that the database
// runs for the function.
func (l *longQuestions) running(t *testing.T, table string) (ports []string) {
	t.Helper()
	for _, row := range l.postgres.Query(t, fmt.Sprintf(
		"SELECT client_port FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%FROM %s%%' AND pid <> pg_backend_pid() AND query NOT LIKE '%%pg_stat_activity%%'", table)) {
		ports = append(ports, row[0])
	}
	return ports
}

// TestLongQuestions deploys with async_questions to a local AWS that enforces IAM.
func TestLongQuestions(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "long", enforcingAWS)
	d.deploy(t, append(d.createSecret(t), "-c", "async_questions=true", "-c", "async_concurrency=4", "-c", "statement_timeout=800")...)
	f := findFunction(t, d)
	id, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	api, _, _ := strings.Cut(id.Hostname(), ".")
	may := func(name string) aws.Credentials {
		return createUser(t, d, name, allow("execute-api:Invoke", "arn:aws:execute-api:"+region+":000000000000:"+api+"/*"))
	}
	l := &longQuestions{f, may("long-jane")}
	joe := l.as(may("long-joe"))

	// The question of a minute, which runs beside the other steps.
	release := l.lock(t, "slow_minute")
	start := time.Now()
	minute := l.ask(t, "SELECT count(*) AS n FROM slow_minute")
	if got := l.until(t, minute, "running"); got.SQL != "SELECT count(*) AS n FROM slow_minute" {
		t.Errorf("running: %+v", got)
	}

	t.Run("other callers find nothing", func(t *testing.T) { testForeignCaller(t, l, joe, minute) })
	t.Run("cancel ends the statement in the database", func(t *testing.T) { testCancel(t, l) })
	t.Run("question of a killed function fails", func(t *testing.T) { testKilledFunction(t, l) })
	t.Run("event delivered twice runs once", func(t *testing.T) { testDuplicateEvent(t, l) })
	t.Run("lost event ends in failed, and an expired id is not found", func(t *testing.T) { testLostEvent(t, l) })
	t.Run("large answer goes through the bucket", func(t *testing.T) { testLargeAnswer(t, l) })
	t.Run("other questions are answered at once", func(t *testing.T) {
		if err := f.answers(t); err != nil {
			t.Error(err)
		}
	})

	t.Run("question of a minute is answered", func(t *testing.T) {
		time.Sleep(time.Until(start.Add(time.Minute)))
		if got := l.send(t, http.MethodGet, "/answers/"+minute, ""); got.Status != "running" || got.Seconds < 55 {
			t.Errorf("after a minute: %+v", got)
		}
		release()
		if got := l.until(t, minute, "done"); got.code != http.StatusOK || got.RowCount != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("console asks for its page", func(t *testing.T) { testLongQuestionInConsole(t, d) })
	t.Run("role has no action that is not needed", l.testNothingIdle)
	t.Run("day's budget ends with 429 until the next day", func(t *testing.T) { testDailyBudget(t, l) })
}

func testForeignCaller(t *testing.T, l, joe *longQuestions, id string) {
	for _, test := range []struct {
		caller *longQuestions
		id     string
	}{{joe, id}, {l, strings.Repeat("A", 26)}, {l, "unknown"}} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			if got := test.caller.send(t, method, "/answers/"+test.id, ""); got.code != http.StatusNotFound || got.Code != "not_found" {
				t.Errorf("%s %s: %+v", method, test.id, got)
			}
		}
	}
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.Status != "running" {
		t.Errorf("after the attempts: %+v", got)
	}
}

func testCancel(t *testing.T, l *longQuestions) {
	l.lock(t, "slow_cancelled")
	id := l.ask(t, "SELECT n FROM slow_cancelled")
	l.until(t, id, "running")
	for len(l.running(t, "slow_cancelled")) == 0 { // the state is written before the statement starts
		if t.Context().Err() != nil {
			t.Fatal("the statement did not start")
		}
	}
	start := time.Now()
	if got := l.send(t, http.MethodDelete, "/answers/"+id, ""); got.code != http.StatusOK || got.Status != "cancelled" {
		t.Errorf("got %+v", got)
	}
	for len(l.running(t, "slow_cancelled")) > 0 {
		if time.Since(start) > time.Minute {
			t.Fatal("the statement runs on")
		}
	}
	t.Logf("the statement ended %s after the request", time.Since(start).Round(time.Millisecond))
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.Status != "cancelled" || got.Code != "cancelled" {
		t.Errorf("got %+v", got)
	}
}

func testKilledFunction(t *testing.T, l *longQuestions) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: it finds the function's process in /proc")
	}
	l.lock(t, "slow_killed")
	id := l.ask(t, "SELECT n FROM slow_killed")
	l.until(t, id, "running")
	var ports []string
	for len(ports) == 0 {
		ports = l.running(t, "slow_killed")
	}
	start := time.Now()
	if err := syscall.Kill(clientOf(t, ports[0]), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	got := l.until(t, id, "failed")
	t.Logf("failed %s after the kill", time.Since(start).Round(time.Millisecond))
	if got.code != http.StatusInternalServerError || got.Code != "interrupted" {
		t.Errorf("got %+v", got)
	}
	if asked := l.asked("SELECT n FROM slow_killed"); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// clientOf returns the process that has the client's end of a connection.
func clientOf(t *testing.T, port string) (pid int) {
	t.Helper()
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	socket := ""
	for line := range strings.Lines(string(table)) {
		// The second field is the local address, the tenth the inode.
		if fields := strings.Fields(line); len(fields) > 9 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) {
			socket = "socket:[" + fields[9] + "]"
		}
	}
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err == nil && socket != "" && target == socket {
			if pid, err = strconv.Atoi(strings.Split(descriptor, "/")[2]); err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatalf("no process has a connection from port %s", port)
	return 0
}

// asked counts the requests to the generator with a question.
func (l *longQuestions) asked(question string) (count int) {
	for _, request := range l.generator.Requests(generator.GeneratePath) {
		if request.Body["question"] == question {
			count++
		}
	}
	return count
}

func (l *longQuestions) queue() *string { return aws.String(l.variables[environ.AnswersQueue]) }

func testDuplicateEvent(t *testing.T, l *longQuestions) {
	release := l.lock(t, "slow_duplicate")
	const sql = "SELECT count(*) FROM slow_duplicate"
	id := l.ask(t, sql)
	l.until(t, id, "running")
	client := sqs.NewFromConfig(l.config(root()))
	duplicate := func() {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: l.queue(), MessageBody: aws.String(`{"id":"` + id + `"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	duplicate()
	duplicate()
	l.drained(t)
	release()
	l.until(t, id, "done")
	duplicate()
	l.drained(t)
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.Status != "done" || l.asked(sql) != 1 {
		t.Errorf("got %+v, asked %d times", got, l.asked(sql))
	}
}

// drained waits until no message waits in the queue.
func (l *longQuestions) drained(t *testing.T) {
	t.Helper()
	client := sqs.NewFromConfig(l.config(root()))
	for {
		got, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: l.queue(), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages}})
		if err != nil {
			t.Fatal(err)
		}
		if got.Attributes["ApproximateNumberOfMessages"] == "0" {
			return
		}
	}
}

// setState changes a number in a question's state.
func (l *longQuestions) setState(t *testing.T, id, attribute string, value int64) {
	t.Helper()
	if _, err := dynamodb.NewFromConfig(l.config(root())).UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:                 aws.String(l.variables[environ.AnswersTable]),
		Key:                       map[string]types.AttributeValue{environ.AnswersKey: &types.AttributeValueMemberS{Value: id}, environ.AnswersSortKey: &types.AttributeValueMemberS{Value: "state"}},
		UpdateExpression:          aws.String("SET #a = :value"),
		ExpressionAttributeNames:  map[string]string{"#a": attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":value": &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}},
	}); err != nil {
		t.Fatal(err)
	}
}

func testLostEvent(t *testing.T, l *longQuestions) {
	const sql = "SELECT 'lost'"
	l.deliver(t, false)
	id := l.ask(t, sql)
	if _, err := sqs.NewFromConfig(l.config(root())).PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: l.queue()}); err != nil {
		t.Fatal(err)
	}
	l.deliver(t, true)
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.Status != "queued" {
		t.Errorf("got %+v", got)
	}
	l.setState(t, id, "deadline", time.Now().UnixMilli()) // as an hour later
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.code != http.StatusGatewayTimeout || got.Code != "not_started" || got.Status != "failed" || l.asked(sql) != 0 {
		t.Errorf("got %+v, asked %d times", got, l.asked(sql))
	}
	l.setState(t, id, environ.AnswersExpiry, time.Now().Unix()-1)
	if got := l.send(t, http.MethodGet, "/answers/"+id, ""); got.code != http.StatusNotFound {
		t.Errorf("expired: %+v", got)
	}
}

// deliver switches the delivery of the queue's messages.
func (l *longQuestions) deliver(t *testing.T, enabled bool) {
	t.Helper()
	listed, err := l.lambda().ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{FunctionName: &l.name})
	if err != nil || len(listed.EventSourceMappings) != 1 {
		t.Fatalf("%v: %d mappings", err, len(listed.EventSourceMappings))
	}
	if _, err := l.lambda().UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: listed.EventSourceMappings[0].UUID, Enabled: &enabled}); err != nil {
		t.Fatal(err)
	}
}

// largeSQL returns more than an item of DynamoDB holds, also compressed.
const largeSQL = "SELECT md5(i::text) AS a, md5((-i)::text) AS b, md5((i+0.5)::text) AS c FROM generate_series(1, 9000) AS i"

func testLargeAnswer(t *testing.T, l *longQuestions) {
	id := l.ask(t, largeSQL)
	if got := l.until(t, id, "done"); got.RowCount != 9000 || len(got.Rows) != 9000 {
		t.Errorf("%d rows, %d in data", got.RowCount, len(got.Rows))
	}
	objects, err := s3.NewFromConfig(l.config(root()), func(o *s3.Options) { o.UsePathStyle = true }).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(l.variables[environ.AnswersBucket])})
	if err != nil || len(objects.Contents) != 1 || !strings.Contains(aws.ToString(objects.Contents[0].Key), id) {
		t.Errorf("%v: objects %v", err, objects)
	}
}

// testNothingIdle removes one action after the other from the role, and expects that
// the part which needs it fails.
func (l *longQuestions) testNothingIdle(t *testing.T) {
	roleQueue := sqs.NewFromConfig(l.asRole)
	question := func(t *testing.T) error { return l.answered(t, "SELECT 1") }
	large := func(t *testing.T) error { return l.answered(t, largeSQL) }
	needs := map[string]func(t *testing.T) error{
		"dynamodb:GetItem": question, "dynamodb:PutItem": question, "sqs:SendMessage": question,
		"dynamodb:UpdateItem": l.cancelled,
		"s3:PutObject":        large,
		// Lambda reads the queue with the role. Local AWS needs no right for that, so
		// the test does what Lambda does.
		"sqs:ReceiveMessage": func(t *testing.T) error {
			_, err := roleQueue.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: l.queue()})
			return err
		},
		"sqs:GetQueueAttributes": func(t *testing.T) error {
			_, err := roleQueue.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: l.queue()})
			return err
		},
		"sqs:DeleteMessage": func(t *testing.T) error {
			_, err := roleQueue.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: l.queue(), ReceiptHandle: aws.String("none")})
			if failure, ok := errors.AsType[smithy.APIError](err); ok && failure.ErrorCode() == "ReceiptHandleIsInvalid" {
				return nil
			}
			return err
		},
	}
	name, all := l.policy(t)
	all.trimLogGroups()
	known := []string{"logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "secretsmanager:GetSecretValue"} // TestLeastPrivilege
	for _, action := range all.actions() {
		if needs[action] == nil && !slices.Contains(known, action) {
			t.Errorf("the role allows %s, for which this test has no need", action)
		}
	}
	for action, need := range needs {
		t.Run(action, func(t *testing.T) {
			l.setPolicy(t, name, all.without(action))
			if err := need(t); err == nil || !strings.Contains(err.Error(), "not authorized to perform: "+action) {
				t.Errorf("without it: %v", err)
			}
			l.setPolicy(t, name, all)
			if err := need(t); err != nil {
				t.Errorf("with it again: %v", err)
			}
		})
	}
}

// cancelled asks a question and cancels it.
func (l *longQuestions) cancelled(t *testing.T) error {
	id := l.ask(t, "SELECT 1")
	if got := l.send(t, http.MethodDelete, "/answers/"+id, ""); got.code != http.StatusOK {
		return l.failure(t, got)
	}
	return nil
}

// failure returns an error with a response and the function's log.
func (l *longQuestions) failure(t *testing.T, s state) error {
	t.Helper()
	log, err := readLog(t, l.config(root()), l.logGroup)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Errorf("%+v\n%s", s, log)
}

// gauge counts the questions that a generator answers at once.
type gauge struct {
	http.Handler
	mu        sync.Mutex
	now, most int
}

func (g *gauge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.count(1)
	defer g.count(-1)
	g.Handler.ServeHTTP(w, r)
}

func (g *gauge) count(change int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += change
	g.most = max(g.most, g.now)
}

// TestManyLongQuestions sends 500 questions at once. None is lost, and none runs
// twice.
func TestManyLongQuestions(t *testing.T) {
	t.Parallel()
	const questions, concurrency = 500, 4
	d := newDeployment(t, "many", plainAWS)
	gauge := &gauge{Handler: d.generator}
	server := httptest.NewServer(gauge)
	t.Cleanup(server.Close)
	d.connectionFile = writeConnection(t, connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: d.postgres.ReaderCreds(), BaseURL: server.URL})
	d.deploy(t, "-c", "async_questions=true", "-c", "async_concurrency="+strconv.Itoa(concurrency))
	l := &longQuestions{&deployedFunction{deployment: d}, root()}

	sql := func(i int) string { return fmt.Sprintf("SELECT %d AS n", i) }
	for i := range questions {
		l.generator.Teach(sql(i), sql(i))
	}
	ids := make([]string, questions)
	var senders sync.WaitGroup
	for sender := range 25 {
		senders.Go(func() {
			for i := sender; i < questions; i += 25 {
				accepted, err := l.try(t.Context(), http.MethodPost, "/", `{"question":"`+sql(i)+`","async":true}`)
				if err != nil || accepted.code != http.StatusAccepted {
					t.Errorf("question %d: %+v, %v", i, accepted, err)
				}
				ids[i] = accepted.ID
			}
		})
	}
	senders.Wait()
	if t.Failed() {
		return
	}
	for i, id := range ids {
		if got := l.until(t, id, "done"); len(got.Rows) != 1 || got.Rows[0][0] != float64(i) {
			t.Errorf("question %d: %+v", i, got)
		}
	}
	runs := map[any]int{}
	for _, request := range d.generator.Requests(generator.GeneratePath) {
		runs[request.Body["question"]]++
	}
	for i := range questions {
		if runs[sql(i)] != 1 {
			t.Errorf("question %d ran %d times", i, runs[sql(i)])
		}
	}
	if gauge.most > concurrency {
		t.Errorf("%d questions ran at once; want at most %d", gauge.most, concurrency)
	}
	t.Logf("at most %d questions ran at once", gauge.most)
}
