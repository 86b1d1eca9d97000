package generate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// DefaultBaseURL is where Defog's own API lives.
const DefaultBaseURL = "https://api.defog.ai"

// feedbackTime is how long the report of a failed statement may take.
const feedbackTime = time.Second

// Defog asks a server that speaks the HTTP protocol of Defog's API.
type Defog struct {
	apiKey      string
	dbType      string
	baseURL     string
	generateURL string
	transport   transport
	timeout     time.Duration
	log         *slog.Logger
}

// DefogConfig says which server to ask, and as whom.
type DefogConfig struct {
	APIKey      string
	DBType      string        // as in connection.json
	BaseURL     string        // "" means DefaultBaseURL
	GenerateURL string        // "" means BaseURL + "/generate_query_chat"
	Timeout     time.Duration // of one question or retry; 0 for the context's alone
	Log         *slog.Logger  // told of feedback that was lost
}

// NewDefog returns a generator that asks Defog's API.
func NewDefog(config DefogConfig) *Defog {
	base := strings.TrimSuffix(cmp.Or(config.BaseURL, DefaultBaseURL), "/")
	dbType := config.DBType
	if dbType == "databricks" {
		dbType = "postgres" // the API knows no databricks; its SQL is close to postgres's
	}
	return &Defog{
		apiKey:      config.APIKey,
		dbType:      dbType,
		baseURL:     base,
		generateURL: cmp.Or(config.GenerateURL, base+"/generate_query_chat"),
		transport:   newTransport(""), // the key is in the request
		timeout:     config.Timeout,
		log:         config.Log,
	}
}

type generateRequest struct {
	Question        string          `json:"question"`
	APIKey          string          `json:"api_key"`
	PreviousContext json.RawMessage `json:"previous_context"`
	DBType          string          `json:"db_type"`
	HardFilters     json.RawMessage `json:"hard_filters"`
	Options
}

type generateReply struct {
	SQL             string          `json:"sql"`
	QueryGenerated  string          `json:"query_generated"` // older servers' name for sql
	RanSuccessfully *bool           `json:"ran_successfully"`
	ErrorMessage    string          `json:"error_message"`
	PreviousContext json.RawMessage `json:"previous_context"`
	ReasonForQuery  json.RawMessage `json:"reason_for_query"`
}

// Generate asks for the question's SQL. Briefly overloaded servers and broken
// connections are tried again while the context lasts.
func (d *Defog) Generate(ctx context.Context, question Question) (Query, error) {
	ctx, cancel := limited(ctx, d.timeout)
	defer cancel()
	var reply generateReply
	err := d.transport.post(ctx, d.generateURL, generateRequest{
		Question:        question.Text,
		APIKey:          d.apiKey,
		PreviousContext: list(question.PreviousContext),
		DBType:          d.dbType,
		HardFilters:     question.HardFilters,
		Options:         question.Options,
	}, &reply)
	if err != nil {
		return Query{}, err
	}
	sql := cmp.Or(reply.SQL, reply.QueryGenerated)
	switch {
	case reply.RanSuccessfully != nil && !*reply.RanSuccessfully:
		return Query{}, d.refused(reply.ErrorMessage)
	case strings.TrimSpace(sql) == "":
		return Query{}, noSQL()
	}
	return Query{SQL: sql, Reason: reply.ReasonForQuery, PreviousContext: reply.PreviousContext}, nil
}

type retryRequest struct {
	APIKey        string          `json:"api_key"`
	PreviousQuery string          `json:"previous_query"`
	Error         string          `json:"error"`
	DBType        string          `json:"db_type"`
	HardFilters   json.RawMessage `json:"hard_filters"`
	Question      string          `json:"question"`
	Dev           bool            `json:"dev"`
	Temp          bool            `json:"temp"`
}

type retryReply struct {
	NewQuery        string `json:"new_query"`
	RanSuccessfully *bool  `json:"ran_successfully"`
	ErrorMessage    string `json:"error_message"`
}

// Retry asks for better SQL: as the protocol wants it, by the question's first
// statement and the latest error. The first failure is also reported as bad
// feedback, at the same time, since after the answer Lambda freezes whatever
// is still under way.
func (d *Defog) Retry(ctx context.Context, question Question, failed Failure) (string, error) {
	ctx, cancel := limited(ctx, d.timeout)
	defer cancel()
	var feedback sync.WaitGroup
	defer feedback.Wait()
	if failed.Attempt == 1 {
		feedback.Go(func() { d.feedback(ctx, question, failed) })
	}

	var reply retryReply
	err := d.transport.post(ctx, d.baseURL+"/retry_query_after_error", retryRequest{
		APIKey:        d.apiKey,
		PreviousQuery: failed.First,
		Error:         failed.Message,
		DBType:        d.dbType,
		HardFilters:   question.HardFilters,
		Question:      question.Text,
		Dev:           question.Options.Dev,
		Temp:          question.Options.Temp,
	}, &reply)
	switch {
	case err != nil:
		return "", err
	case reply.RanSuccessfully != nil && !*reply.RanSuccessfully:
		return "", d.refused(reply.ErrorMessage)
	case strings.TrimSpace(reply.NewQuery) == "":
		return "", noSQL()
	}
	return reply.NewQuery, nil
}

type feedbackRequest struct {
	APIKey   string `json:"api_key"`
	Feedback string `json:"feedback"`
	Text     string `json:"text"`
	DBType   string `json:"db_type"`
	Question string `json:"question"`
	Query    string `json:"query"`
	Dev      bool   `json:"dev"`
	Temp     bool   `json:"temp"`
}

// feedback tells the server that its statement failed. Losing it costs the
// caller nothing.
func (d *Defog) feedback(ctx context.Context, question Question, failed Failure) {
	ctx, cancel := context.WithTimeout(ctx, feedbackTime)
	defer cancel()
	err := d.transport.post(ctx, d.baseURL+"/feedback", feedbackRequest{
		APIKey:   d.apiKey,
		Feedback: "bad",
		Text:     failed.Message,
		DBType:   d.dbType,
		Question: question.Text,
		Query:    failed.SQL,
		Dev:      question.Options.Dev,
		Temp:     question.Options.Temp,
	}, nil)
	if err != nil {
		d.log.Debug("generator took no feedback", "cause", errors.Unwrap(err))
	}
}

// refused passes on why the server has no SQL, without the key, in case the
// server quotes it.
func (d *Defog) refused(message string) *Error {
	if d.apiKey != "" {
		message = strings.ReplaceAll(message, d.apiKey, "…")
	}
	return &Error{Kind: Refused, Message: cmp.Or(message, "The generator has no query for this question.")}
}

// noSQL says that a reply claims success but holds no statement.
func noSQL() *Error {
	return &Error{Kind: Unreachable, Message: "The generator's reply holds no SQL."}
}

// list returns context as the JSON list that the protocol wants.
func list(context json.RawMessage) json.RawMessage {
	if len(context) == 0 || bytes.Equal(context, []byte("null")) {
		return json.RawMessage("[]")
	}
	return context
}
