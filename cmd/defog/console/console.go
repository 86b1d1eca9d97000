// Package console serves the page on this machine. It forwards the page's requests
// to a deployed API with the user's authorization, and refuses all other requests.
package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"defog-cdk/internal/page"
)

// Console is a server of the page. It accepts requests of its own page only.
type Console struct {
	API

	page     *page.Page
	listener net.Listener
	host     string       // the Host header of the page's requests
	code     string       // in the URL of Open
	opened   atomic.Int32 // how many requests had the code
	revoked  func(url string)

	mu    sync.Mutex
	token string // in the fragment of the page's URL, which no request contains
}

// Options are the options of a console.
type Options struct {
	Files    fs.FS    // of the page
	App      string   // the name of what answers
	Examples []string // questions
	Async    bool     // whether the API answers long questions
	Feedback bool     // whether the API accepts feedback
	API      API
	Port     int // 0 for a free one

	// Revoked gets the page's new URL, if a second program has used OneTimeURL.
	Revoked func(url string)
}

// Listen opens the console's port on 127.0.0.1. Connections wait until Serve.
func Listen(ctx context.Context, options Options) (*Console, error) {
	made, err := page.New(options.Files, page.Config{
		API: "./", App: options.App, Auth: page.AuthConsole, Examples: options.Examples, Async: options.Async, Feedback: options.Feedback,
	})
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, options.Port, options.App)
	if err != nil {
		return nil, err
	}
	return &Console{
		API: options.API, page: made, listener: listener, host: listener.Addr().String(), token: rand.Text(), code: rand.Text(),
		revoked: options.Revoked,
	}, nil
}

// listen opens a port. Without one it prefers the same port for the same app:
// the browser keeps the page's history by its host and port.
func listen(ctx context.Context, port int, app string) (net.Listener, error) {
	open := func(port int) (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	if port != 0 {
		listener, err := open(port)
		if err != nil {
			return nil, fmt.Errorf("--port: %w; want a free port, or no --port", err)
		}
		return listener, nil
	}
	hash := fnv.New32a()
	hash.Write([]byte(app))
	const first, count = 20000, 10000 // below the ports of outgoing connections
	if listener, err := open(first + int(hash.Sum32()%count)); err == nil {
		return listener, nil
	}
	return open(0)
}

// URL returns the page's URL, with the token.
func (c *Console) URL() string { return c.origin() + "/#token=" + c.current() }

func (c *Console) current() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// OneTimeURL returns a URL that leads to the page once. Other users of this
// machine can read the arguments of the program that opens it. If a second one uses
// it, too, the page gets another token.
func (c *Console) OneTimeURL() string { return c.origin() + openPath + c.code }

const openPath = "/open/"

func (c *Console) origin() string { return "http://" + c.host }

// Serve serves until the end of ctx.
func (c *Console) Serve(ctx context.Context) error {
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// ServeHTTP implements http.Handler. Host names protect against DNS rebinding, and
// origins against other pages. The token protects against other programs and users.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	origin := r.Header.Get("Origin")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case r.Host != c.host:
		refuse(w, http.StatusForbidden, "Another host name than "+c.host+" is not allowed.")
	case origin != "" && origin != c.origin(), origin == "" && !reads:
		refuse(w, http.StatusForbidden, "Only the page of this console may send requests.")
	case reads && strings.HasPrefix(r.URL.Path, openPath):
		c.open(w, r)
	case reads && name != page.ConfigFile && c.page.Has(name):
		c.page.ServeHTTP(w, r)
	case !equal(r.Header.Get(page.TokenHeader), c.current()):
		refuse(w, http.StatusForbidden, "This page belongs to a console that has ended. Open the URL that the running console printed.")
	case reads && name == page.ConfigFile:
		c.page.ServeHTTP(w, r)
	default:
		c.forward(w, r)
	}
}

// open redirects to the page with the token, once. A second time reveals that another
// program has the code, and perhaps used it first.
func (c *Console) open(w http.ResponseWriter, r *http.Request) {
	if !equal(strings.TrimPrefix(r.URL.Path, openPath), c.code) {
		refuse(w, http.StatusForbidden, notOpened)
		return
	}
	switch c.opened.Add(1) {
	case 1:
		w.Header().Set("Location", "/#token="+c.current())
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.WriteHeader(http.StatusSeeOther)
		return
	case 2:
		c.revoke()
	}
	refuse(w, http.StatusForbidden, notOpened)
}

const notOpened = "This URL opens the page only once. Open the URL that the console printed last."

// revoke replaces the token.
func (c *Console) revoke() {
	c.mu.Lock()
	c.token = rand.Text()
	c.mu.Unlock()
	c.revoked(c.URL())
}

// equal compares secrets without revealing by its time where they differ.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
