package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/page"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/memory"
	"defog-cdk/lambda/spending"
)

// server serves the function over HTTP on this machine, for development.
type server struct {
	address      string // "" to run on Lambda
	connection   string // path of the connection file
	dependencies string // path of the dependencies folder
	pageFolder   string // path of the page's files; "" for none
	history      string // path of a folder for history and feedback; "" for none

	generator string
	warnings  string
	usage     string     // the response to GET
	page      *page.Page // the response to a browser's GET; nil for none
	mu        sync.Mutex // a function instance handles one request at a time
	events    lambda.Handler

	relaunch   *relaunch
	background context.Context // of long questions, which outlive their request
}

func (s *server) addFlags(flags *flag.FlagSet) {
	home, _ := os.UserHomeDir() // without a home, -connection is required
	flags.StringVar(&s.address, "listen", "", "serve HTTP at this `address` instead of running on Lambda; :8080 means 127.0.0.1:8080")
	flags.StringVar(&s.connection, "connection", filepath.Join(home, ".defog", "connection.json"),
		"with -listen: the connection `file`, unless "+environ.Credentials+" or "+environ.CredentialsSecret+" is set")
	flags.StringVar(&s.dependencies, "dependencies", filepath.Join("lambda", "query", "dependencies"),
		"with -listen: the `folder` with golden.json, SQLite files and CA certificates")
	flags.StringVar(&s.history, "history", "", "with -listen: the `folder` for history and feedback (default: neither is kept)")
	flags.StringVar(&s.pageFolder, "page", "", "with -listen: the `folder` with the files of the page for browsers (default: no page)")
}

// run serves until the context ends.
func (s *server) run(ctx context.Context, get func(string) string, stderr io.Writer) error {
	listener, err := s.listen(ctx, get)
	if err != nil {
		return err
	}
	content := "GET returns the usage"
	if s.page != nil {
		content = "a browser shows a page to ask questions"
	}
	fmt.Fprintf(stderr, "Listening on http://%s/; %s. The SQL generator is %s (%s), and the dependencies are in %s.\n",
		listener.Addr(), content, s.generator, environ.Generator, s.dependencies)
	server := &http.Server{Handler: s.guard(listener.Addr()), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // the requests' clients get the error
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listen prepares the handler and opens the listener. Invalid settings are an
// error here, since the user reads it.
func (s *server) listen(ctx context.Context, get func(string) string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w; want an address such as 127.0.0.1:8080", err)
	}
	if get(environ.Credentials) == "" && get(environ.CredentialsSecret) == "" {
		credentials, err := s.readConnection()
		if err != nil {
			return nil, err
		}
		environment := get
		get = func(name string) string {
			if name == environ.Credentials {
				return credentials
			}
			return environment(name)
		}
	}
	service, err := newService(get)
	if err != nil {
		return nil, err
	}
	if err := s.check(service.settings); err != nil {
		return nil, err
	}
	if s.page, err = s.openPage(service.settings); err != nil {
		return nil, err
	}
	service.folder, s.generator = s.dependencies, service.generator
	service.historyFolder = s.history
	if service.long == nil {
		service.long = &answers.Service{Store: &memory.Store{}, Queue: s}
	}
	if service.ledger == nil {
		service.ledger = &spending.Memory{}
	}
	handler := service.handler(nil)
	handler.ShowCauses = true
	if service.recorder != nil {
		service.recorder.Background(ctx)
	}
	handler.Prepare(ctx)
	s.background = ctx
	s.events, s.relaunch = newRouter(handler, service.paths(handler)), service.relaunch
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port))
	if err != nil {
		return nil, fmt.Errorf("-listen: %w; want a free address of this machine (make serve LISTEN=127.0.0.1:8081)", err)
	}
	s.usage = s.warnings + fmt.Sprintf(usage, listener.Addr())
	return listener, nil
}

// openPage reads the page's files. The golden questions are its examples. It
// returns nil without a folder.
func (s *server) openPage(settings settings) (*page.Page, error) {
	if s.pageFolder == "" {
		return nil, nil
	}
	files, err := knowledge.Read(settings.generator, knowledge.Folder(s.dependencies))
	if err != nil {
		return nil, fmt.Errorf("-dependencies: %s: %w", s.dependencies, err)
	}
	made, err := page.New(os.DirFS(s.pageFolder), page.Config{
		API: "./", App: "make serve", Auth: page.AuthNone, Examples: files.Questions(), Async: true, Feedback: s.history != "",
	})
	if err != nil {
		return nil, fmt.Errorf("-page: %w", err)
	}
	return made, nil
}

func (s *server) readConnection() (string, error) {
	conn, err := connection.Read(s.connection)
	if err != nil {
		return "", err
	}
	for _, warning := range conn.Warnings {
		s.warnings += "Warning: " + warning + "\n"
	}
	return conn.Encode()
}

// check checks what synth checks of a deployment: the connection and the files
// that the function reads.
func (s *server) check(settings settings) error {
	info, err := os.Stat(s.dependencies)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("-dependencies: no folder %s; want the folder with the files of the function (make serve DEPENDENCIES=folder)", s.dependencies)
	}
	var problems []error
	switch settings.generator {
	case defog:
		if settings.secret == "" && settings.connection.APIKey == "" {
			problems = append(problems, errors.New("api_key: missing in the connection; want the API key, which generator defog requires, or another generator (DEFOG_GENERATOR=bedrock)"))
		}
	default:
		files, err := knowledge.Read(settings.generator, knowledge.Folder(s.dependencies))
		if err == nil && settings.generator != golden && len(files.Schema.Tables) == 0 && settings.secret == "" && len(settings.connection.DBCreds) == 0 {
			err = knowledge.ErrNoSchema
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("-dependencies: %s: %w", s.dependencies, err))
		}
	}
	database := settings.connection.DBCreds.Text("database")
	if settings.connection.DBType != "sqlite" || database == "" {
		return errors.Join(problems...)
	}
	if !filepath.IsAbs(database) {
		database = filepath.Join(s.dependencies, database)
	}
	if info, err := os.Stat(database); err != nil || !info.Mode().IsRegular() {
		problems = append(problems, fmt.Errorf("db_creds.database: no file %s; want a SQLite file in the folder of -dependencies (make serve DEPENDENCIES=folder)", database))
	}
	return errors.Join(problems...)
}

// guard rejects requests of web pages: cross-origin posts, and requests with
// another host name (DNS rebinding).
func (s *server) guard(address net.Addr) http.Handler {
	handler := http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serve))
	listening, ok := address.(*net.TCPAddr)
	if !ok || !listening.IP.IsLoopback() {
		return handler // the machine's public names are unknown
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "The host name is not allowed; want localhost.", http.StatusMisdirectedRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

const usage = `The query function runs on this machine. Ask a question with POST:

  curl -H "content-type: application/json" -d '{"question": "How many customers are there?"}' http://%s/

docs/api.md describes the other fields of a request, and the answer.
`

// serve converts the request to an event of the HTTP API and the answer to a
// response.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if s.wantsPage(r) {
		s.page.ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodGet && !isLongQuestion(r) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, s.usage) // fails only if the client has disconnected
		return
	}
	response, err := s.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(response.Body)))
	w.WriteHeader(response.StatusCode)
	_, _ = io.WriteString(w, response.Body)   // fails only if the client has disconnected
	_ = http.NewResponseController(w).Flush() // likewise
	s.relaunch.restart()
}

// wantsPage reports whether a request is for the page. At the root, that is a
// browser's: curl gets the usage.
func (s *server) wantsPage(r *http.Request) bool {
	if s.page == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	return s.page.Has(name) && (name != "" || strings.Contains(r.Header.Get("Accept"), "text/html"))
}

// maxBody is the limit of an HTTP API; the handler's limit is lower.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxBody = 10 << 20

func (s *server) answer(r *http.Request) (response events.APIGatewayV2HTTPResponse, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		response.StatusCode = http.StatusRequestEntityTooLarge
		return response, nil
	}
	if err != nil {
		return response, fmt.Errorf("read the request: %w", err)
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0",
		Headers: map[string]string{"content-type": r.Header.Get("Content-Type"), "prefer": r.Header.Get("Prefer")},
		Body:    string(body),
	}
	event.RouteKey, event.RawPath = r.Method+" "+r.URL.Path, r.URL.Path
	event.RequestContext.HTTP.Method = r.Method
	if isLongQuestion(r) {
		event.RouteKey = r.Method + " " + answersPath + "{id}"
		if wait := r.URL.Query().Get("wait"); wait != "" {
			event.QueryStringParameters = map[string]string{"wait": wait}
		}
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return response, fmt.Errorf("encode the request: %w", err)
	}
	if !isLongQuestion(r) { // reading its state needs no database
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	out, err := s.events.Invoke(r.Context(), payload)
	if err != nil {
		return response, fmt.Errorf("answer the request: %w", err)
	}
	if err := json.Unmarshal(out, &response); err != nil {
		return response, fmt.Errorf("decode the answer: %w", err)
	}
	return response, nil
}
