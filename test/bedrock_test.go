package test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/local"
)

const (
	firstQuestion = "How much is in stock?"
	firstSQL      = "SELECT item, amount FROM stock ORDER BY item"

	ambiguousQuestion = "Is there enough?"
)

// bedrock stands in for Amazon Bedrock with the default model, for all functions of
// the plain local AWS. It ends with the process.
var bedrock = &generator.Bedrock{
	ID: connection.DefaultModel,
	Model: generator.Model{
		SQL:            map[string]string{firstQuestion: firstSQL},
		Clarifications: map[string]generator.Clarification{ambiguousQuestion: {Question: "Enough of what?", Options: []string{firstQuestion, "How many beans are there?"}}},
		Caches:         true,
	},
}

func startPlainAWS() (*local.AWS, error) {
	return startAWS(local.Variable("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", httptest.NewServer(bedrock).URL))
}

// TestDeployWithoutSettings deploys with a connection that has no api_key. A model on
// Bedrock answers, with the tables in the database's catalogue.
func TestDeployWithoutSettings(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "firstday", plainAWS)
	d.connectionFile = writeConnection(t, connection.Connection{DBType: "postgres", DBCreds: d.postgres.ReaderCreds()})
	d.postgres.Query(t, `CREATE TABLE stock (item text, amount int); INSERT INTO stock VALUES ('beans', 3), ('milk', 5)`)
	d.deploy(t)

	status, text := d.post(t, `{"question": "`+firstQuestion+`"}`)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	got := decode(t, text)
	if diff := cmp.Diff([]string{"item", "amount"}, got.Columns); diff != "" || len(got.Data) != 2 {
		t.Errorf("got %s", text)
	}
	var trust struct {
		Source string
		Tables []string
	}
	if err := json.Unmarshal(text, &trust); err != nil || trust.Source != "model" || !slices.Equal(trust.Tables, []string{"stock"}) {
		t.Errorf("source and tables: %v in %s", err, text)
	}
	if requests := bedrock.Requests(generator.ConversePath(connection.DefaultModel)); len(requests) != 1 {
		t.Errorf("the model got %d requests", len(requests))
	}

	// An option of a clarification is a question.
	_, text = d.post(t, `{"question": "`+ambiguousQuestion+`", "allow_clarification": true}`)
	var back struct {
		ErrorCode     string `json:"error_code"`
		Clarification struct{ Options []string }
	}
	if err := json.Unmarshal(text, &back); err != nil || back.ErrorCode != "clarification_needed" || len(back.Clarification.Options) != 2 {
		t.Fatalf("clarification: %v in %s", err, text)
	}
	_, text = d.post(t, `{"question": "`+back.Clarification.Options[0]+`", "allow_clarification": false}`)
	if got := decode(t, text); len(got.Data) != 2 {
		t.Errorf("the option: got %s", text)
	}
	d.cdk(t, "destroy", "--force", d.stack())
}
