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
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/lambda/ask"
)

// server answers questions on this machine, for those who write the
// application that asks them.
type server struct {
	address      string // "" for none
	connection   string // the connection file
	dependencies string // the folder with the dependencies

	usage   string     // what GET is answered
	mu      sync.Mutex // a function instance answers one request at a time
	handler *ask.Handler
}

func (s *server) addFlags(flags *flag.FlagSet) {
	home, _ := os.UserHomeDir() // without one, the file must be named
	flags.StringVar(&s.address, "listen", "", "answer at this `address` instead of on Lambda; :8080 is 127.0.0.1:8080")
	flags.StringVar(&s.connection, "connection", filepath.Join(home, ".defog", "connection.json"),
		"with -listen, the connection `file`, read unless "+environ.Credentials+" or "+environ.CredentialsSecret+" is set")
	flags.StringVar(&s.dependencies, "dependencies", filepath.Join("lambda", "query", "dependencies"),
		"with -listen, the `folder` with golden.json, a SQLite file, CA certificates")
}

// run serves until the process ends.
func (s *server) run(ctx context.Context, get func(string) string, stderr io.Writer) error {
	listener, err := s.listen(ctx, get)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "Ask at http://%s/; GET says how.\n", listener.Addr())
	return (&http.Server{Handler: s.guard(listener.Addr()), ReadHeaderTimeout: 10 * time.Second}).Serve(listener)
}

// listen prepares the handler. Here, wrong settings are for the caller's eyes.
func (s *server) listen(ctx context.Context, get func(string) string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w; valid: 127.0.0.1:8080", err)
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
	service.folder = s.dependencies
	s.handler = service.handler(nil)
	s.handler.Prepare(ctx)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port))
	if err != nil {
		return nil, err
	}
	s.usage = fmt.Sprintf(usage, listener.Addr())
	return listener, nil
}

func (s *server) readConnection() (string, error) {
	conn, err := connection.Read(s.connection)
	if err != nil {
		return "", err
	}
	return conn.Encode()
}

// guard keeps web pages of other origins from asking: those that post here, and
// those whose host name was made to point here.
func (s *server) guard(address net.Addr) http.Handler {
	own := http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serve))
	listening, ok := address.(*net.TCPAddr)
	if !ok || !listening.IP.IsLoopback() {
		return own // by which names this machine is known, only others know
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "This server answers as localhost only.", http.StatusMisdirectedRequest)
			return
		}
		own.ServeHTTP(w, r)
	})
}

const usage = `This is the query function, on this machine. Ask it by POST:

  curl -H "content-type: application/json" -d '{"question": "How many customers are there?"}' http://%s/

README.md says what else a request may hold, and what the answer does.
`

// serve makes an event of the request, as the HTTP API does, and a response of
// the answer.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, s.usage) // a client that is gone needs no answer
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
	w.WriteHeader(response.StatusCode)
	_, _ = io.WriteString(w, response.Body) // nor this
}

// mostBody is what an HTTP API takes; the handler's own limit is less.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const mostBody = 10 << 20

func (s *server) answer(r *http.Request) (response events.APIGatewayV2HTTPResponse, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		response.StatusCode = http.StatusRequestEntityTooLarge
		return response, nil
	}
	if err != nil {
		return response, fmt.Errorf("read the request: %w", err)
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0",
		Headers: map[string]string{"content-type": r.Header.Get("Content-Type")},
		Body:    string(body),
	}
	event.RequestContext.HTTP.Method = r.Method
	payload, err := json.Marshal(event)
	if err != nil {
		return response, fmt.Errorf("encode the request: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.handler.Invoke(r.Context(), payload)
	if err != nil {
		return response, fmt.Errorf("answer the request: %w", err)
	}
	if err := json.Unmarshal(out, &response); err != nil {
		return response, fmt.Errorf("decode the answer: %w", err)
	}
	return response, nil
}
