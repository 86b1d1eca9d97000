package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadWith loads settings with a connection to PostgreSQL that has an API key.
func loadWith(t *testing.T, text string) (Config, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connection.json")
	connection := `{"api_key": "k-1234567890", "db_type": "postgres", "db_creds": {"host": "db.example.com", "port": 5432, "database": "d", "user": "reader", "password": "p-1234567890"}}`
	if err := os.WriteFile(file, []byte(connection), 0o600); err != nil {
		t.Fatal(err)
	}
	context := parse(t, text)
	context["connection_file"] = file
	conf, err := Load(context)
	if err != nil {
		return conf, err.Error()
	}
	return conf, ""
}

func TestSpendingSettingsRequireWhatTheyUse(t *testing.T) {
	const priced = `"generator": "bedrock", "generator_price": {"input": 3, "output": 15}`
	for text, want := range map[string]string{
		`{"daily_cost_alarm": 2.5, "alarm_email": "a@example.com", ` + priced + `}`:       "",
		`{"daily_cost_alarm": 2.5, ` + priced + `}`:                                       "daily_cost_alarm (-c): has no recipient; want alarm_email with it",
		`{"daily_cost_alarm": 0, "alarm_email": "a@example.com", ` + priced + `}`:         "daily_cost_alarm (-c): 0 is invalid; want a number above 0",
		`{"daily_cost_alarm": "NaN", "alarm_email": "a@b.com", ` + priced + `}`:           `daily_cost_alarm (-c): "NaN" is invalid; want a number above 0`,
		`{"daily_cost_alarm": 1, "alarm_email": "a@example.com", "generator": "bedrock"}`: "daily_cost_alarm (-c): the model's cost is unknown; want its prices in generator_price",
		`{"max_cost_per_day": 20, "async_questions": true, ` + priced + `}`:               "",
		`{"max_tokens_per_question": 20000, "generator": "bedrock"}`:                      "",
		`{"max_tokens_per_question": 0, "generator": "bedrock"}`:                          "max_tokens_per_question (-c): 0 is invalid; want a whole number from 1",
		`{"max_cost_per_day": 20, ` + priced + `}`:                                        "max_cost_per_day (-c): counts in the table of long questions, which async_questions creates; want async_questions=true with it",
		`{"max_cost_per_day": 20, "async_questions": true, "generator": "bedrock"}`:       "max_cost_per_day (-c): the model's cost is unknown; want its prices in generator_price",
		`{"max_plan_cost": 0.5}`: "",
		`{"max_plan_cost": 0}`:   "max_plan_cost (-c): 0 is invalid; want a number above 0",
		`{"max_plan_cost": 100000, "credentials_secret": "x", "db_type": "bigquery"}`:                                "max_plan_cost (-c): not supported for db_type bigquery; want mysql, postgres, sqlserver",
		`{"max_plan_cost": 100000, "credentials_secret": "x", "db_type": "sqlserver"}`:                               "",
		`{"max_cost_per_day": 20, "async_questions": true, "generator": "bedrock", "generator_price": {"input": 0}}`: "max_cost_per_day (-c): the model's cost is unknown; want its prices in generator_price",
		// The API key selects Defog's API.
		`{"max_tokens_per_question": 20000}`: "max_tokens_per_question (-c): not used by generator defog (default); want bedrock or openai",
		`{"daily_cost_alarm": 1, "alarm_email": "a@example.com", "generator_price": {"input": 3}}`: "daily_cost_alarm (-c): not used by generator defog (default); want bedrock or openai",
	} {
		_, got := loadWith(t, text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestCachedTokensCostAsMuchAsOthersWithoutPrice(t *testing.T) {
	for text, want := range map[string]GeneratorPrice{
		`{"input": 3, "output": 15}`:                                       {3, 15, 3, 3},
		`{"input": 3, "output": 15, "cache_read": 0, "cache_write": 3.75}`: {3, 15, 0, 3.75},
	} {
		conf, problem := loadWith(t, `{"generator": "bedrock", "generator_price": `+text+`}`)
		if problem != "" || conf.ModelPrice() == nil || *conf.ModelPrice() != want {
			t.Errorf("%s: %s, %+v", text, problem, conf.GeneratorPrice)
		}
	}
	conf, problem := loadWith(t, `{"generator_price": {"input": 3}}`)
	if problem != "" || conf.ModelPrice() != nil {
		t.Errorf("generator defog has prices: %s", problem)
	}
}
