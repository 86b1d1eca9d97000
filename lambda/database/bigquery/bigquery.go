// Package bigquery is the driver of BigQuery, through its REST API.
package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

const (
	pageRows    = 5000             // rows of a page; the service sends fewer long ones
	pollTimeout = 10 * time.Second // how long the service may hold a request for a running job
)

// db is a BigQuery project. A query is a job: a dry run, the start of a job
// with an ID of ours, and its rows page by page. Only the token is kept from
// one query to the next.
//
// The package has its own client. Measured as zipped functions for arm64:
// cloud.google.com/go/bigquery 7.3 MB, google.golang.org/api/bigquery/v2 5.2 MB,
// this client 2.4 MB. The first one also drops trailing zeros of decimals.
type db struct {
	guard   *guard.Guard
	config  config
	rest    *restClient
	allowed []string // remote functions that may be called, as dataset.name
}

// New prepares a BigQuery project. It implements database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds)
	if err != nil {
		return nil, fmt.Errorf("open bigquery: %w", err)
	}
	return &db{guard: guard.BigQuery.With(options.Guard()), config: config, rest: newRESTClient(config), allowed: options.AllowedFunctions}, nil
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return database.RunGuarded(ctx, d.guard, nil, d.query, sql, limits)
}

// Prepare implements database.Preparer by a dry run, which costs nothing.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	statement, err := database.CheckStatement(ctx, d.guard, nil, sql)
	if err != nil {
		return err
	}
	timer := database.StartTimer(ctx, limits.Time)
	bound, cancel := timer.Bound(ctx)
	defer cancel()
	if _, err = d.dryRun(bound, statement.SQL); err == nil {
		return nil
	}
	if timer.LimitReached(ctx, err) {
		err = &failure{reason: reasonStopped}
	}
	return timer.Explain(newError(ctx, err), reasonStopped)
}

// Close implements database.Database.
func (d *db) Close() error {
	d.rest.close()
	return nil
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	timer := database.StartTimer(ctx, limits.Time)
	result, err := d.run(ctx, sql, timer, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.Explain(newError(ctx, err), reasonStopped)
}

// run runs the statement and stops the job if there is no reply in time.
func (d *db) run(ctx context.Context, sql string, timer database.Timer, limits database.Limits) (*database.Result, error) {
	running := ctx
	if timer.Timeout > 0 {
		var cancel context.CancelFunc
		// The service stops the job at its own timeout, with a delay.
		running, cancel = timer.Bound(ctx)
		defer cancel()
	}
	location, err := d.dryRun(running, sql)
	if err != nil {
		return nil, err
	}
	job := jobReference{ProjectID: d.config.project, JobID: "defog_" + rand.Text(), Location: location}
	err = d.start(running, &job, sql, timer.Timeout)
	var result *database.Result
	if err == nil {
		result, err = d.read(running, job, limits)
	}
	// A permanent failure of the job has ended it.
	if failed, ok := errors.AsType[*failure](err); err != nil && (!ok || failed.Transient()) {
		d.cancel(ctx, job)
	}
	if timer.LimitReached(ctx, err) {
		err = &failure{reason: reasonStopped}
	}
	return result, err
}

// dryRun has the service analyze the statement without running it, and refuses
// everything but a query within the limits. It returns the location of the
// statement's tables.
func (d *db) dryRun(ctx context.Context, sql string) (location string, err error) {
	var planned job
	if err := d.rest.call(ctx, http.MethodPost, d.path("jobs"), nil, d.newDryRun(sql), &planned); err != nil {
		return "", err
	}
	query := planned.Statistics.Query
	if query.StatementType != "SELECT" {
		return "", database.Refusal(cmp.Or(query.StatementType, "noType"),
			"BigQuery reports the type "+strconv.Quote(query.StatementType)+", and only a SELECT may run")
	}
	// The service refuses this too, with less information.
	if size, err := strconv.ParseInt(query.TotalBytesProcessed, 10, 64); err == nil && size > d.config.maxBytes {
		return "", database.Refusal("bytesBilledLimitExceeded", fmt.Sprintf(
			"it would read %d bytes, and db_creds.max_bytes_billed allows %d: select fewer columns, or a part of the table by its partition",
			size, d.config.maxBytes))
	}
	for _, routine := range query.ReferencedRoutines {
		if err := d.checkRoutine(ctx, routine); err != nil {
			return "", err
		}
	}
	return cmp.Or(planned.JobReference.Location, d.config.location), nil
}

// newDryRun returns a request that runs nothing.
func (d *db) newDryRun(sql string) job {
	request := job{
		JobReference:  jobReference{ProjectID: d.config.project, Location: d.config.location},
		Configuration: d.configuration(sql),
	}
	request.Configuration.DryRun = true
	return request
}

// checkRoutine refuses a function that runs outside of BigQuery and can
// therefore write, unless the setting allowed_functions names it.
func (d *db) checkRoutine(ctx context.Context, reference routineReference) error {
	name := reference.DatasetID + "." + reference.RoutineID
	if slices.Contains(d.allowed, name) {
		return nil
	}
	path := "projects/" + url.PathEscape(reference.ProjectID) + "/datasets/" + url.PathEscape(reference.DatasetID) +
		"/routines/" + url.PathEscape(reference.RoutineID)
	var found routine
	if err := d.rest.call(ctx, http.MethodGet, path, nil, nil, &found); err != nil {
		return err
	}
	if found.Language != "SQL" && found.Language != "JAVASCRIPT" || found.RemoteFunctionOptions != nil {
		return database.Refusal("remoteFunction", "the function "+name+
			" runs outside of BigQuery, and may not be called; to allow it, add "+name+" to the setting allowed_functions")
	}
	return nil
}

// start starts the job. A conflict shows that an earlier try of the request has
// started it: the ID is random.
func (d *db) start(ctx context.Context, reference *jobReference, sql string, timeout time.Duration) error {
	request := job{JobReference: *reference, Configuration: d.configuration(sql)}
	request.Configuration.Query.MaximumBytesBilled = strconv.FormatInt(d.config.maxBytes, 10)
	if timeout > 0 {
		request.Configuration.JobTimeoutMs = strconv.FormatInt(timeout.Milliseconds(), 10)
	}
	var started job
	err := d.rest.call(ctx, http.MethodPost, d.path("jobs"), nil, request, &started)
	if failed, ok := errors.AsType[*failure](err); ok && failed.status == http.StatusConflict {
		return nil
	}
	if err == nil && started.JobReference.Location != "" {
		reference.Location = started.JobReference.Location
	}
	return err
}

func (d *db) configuration(sql string) configuration {
	configuration := configuration{Query: statement{Query: sql}, Labels: map[string]string{"application": "defog"}}
	if d.config.dataset != "" {
		configuration.Query.DefaultDataset = &dataset{d.config.dataProject, d.config.dataset}
	}
	return configuration
}

// read encodes the job's rows page by page.
func (d *db) read(ctx context.Context, job jobReference, limits database.Limits) (*database.Result, error) {
	maxResults := pageRows
	if limits.Rows > 0 && limits.Overflow == nil {
		maxResults = min(maxResults, limits.Rows+1)
	}
	parameters := url.Values{
		"location":                        {job.Location},
		"maxResults":                      {strconv.Itoa(maxResults)},
		"timeoutMs":                       {strconv.FormatInt(pollTimeout.Milliseconds(), 10)},
		"formatOptions.useInt64Timestamp": {"true"}, // the default is a float
	}
	var rows *database.Rows
	for {
		var page queryResults
		if err := d.rest.call(ctx, http.MethodGet, d.path("queries", job.JobID), parameters, nil, &page); err != nil {
			return nil, err
		}
		if !page.JobComplete {
			continue
		}
		if page.Schema == nil {
			return nil, page.failure()
		}
		if rows == nil {
			rows = database.NewRows(page.Schema.names(), limits)
		}
		more, err := addPage(rows, page)
		if err != nil {
			return nil, err
		}
		if !more || page.PageToken == "" {
			return rows.Result()
		}
		parameters.Set("pageToken", page.PageToken)
	}
}

// addPage adds a page's rows. It returns false when no further row is needed.
func addPage(rows *database.Rows, page queryResults) (more bool, err error) {
	if page.Rows.isNull() {
		return true, nil
	}
	if page.Rows[0] != '[' {
		return false, &database.InvalidReplyError{Err: errors.New("rows: got no list; want a list")}
	}
	encoders := page.Schema.encoders()
	for element := range page.Rows.elements {
		var row row
		if err := json.Unmarshal(element, &row); err != nil {
			return false, &database.InvalidReplyError{Err: err}
		}
		if !rows.Add(func(dst []byte) []byte { return appendCells(dst, row.Cells, encoders) }) {
			return false, nil
		}
	}
	return true, nil
}

// cancel stops a job.
func (d *db) cancel(ctx context.Context, job jobReference) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), database.CancelTimeout)
	defer cancel()
	parameters := url.Values{"location": {job.Location}}
	// If the request fails, the job ends at its own timeout.
	_ = d.rest.call(ctx, http.MethodPost, d.path("jobs", job.JobID, "cancel"), parameters, struct{}{}, new(json.RawMessage))
}

// path returns the path of a resource of the project that runs the jobs.
func (d *db) path(parts ...string) string {
	path := "projects/" + url.PathEscape(d.config.project)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}
