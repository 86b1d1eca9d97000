package snowflake

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Result is what a statement returns: columns and rows, or an error.
type Result struct {
	Columns []Column
	Rows    iter.Seq[[]*string]
	Error   Error

	// Endless makes the server run until an abort request or a timeout.
	Endless bool

	// Inserts is a row that the statement inserts, and Lists has it return those
	// that are there.
	Inserts string
	Lists   bool
}

// Column is a result's column, with Snowflake's name for its type in small
// letters.
type Column struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Precision int    `json:"precision"`
	Scale     int    `json:"scale"`
	Nullable  bool   `json:"nullable"`
}

// Error is an error of the server; without a code it is none.
type Error struct{ Code, State, Message string }

// What the server sends of a result at once, and in each further piece.
const (
	inlineRows = 500
	chunkRows  = 2000
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.Answering()()
	switch r.URL.Path {
	case "/session/v1/login-request":
		s.logIn(w, r)
	case "/queries/v1/query-request":
		s.query(w, r)
	case "/queries/v1/abort-request":
		s.abort(w, r)
	case "/session":
		s.mu.Lock()
		delete(s.sessions, token(r))
		s.mu.Unlock()
		reply(w, map[string]any{"success": true})
	default:
		s.mu.Lock()
		chunk, ok := s.chunks[r.URL.Path]
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(chunk) // the client is gone, then
	}
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Data struct {
			Account       string         `json:"ACCOUNT_NAME"`
			User          string         `json:"LOGIN_NAME"`
			Password      string         `json:"PASSWORD"`
			Authenticator string         `json:"AUTHENTICATOR"`
			Token         string         `json:"TOKEN"`
			Parameters    map[string]any `json:"SESSION_PARAMETERS"`
		} `json:"data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, parameters := body.Data, r.URL.Query()
	key := data.Authenticator == "SNOWFLAKE_JWT"
	number := s.Enter(Login{
		Account: data.Account, User: data.User, Key: key, Parameters: data.Parameters,
		Database: parameters.Get("databaseName"), Schema: parameters.Get("schemaName"),
		Warehouse: parameters.Get("warehouse"), Role: parameters.Get("roleName"),
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case key && !s.signed(data.Token):
		refuse(w, Error{Code: "390144", Message: "JWT token is invalid."})
	case !key && (data.User != "reader" || data.Password != s.password):
		refuse(w, Error{Code: "390100", Message: "Incorrect username or password was specified."})
	case parameters.Get("databaseName") != "bank":
		refuse(w, Error{Code: "390201", Message: "The requested database does not exist or not authorized."})
	default:
		token := rand.Text()
		one := &session{parameters: map[string]string{}}
		for name, value := range data.Parameters {
			one.parameters[name] = fmt.Sprint(value)
		}
		s.sessions[token] = one
		reply(w, map[string]any{"success": true, "data": map[string]any{
			"token": token, "masterToken": "master-" + token, "sessionId": number,
			"parameters":  []map[string]any{{"name": "TIMEZONE", "value": "Europe/Berlin"}, {"name": "CLIENT_TELEMETRY_ENABLED", "value": false}},
			"sessionInfo": map[string]any{"databaseName": "BANK", "roleName": "DEFOG_READER"},
		}})
	}
}

// signed reports whether a token was signed with the user's key.
func (s *Server) signed(token string) bool {
	text, signature, _ := cutLast(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	hash := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, hash[:], raw) == nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	var body struct {
		SQL        string         `json:"sqlText"`
		Parameters map[string]any `json:"parameters"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	one := s.sessions[token(r)]
	s.mu.Unlock()
	if one == nil {
		refuse(w, Error{Code: "390111", Message: "Session no longer exists. New login required to access the service."})
		return
	}
	s.Note(body.SQL)
	if one.command(body.SQL) {
		reply(w, map[string]any{"success": true, "data": map[string]any{"queryId": "1", "queryResultFormat": "json"}})
		return
	}
	result, known := s.answer(body.SQL)
	if !known {
		result.Error = Error{"001003", "42000", "SQL compilation error:\nThe stand-in has no answer to " + body.SQL}
	}
	if result.Endless {
		result.Error = s.work(r, one, body.SQL)
	}
	if result.Error.Code != "" {
		refuse(w, result.Error)
		return
	}
	s.send(w, r, one, result)
}

// command does what changes a session, and reports whether a statement does.
func (one *session) command(statement string) bool {
	if statement == "ROLLBACK" {
		if one.parameters["AUTOCOMMIT"] == "FALSE" {
			one.pending = nil
		}
		return true
	}
	assignment, ok := strings.CutPrefix(statement, "ALTER SESSION SET ")
	if ok {
		name, value, _ := strings.Cut(assignment, " = ")
		one.parameters[name] = value
	}
	return ok
}

// work waits until a request stops the statement.
func (s *Server) work(r *http.Request, one *session, statement string) Error {
	q := &query{statement: statement, stopped: make(chan struct{})}
	id := r.URL.Query().Get("requestId")
	s.mu.Lock()
	s.running[id] = q
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, id)
	}()
	limit, _ := strconv.Atoi(one.parameters["STATEMENT_TIMEOUT_IN_SECONDS"])
	if limit == 0 {
		limit = 3600
	}
	select {
	case <-q.stopped:
		return Error{"000604", "57014", "SQL execution canceled"}
	case <-time.After(time.Duration(limit) * time.Second):
		return Error{"000630", "57014", fmt.Sprintf("Statement reached its statement or warehouse timeout of %d second(s) and was canceled.", limit)}
	}
}

var stopping sync.Mutex

func (q *query) stop() {
	stopping.Lock()
	defer stopping.Unlock()
	select {
	case <-q.stopped:
	default:
		close(q.stopped)
	}
}

func (s *Server) abort(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID string `json:"requestId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Note("ABORT")
	s.mu.Lock()
	q := s.running[body.ID]
	s.mu.Unlock()
	if q == nil {
		refuse(w, Error{Code: "000605", Message: "Identified SQL statement is not currently executing."})
		return
	}
	q.stop()
	reply(w, map[string]any{"success": true})
}

// send sends a result: some rows at once, and the addresses of the rest.
func (s *Server) send(w http.ResponseWriter, r *http.Request, one *session, result Result) {
	if result.Inserts != "" {
		one.pending = append(one.pending, result.Inserts)
	}
	most, _ := strconv.Atoi(one.parameters["ROWS_PER_RESULTSET"])
	rows, total := [][]*string{}, 0
	var chunks []map[string]any
	var piece [][]*string
	flush := func() {
		if len(piece) > 0 {
			chunks = append(chunks, s.chunk(r, piece))
			piece = nil
		}
	}
	for row := range s.rows(one, result) {
		if most > 0 && total == most {
			break
		}
		if total++; total <= inlineRows {
			rows = append(rows, row)
		} else if piece = append(piece, row); len(piece) == chunkRows {
			flush()
		}
	}
	flush()
	reply(w, map[string]any{"success": true, "data": map[string]any{
		"queryId": "1", "queryResultFormat": "json", "rowtype": result.Columns, "rowset": rows, "total": total, "returned": total,
		"chunks": chunks, "chunkHeaders": map[string]string{}, "statementTypeId": 0x1000,
	}})
}

// rows are the result's, or what was inserted.
func (s *Server) rows(one *session, result Result) iter.Seq[[]*string] {
	return func(yield func([]*string) bool) {
		if result.Lists {
			for _, row := range one.pending {
				if !yield([]*string{&row}) {
					return
				}
			}
		}
		if result.Rows != nil {
			result.Rows(yield)
		}
	}
}

// chunk keeps a piece of a result: rows with commas between them.
func (s *Server) chunk(r *http.Request, rows [][]*string) map[string]any {
	var text bytes.Buffer
	for i, row := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		encoded, _ := json.Marshal(row) // texts and nulls
		text.Write(encoded)
	}
	path := "/chunks/" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chunks[path] = text.Bytes()
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	return map[string]any{
		"url": scheme + "://" + r.Host + path, "rowCount": len(rows), "uncompressedSize": text.Len(), "compressedSize": text.Len(),
	}
}

func refuse(w http.ResponseWriter, e Error) {
	reply(w, map[string]any{
		"success": false, "code": e.Code, "message": e.Message,
		"data": map[string]any{"errorCode": e.Code, "sqlState": e.State, "queryId": "1"},
	})
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client is gone, then
}
