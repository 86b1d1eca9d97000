package mcp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// Path is the path of the API's route for the protocol.
const Path = "/mcp"

// maxBody is the largest request body in bytes, that of a question.
const maxBody = 1 << 20

// Endpoint handles the API's events for Path: Streamable HTTP, stateless, and each
// response one JSON document.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
type Endpoint struct {
	// Call runs a tool for the sender of an event.
	Call    func(ctx context.Context, event []byte, tool string, arguments json.RawMessage) ([]byte, error)
	SQL     bool     // offers the tool query
	MaxRows int      // in the result of a tool
	Origins []string // web origins whose pages may call the endpoint; "*" for all
	Log     *slog.Logger
}

// event holds the fields of an API's event that the endpoint reads.
type event struct {
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RawPath         string            `json:"rawPath"`
	RequestContext  struct {
		DomainName string `json:"domainName"`
		HTTP       struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// Invoke implements lambda.Handler.
func (e *Endpoint) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var given event
	if err := json.Unmarshal(payload, &given); err != nil {
		return nil, fmt.Errorf("decode the event: %w", err)
	}
	answer := response{header: http.Header{}}
	request, err := given.request(ctx)
	if err != nil {
		http.Error(&answer, "The request is invalid: "+err.Error(), http.StatusBadRequest)
		return answer.encode()
	}
	switch origin := request.Header.Get("Origin"); {
	case origin != "" && !slices.Contains(e.Origins, origin) && !slices.Contains(e.Origins, "*"):
		http.Error(&answer, "Origin: not allowed; want an origin in cors_allow_origins, or no such header.", http.StatusForbidden)
	case bytes.HasPrefix(bytes.TrimSpace([]byte(given.Body)), []byte("[")):
		http.Error(&answer, "The body is a batch; want one JSON-RPC message.", http.StatusBadRequest)
	case !hasExactID([]byte(given.Body)):
		http.Error(&answer, "id: a fraction or a large number; want text, or a whole number of at most 53 bits.", http.StatusBadRequest)
	default:
		e.handler(ctx, payload).ServeHTTP(&answer, request)
	}
	return answer.encode()
}

// hasExactID reports whether the response can have the message's id. The SDK holds
// numbers as floats. It checks other ids and messages itself.
func hasExactID(body []byte) bool {
	var message struct {
		ID json.RawMessage `json:"id"`
	}
	err := json.Unmarshal(body, &message)
	if err != nil || len(message.ID) == 0 || !strings.ContainsRune("-0123456789", rune(message.ID[0])) {
		return true
	}
	const largest = 1<<53 - 1
	id, err := strconv.ParseFloat(string(message.ID), 64)
	return err == nil && id == math.Trunc(id) && -largest <= id && id <= largest
}

// handler returns a handler for one event. Tools run in the event's context, which
// has Lambda's deadline and request id.
func (e *Endpoint) handler(ctx context.Context, payload []byte) http.Handler {
	server := NewServer(Options{
		SQL: e.SQL, MaxRows: e.MaxRows, Log: e.Log,
		Call: func(_ context.Context, tool string, arguments json.RawMessage) (json.RawMessage, error) {
			return e.Call(ctx, payload, tool, arguments)
		},
	})
	return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server },
		&sdk.StreamableHTTPOptions{
			Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxBody,
			DisableLocalhostProtection: true, // the API receives the connections, and checks their host name
		})
}

// request returns the event's HTTP request.
func (e *event) request(ctx context.Context) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, errors.New("the body is not base64, which isBase64Encoded requires")
		}
		e.Body = string(body)
	}
	request, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, Path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range e.Headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

// response collects an HTTP response.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *response) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *response) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *response) Write(data []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(data)
}

// encode returns the response for the API.
func (r *response) encode() ([]byte, error) {
	headers := map[string]string{"cache-control": "no-store"}
	for name, values := range r.header {
		if name = strings.ToLower(name); name != "cache-control" {
			headers[name] = strings.Join(values, ", ")
		}
	}
	r.WriteHeader(http.StatusOK)
	return json.Marshal(map[string]any{"statusCode": r.status, "headers": headers, "body": r.body.String()})
}
