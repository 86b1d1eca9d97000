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

// DefaultBaseURL is the URL of Defog's hosted API.
const DefaultBaseURL = "https://api.defog.ai"

// feedbackTime is the timeout of feedback.
const feedbackTime = time.Second

// Defog is an SQL generator with the HTTP protocol of Defog's API.
type Defog struct {
	apiKey      string
	dbType      string
	baseURL     string
	generateURL string
	transport   transport
	timeout     time.Duration
	log         *slog.Logger
}

// DefogConfig configures a Defog generator.
type DefogConfig struct {
	APIKey      string
	DBType      string        // as in connection.json
	BaseURL     string        // "" means DefaultBaseURL
	GenerateURL string        // "" means BaseURL + "/generate_query_chat"
	Timeout     time.Duration // of one question or retry; 0 for the context's only
	Log         *slog.Logger  // for feedback that could not be sent
}

// NewDefog returns a generator for config.
func NewDefog(config DefogConfig) *Defog {
	base := strings.TrimSuffix(cmp.Or(config.BaseURL, DefaultBaseURL), "/")
	dbType := config.DBType
	if dbType == "databricks" {
		dbType = "postgres" // the API does not support databricks, whose SQL is similar
	}
	return &Defog{
		apiKey:      config.APIKey,
		dbType:      dbType,
		baseURL:     base,
		generateURL: cmp.Or(config.GenerateURL, base+"/generate_query_chat"),
		transport:   newTransport(""), // the body holds the key
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

// Generate requests SQL for the question. It retries after an overload and after
// a lost connection, until ctx ends.
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
	return Query{SQL: sql, Reason: reply.ReasonForQuery, PreviousContext: reply.PreviousContext, Source: FromModel}, nil
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

// Retry requests a replacement for the failed statement. The protocol requires
// the question's first statement and the latest error. In parallel, Retry sends
// the first failure as feedback, since Lambda freezes the process after the
// answer.
func (d *Defog) Retry(ctx context.Context, question Question, failed Failure) (Query, error) {
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
		return Query{}, err
	case reply.RanSuccessfully != nil && !*reply.RanSuccessfully:
		return Query{}, d.refused(reply.ErrorMessage)
	case strings.TrimSpace(reply.NewQuery) == "":
		return Query{}, noSQL()
	}
	return Query{SQL: reply.NewQuery, Source: FromModel}, nil
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

// feedback reports a failed statement to the server. It logs errors only: the
// caller's answer does not depend on it.
func (d *Defog) feedback(ctx context.Context, question Question, failed Failure) {
	err := d.sendFeedback(ctx, feedbackRequest{
		Feedback: "bad",
		Text:     failed.Message,
		Question: question.Text,
		Query:    failed.SQL,
		Dev:      question.Options.Dev,
		Temp:     question.Options.Temp,
	})
	if err != nil {
		d.log.Debug("cannot send feedback to the generator", "cause", errors.Unwrap(err))
	}
}

// Rate implements Rater. The protocol has no field for a corrected statement, so the
// text holds it.
func (d *Defog) Rate(ctx context.Context, rating Rating) error {
	request := feedbackRequest{Feedback: "bad", Text: rating.Comment, Question: rating.Question, Query: rating.SQL}
	if rating.IsRight {
		request.Feedback = "good"
	}
	if rating.Correction != "" {
		request.Text = strings.TrimSpace(rating.Comment + "\n\nCorrect SQL:\n" + rating.Correction)
	}
	return d.sendFeedback(ctx, request)
}

func (d *Defog) sendFeedback(ctx context.Context, request feedbackRequest) error {
	ctx, cancel := context.WithTimeout(ctx, feedbackTime)
	defer cancel()
	request.APIKey, request.DBType = d.apiKey, d.dbType
	return d.transport.post(ctx, d.baseURL+"/feedback", request, nil)
}

// refused returns the server's reason for not generating SQL, with the key
// redacted.
func (d *Defog) refused(message string) *Error {
	if d.apiKey != "" {
		message = strings.ReplaceAll(message, d.apiKey, "…")
	}
	return &Error{Kind: Refused, Message: cmp.Or(message, "The generator has no query for this question.")}
}

// noSQL returns the error for a successful reply without a statement.
func noSQL() *Error {
	return &Error{Kind: Unreachable, Message: "The generator's reply holds no SQL."}
}

// list returns context as a JSON list, which is empty without a context.
func list(context json.RawMessage) json.RawMessage {
	if len(context) == 0 || bytes.Equal(context, []byte("null")) {
		return json.RawMessage("[]")
	}
	return context
}
