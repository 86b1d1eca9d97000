package testserver

import (
	"io"
	"net/http"
	"sync"
)

// Faults replaces answers of an HTTP server by faults.
type Faults struct {
	mu    sync.Mutex
	next  []http.HandlerFunc
	asked int
}

// Fail answers the next requests by faults.
func (f *Faults) Fail(faults ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, faults...)
}

// Asked returns the number of requests.
func (f *Faults) Asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// Respond answers a request by the next fault, or as usual without one.
func (f *Faults) Respond(w http.ResponseWriter, r *http.Request, usual http.HandlerFunc) {
	f.mu.Lock()
	f.asked++
	answer := usual
	if len(f.next) > 0 {
		answer, f.next = f.next[0], f.next[1:]
	}
	f.mu.Unlock()
	answer(w, r)
}

// Reply returns a fault that answers with a status and a body.
func Reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the client may be gone
	}
}

// Redirects is a fault that sends the client elsewhere.
func Redirects(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://evil.example/", http.StatusFound)
}

// Resets is a fault that closes the connection.
func Resets(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.Close() // the fault is the closed connection
}

// Hangs is a fault that never answers.
func Hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices the end of the connection only then
	<-r.Context().Done()
}
