package test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/lambda/generate"
)

// testDailyBudget gives the function a language model and a budget that one reply
// exceeds. Its role stays as it is.
func testDailyBudget(t *testing.T, l *longQuestions) {
	prices := generate.Prices{Input: 1000, Output: 1000, CacheRead: 1000}
	model := &generator.OpenAI{Name: "m", APIKey: apiKey, Model: generator.Model{SQL: map[string]string{"How many?": "SELECT 3 AS n"}}}
	server := httptest.NewServer(model)
	t.Cleanup(server.Close)
	text, err := json.Marshal(prices)
	if err != nil {
		t.Fatal(err)
	}
	l.variables[environ.Generator], l.variables[environ.GeneratorModel], l.variables[environ.GeneratorBaseURL] = "openai", "m", server.URL
	l.variables[environ.GeneratorPrice], l.variables[environ.MaxCostPerDay] = string(text), "0.01"
	l.restart(t)

	ask := func() state { return l.send(t, http.MethodPost, "/", `{"question":"How many?"}`) }
	first, second := ask(), ask()
	for second.code == http.StatusOK { // midnight was between the two
		first, second = second, ask()
	}
	tomorrow := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	if first.code != http.StatusOK || first.RowCount != 1 {
		t.Fatalf("got %+v\n%v", first, l.failure(t, first))
	}
	seconds, err := strconv.Atoi(second.header.Get("Retry-After"))
	if left := time.Until(tomorrow).Seconds(); err != nil || math.Abs(float64(seconds)-left) > 60 || second.code != http.StatusTooManyRequests ||
		second.Code != "cost_limit" || !second.RetryAt.Equal(tomorrow) || !strings.Contains(second.Message, tomorrow.Format("2006-01-02 15:04 UTC")) {
		t.Errorf("got %+v; the day ends at %s", second, tomorrow)
	}
	t.Logf("%d, Retry-After: %s: %s", second.code, second.header.Get("Retry-After"), second.Message)

	accepted := l.send(t, http.MethodPost, "/", `{"question":"How many?","async":true}`)
	if got := l.until(t, accepted.ID, "failed"); got.code != http.StatusTooManyRequests || got.Code != "cost_limit" || !got.RetryAt.Equal(tomorrow) {
		t.Errorf("long question: %+v", got)
	}
	used := model.Used()
	item, table := l.spending(t, tomorrow.AddDate(0, 0, -1))
	usage := generate.Usage{Input: used.Input + used.CacheWrite, Output: used.Output, CacheRead: used.CacheRead}
	if cost, ok := item["cost"].(*types.AttributeValueMemberN); used.Replies == 1 && (!ok || cost.Value != strconv.FormatInt(int64(math.Round(prices.Cost(usage)*1e9)), 10)) {
		t.Errorf("the table has %v after %+v", item, used)
	}
	log, err := readLog(t, l.config(root()), l.logGroup)
	if err != nil {
		t.Fatal(err)
	}
	if sum := tokensIn(t, log); sum != usage {
		t.Errorf("the log has %+v, the model counted %+v", sum, usage)
	}

	// Without a right, the cost is unknown, and the question is refused.
	name, all := l.policy(t)
	all.trimLogGroups()
	l.setPolicy(t, name, all.without("dynamodb:GetItem"))
	if got := ask(); got.code != http.StatusServiceUnavailable || got.Code != "spending_unavailable" {
		t.Errorf("without dynamodb:GetItem: %+v", got)
	}
	l.setPolicy(t, name, all)

	// A new day has no cost, as the table without this one's.
	if _, err := table.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: l.table(), Key: spendingKey(tomorrow.AddDate(0, 0, -1))}); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got.code != http.StatusOK || got.RowCount != 1 {
		t.Errorf("a new day: %+v", got)
	}
}

func (l *longQuestions) table() *string { return aws.String(l.variables[environ.AnswersTable]) }

func spendingKey(day time.Time) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		environ.AnswersKey:     &types.AttributeValueMemberS{Value: "spending"},
		environ.AnswersSortKey: &types.AttributeValueMemberS{Value: day.Format(time.DateOnly)},
	}
}

// spending returns the item with a day's cost.
func (l *longQuestions) spending(t *testing.T, day time.Time) (map[string]types.AttributeValue, *dynamodb.Client) {
	t.Helper()
	table := dynamodb.NewFromConfig(l.config(root()))
	got, err := table.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: l.table(), Key: spendingKey(day)})
	if err != nil {
		t.Fatal(err)
	}
	return got.Item, table
}

// tokensIn sums the tokens in the lines of a log.
func tokensIn(t *testing.T, log string) (sum generate.Usage) {
	t.Helper()
	for line := range strings.Lines(log) {
		var one struct {
			Input     int `json:"input_tokens"`
			Output    int `json:"output_tokens"`
			CacheRead int `json:"cache_read_tokens"`
		}
		if start := strings.Index(line, "{"); start >= 0 && strings.Contains(line, `"input_tokens"`) {
			if err := json.Unmarshal([]byte(line[start:]), &one); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			sum = sum.Add(generate.Usage{Input: one.Input, Output: one.Output, CacheRead: one.CacheRead})
		}
	}
	return sum
}
