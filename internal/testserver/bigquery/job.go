package bigquery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// job is a statement that runs.
type job struct {
	Statement
	id, sql string
	once    sync.Once
	ended   chan struct{} // closed when it is done or stopped
	fault   *Fault        // once ended is closed
}

func (j *job) stop(reason, message string) {
	j.end(&Fault{http.StatusBadRequest, reason, message})
}

func (j *job) end(fault *Fault) {
	j.once.Do(func() {
		j.fault = fault
		close(j.ended)
	})
}

func (j *job) state() string {
	select {
	case <-j.ended:
		if j.fault != nil && j.fault.Reason == "stopped" {
			return "stopped"
		}
		return "done"
	default:
		return "running"
	}
}

var jobID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,999}$`)

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/bigquery/v2/projects/"+project+"/")
	parts := strings.Split(path, "/")
	switch {
	case !ok:
		refuse(w, Fault{http.StatusNotFound, "notFound", "Not found: Project"})
	case r.Method == http.MethodPost && path == "jobs":
		s.insert(w, r)
	case r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "jobs" && parts[2] == "cancel":
		s.cancel(w, r, parts[1])
	case r.Method == http.MethodGet && len(parts) == 2 && parts[0] == "queries":
		s.results(w, r, parts[1])
	case r.Method == http.MethodGet && len(parts) == 4 && parts[0] == "datasets" && parts[2] == "routines":
		s.routine(w, parts[1]+"."+parts[3])
	default:
		refuse(w, Fault{http.StatusNotFound, "notFound", "Not found: " + r.Method + " " + path})
	}
}

func (s *Server) routine(w http.ResponseWriter, name string) {
	description, ok := s.Routines[name]
	if !ok {
		refuse(w, Fault{http.StatusNotFound, "notFound", "Not found: Routine " + name})
		return
	}
	reply(w, http.StatusOK, json.RawMessage(description))
}

// inserted is the request of a new job.
type inserted struct {
	JobReference  struct{ ProjectID, JobID, Location string }
	Configuration struct {
		DryRun       bool
		JobTimeoutMs string
		Query        struct {
			Query              string
			UseLegacySQL       *bool `json:"useLegacySql"`
			MaximumBytesBilled string
		}
	}
}

func (s *Server) insert(w http.ResponseWriter, r *http.Request) {
	var request inserted
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		refuse(w, Fault{http.StatusBadRequest, "parseError", err.Error()})
		return
	}
	query := request.Configuration.Query
	if query.UseLegacySQL == nil || *query.UseLegacySQL {
		refuse(w, Fault{http.StatusBadRequest, "invalidQuery", "legacy SQL"})
		return
	}
	statement := s.answer(query.Query)
	if statement.Fault != nil {
		refuse(w, *statement.Fault)
		return
	}
	if request.Configuration.DryRun && request.JobReference.JobID == "" {
		s.rehearse(w, statement)
		return
	}
	if most, err := strconv.ParseInt(query.MaximumBytesBilled, 10, 64); err == nil && most < statement.Bytes {
		refuse(w, Fault{http.StatusBadRequest, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed"})
		return
	}
	s.begin(w, request, statement)
}

// answer returns the results of writes. The test defines the others.
func (s *Server) answer(sql string) Statement {
	kind := statementType(sql)
	if kind == "SELECT" {
		return s.Answer(sql)
	}
	if !s.MayCreate {
		return Statement{Fault: &Fault{http.StatusForbidden, "accessDenied", "Access Denied: Project " + project + ": User does not have permission"}}
	}
	return Statement{Type: kind}
}

// statementType returns the service's type of a statement, by its first words.
func statementType(sql string) string {
	for strings.HasPrefix(sql, "/*") {
		_, sql, _ = strings.Cut(sql, "*/")
		sql = strings.TrimSpace(sql)
	}
	before, after, _ := strings.Cut(sql, ";")
	words := strings.Fields(strings.ToUpper(strings.TrimLeft(before, "(")))
	switch {
	case strings.TrimSpace(after) != "":
		return "SCRIPT"
	case len(words) == 0:
		return ""
	case words[0] == "SELECT", words[0] == "FROM":
		return "SELECT"
	case words[0] == "WITH" && !strings.Contains(before, "DELETE") && !strings.Contains(before, "INSERT"):
		return "SELECT"
	case len(words) > 1 && (words[0] == "CREATE" || words[0] == "DROP" || words[0] == "ALTER"):
		return words[0] + "_" + words[1]
	default:
		return words[0]
	}
}

func (s *Server) rehearse(w http.ResponseWriter, statement Statement) {
	routines := []any{}
	for _, routine := range statement.Routines {
		dataset, name, _ := strings.Cut(routine, ".")
		routines = append(routines, map[string]any{"projectId": project, "datasetId": dataset, "routineId": name})
	}
	reply(w, http.StatusOK, map[string]any{
		"jobReference": map[string]any{"projectId": project, "location": location},
		"status":       map[string]any{"state": "DONE"},
		"statistics": map[string]any{"query": map[string]any{
			"statementType": statement.Type, "totalBytesProcessed": strconv.FormatInt(statement.Bytes, 10),
			"referencedRoutines": routines,
		}},
	})
}

func (s *Server) begin(w http.ResponseWriter, request inserted, statement Statement) {
	reference := request.JobReference
	if reference.ProjectID != project || !jobID.MatchString(reference.JobID) || reference.Location != location {
		refuse(w, Fault{http.StatusBadRequest, "invalid", fmt.Sprintf("Invalid job %+v", reference)})
		return
	}
	if s.find(reference.JobID) != nil {
		refuse(w, Fault{http.StatusConflict, "duplicate", "Already Exists: Job " + reference.JobID})
		return
	}
	j := &job{Statement: statement, id: reference.JobID, sql: request.Configuration.Query.Query, ended: make(chan struct{})}
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	if !statement.Endless {
		j.end(statement.Failure)
	} else if limit, err := strconv.Atoi(request.Configuration.JobTimeoutMs); err == nil {
		time.AfterFunc(time.Duration(limit)*time.Millisecond, func() {
			j.stop("stopped", "Job execution was cancelled: Job timed out after "+strconv.Itoa(limit)+" ms")
		})
	}
	reply(w, http.StatusOK, map[string]any{
		"jobReference": map[string]any{"projectId": project, "jobId": j.id, "location": location},
		"status":       map[string]any{"state": "RUNNING"},
	})
}

func (s *Server) find(id string) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request, id string) {
	j := s.find(id)
	if j == nil || r.FormValue("location") != location {
		refuse(w, Fault{http.StatusNotFound, "notFound", "Not found: Job " + id})
		return
	}
	j.stop("stopped", "Job execution was cancelled: User requested cancellation")
	reply(w, http.StatusOK, map[string]any{"kind": "bigquery#jobCancelResponse"})
}

// results answers with a page of rows, or with none yet after a timeout.
func (s *Server) results(w http.ResponseWriter, r *http.Request, id string) {
	j := s.find(id)
	if j == nil || r.FormValue("location") != location || r.FormValue("formatOptions.useInt64Timestamp") != "true" {
		refuse(w, Fault{http.StatusNotFound, "notFound", "Not found: Job " + id})
		return
	}
	wait, err := strconv.Atoi(r.FormValue("timeoutMs"))
	if err != nil {
		wait = 10_000
	}
	select {
	case <-j.ended:
	case <-time.After(time.Duration(wait) * time.Millisecond):
		reply(w, http.StatusOK, map[string]any{"jobComplete": false, "jobReference": map[string]any{"jobId": id}})
		return
	case <-r.Context().Done():
		return
	}
	if j.fault != nil {
		refuse(w, *j.fault)
		return
	}
	reply(w, http.StatusOK, j.page(r.FormValue("pageToken"), r.FormValue("maxResults")))
}

// page returns rows from the page of the token on.
func (j *job) page(token, most string) map[string]any {
	first, err := strconv.Atoi(token)
	if err != nil {
		first = 0
	}
	size, err := strconv.Atoi(most)
	if err != nil || size > 100_000 {
		size = 100_000
	}
	last := min(first+size, j.Rows)
	rows := []json.RawMessage{}
	for i := first; i < last; i++ {
		rows = append(rows, json.RawMessage(j.Row(i)))
	}
	page := map[string]any{
		"jobComplete": true, "totalRows": strconv.Itoa(j.Rows), "rows": rows,
		"schema": map[string]any{"fields": json.RawMessage(j.Schema)},
	}
	if last < j.Rows {
		page["pageToken"] = strconv.Itoa(last)
	}
	return page
}
