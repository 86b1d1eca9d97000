//go:build !onedriver || bigquery

package database

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["bigquery"] = openBigQuery }

const (
	bigqueryPage = 5000             // rows of a reply; the service sends fewer if they are long
	bigqueryPoll = 10 * time.Second // how long the service may hold a request for a job that still runs
)

// bigqueryDatabase is a BigQuery project, asked through its REST API. A query is a job:
// it is rehearsed, started under a name of ours, and its rows are read page by
// page. There is nothing to keep from one query to the next but the token.
//
// The API is spoken by this package's own few requests. Its client libraries
// were weighed as arm64 functions, zipped: cloud.google.com/go/bigquery 7.3 MB,
// google.golang.org/api/bigquery/v2 5.2 MB, these requests 2.4 MB. The first
// also loses digits' zeros on the way through its own types.
type bigqueryDatabase struct {
	config bigqueryConfig
	rest   *bigqueryREST
}

func openBigQuery(creds connection.Creds, _ Surroundings) (Database, error) {
	config, err := newBigQueryConfig(creds)
	if err != nil {
		return nil, fmt.Errorf("open bigquery: %w", err)
	}
	return &bigqueryDatabase{config: config, rest: newBigQueryREST(config)}, nil
}

// Query implements Database.
func (b *bigqueryDatabase) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := guard.BigQuery.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return b.query(ctx, sql, limits)
}

// Close implements Database.
func (b *bigqueryDatabase) Close() error {
	b.rest.close()
	return nil
}

// query runs a statement that the guard has let through.
func (b *bigqueryDatabase) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	timer := startTimer(ctx, limits.Time)
	result, err := b.run(ctx, sql, timer, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.explain(bigqueryError(ctx, err), bigqueryStopped)
}

// run runs the statement, and has the service stop its work when there is no
// answer in time.
func (b *bigqueryDatabase) run(ctx context.Context, sql string, timer timer, limits Limits) (*Result, error) {
	running := ctx
	if timer.timeout > 0 {
		var cancel context.CancelFunc
		// The service stops the job by itself, if not at once.
		running, cancel = context.WithTimeout(ctx, timer.timeout+connectTime)
		defer cancel()
	}
	location, err := b.rehearse(running, sql)
	if err != nil {
		return nil, err
	}
	job := bigqueryReference{ProjectID: b.config.project, JobID: "defog_" + rand.Text(), Location: location}
	err = b.start(running, &job, sql, timer.timeout)
	var result *Result
	if err == nil {
		result, err = b.read(running, job, limits)
	}
	// What the service says of the job itself ends it.
	if failed, ok := errors.AsType[*bigqueryFailure](err); err != nil && (!ok || failed.passing()) {
		b.cancel(ctx, job)
	}
	if errors.Is(err, context.DeadlineExceeded) && timer.own && ctx.Err() == nil {
		err = &bigqueryFailure{reason: bigqueryStopped}
	}
	return result, err
}

// rehearse has the service say what the statement is and what it would cost,
// without running it, and refuses what is not one query. It returns where the
// statement's tables are.
func (b *bigqueryDatabase) rehearse(ctx context.Context, sql string) (location string, err error) {
	var job bigqueryJob
	if err := b.rest.call(ctx, http.MethodPost, b.path("jobs"), nil, b.rehearsal(sql), &job); err != nil {
		return "", err
	}
	query := job.Statistics.Query
	if query.StatementType != "SELECT" {
		refusal := refused("BigQuery takes it for " + quoteType(query.StatementType) + ", and only a SELECT may run")
		refusal.Code = cmp.Or(query.StatementType, "noType")
		return "", refusal
	}
	// The service would refuse to run it, too, but says less.
	if size, err := strconv.ParseInt(query.TotalBytesProcessed, 10, 64); err == nil && size > b.config.most {
		refusal := refused(fmt.Sprintf(
			"it would read %d bytes, and db_creds.max_bytes_billed allows %d: select fewer columns, or a part of the table by its partition",
			size, b.config.most))
		refusal.Code = "bytesBilledLimitExceeded"
		return "", refusal
	}
	for _, routine := range query.ReferencedRoutines {
		if err := b.checkRoutine(ctx, routine); err != nil {
			return "", err
		}
	}
	return cmp.Or(job.JobReference.Location, b.config.location), nil
}

// rehearsal is the request that runs nothing.
func (b *bigqueryDatabase) rehearsal(sql string) bigqueryJob {
	request := bigqueryJob{
		JobReference:  bigqueryReference{ProjectID: b.config.project, Location: b.config.location},
		Configuration: b.configuration(sql),
	}
	request.Configuration.DryRun = true
	return request
}

func quoteType(statementType string) string {
	if statementType == "" {
		return "a statement of no type"
	}
	return statementType
}

// checkRoutine refuses a function that runs elsewhere, of which nobody knows
// what it does.
func (b *bigqueryDatabase) checkRoutine(ctx context.Context, reference bigqueryRoutineReference) error {
	path := "projects/" + url.PathEscape(reference.ProjectID) + "/datasets/" + url.PathEscape(reference.DatasetID) +
		"/routines/" + url.PathEscape(reference.RoutineID)
	var routine bigqueryRoutine
	if err := b.rest.call(ctx, http.MethodGet, path, nil, nil, &routine); err != nil {
		return err
	}
	if routine.Language != "SQL" && routine.Language != "JAVASCRIPT" || routine.RemoteFunctionOptions != nil {
		refusal := refused("the function " + reference.RoutineID + " runs outside of BigQuery, and may not be called")
		refusal.Code = "remoteFunction"
		return refusal
	}
	return nil
}

// start begins the job. Whether it is there already tells a request that was
// sent again from one that is new: nobody else knows the name.
func (b *bigqueryDatabase) start(ctx context.Context, job *bigqueryReference, sql string, timeout time.Duration) error {
	request := bigqueryJob{JobReference: *job, Configuration: b.configuration(sql)}
	request.Configuration.Query.MaximumBytesBilled = strconv.FormatInt(b.config.most, 10)
	if timeout > 0 {
		request.Configuration.JobTimeoutMs = strconv.FormatInt(timeout.Milliseconds(), 10)
	}
	var started bigqueryJob
	err := b.rest.call(ctx, http.MethodPost, b.path("jobs"), nil, request, &started)
	if failed, ok := errors.AsType[*bigqueryFailure](err); ok && failed.status == http.StatusConflict {
		return nil
	}
	if err == nil && started.JobReference.Location != "" {
		job.Location = started.JobReference.Location
	}
	return err
}

func (b *bigqueryDatabase) configuration(sql string) bigqueryConfiguration {
	configuration := bigqueryConfiguration{Query: bigqueryStatement{Query: sql}, Labels: map[string]string{"application": "defog"}}
	if b.config.dataset != "" {
		configuration.Query.DefaultDataset = &bigqueryDataset{b.config.dataProject, b.config.dataset}
	}
	return configuration
}

// read encodes the job's rows, page by page.
func (b *bigqueryDatabase) read(ctx context.Context, job bigqueryReference, limits Limits) (*Result, error) {
	most := bigqueryPage
	if limits.Rows > 0 && limits.Overflow == nil {
		most = min(most, limits.Rows+1)
	}
	parameters := url.Values{
		"location":                        {job.Location},
		"maxResults":                      {strconv.Itoa(most)},
		"timeoutMs":                       {strconv.FormatInt(bigqueryPoll.Milliseconds(), 10)},
		"formatOptions.useInt64Timestamp": {"true"}, // the other form is a float
	}
	var rows *rows
	for {
		var page bigqueryResults
		if err := b.rest.call(ctx, http.MethodGet, b.path("queries", job.JobID), parameters, nil, &page); err != nil {
			return nil, err
		}
		if !page.JobComplete {
			continue
		}
		if page.Schema == nil {
			return nil, page.failure()
		}
		if rows == nil {
			rows = newRows(page.Schema.names(), limits)
		}
		if !rows.addPage(page) || page.PageToken == "" {
			return rows.result(), nil
		}
		parameters.Set("pageToken", page.PageToken)
	}
}

// addPage adds a page's rows, and returns false when one is beyond the limits.
func (r *rows) addPage(page bigqueryResults) bool {
	encoders := page.Schema.encoders()
	for _, row := range page.Rows {
		if !r.add(func(dst []byte) []byte { return appendCells(dst, row.Cells, encoders) }) {
			return false
		}
	}
	return true
}

// cancel tells the service to stop a job.
func (b *bigqueryDatabase) cancel(ctx context.Context, job bigqueryReference) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	parameters := url.Values{"location": {job.Location}}
	// Its own time limit ends a job that does not hear of this.
	_ = b.rest.call(ctx, http.MethodPost, b.path("jobs", job.JobID, "cancel"), parameters, struct{}{}, new(json.RawMessage))
}

// path is a resource of the project in which jobs run.
func (b *bigqueryDatabase) path(parts ...string) string {
	path := "projects/" + url.PathEscape(b.config.project)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}
