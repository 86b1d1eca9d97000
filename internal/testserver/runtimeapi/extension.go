package runtimeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// extensionID is the id of the function's extension.
const extensionID = "e-1"

// extension is the state of the one internal extension that a function can register.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
type extension struct {
	served bool
	events chan time.Time // deadlines
	taken  chan struct{}  // the event is no longer waited for

	mu         sync.Mutex
	changed    *sync.Cond
	registered bool
	waits      bool // for the next event
	runtime    bool // waits for the next event
	started    bool // the runtime has waited once
	frozen     bool
}

func (e *extension) init(served bool) {
	e.served, e.events, e.taken = served, make(chan time.Time), make(chan struct{})
	e.changed = sync.NewCond(&e.mu)
}

// change changes the state, and wakes those who wait for it.
func (e *extension) change(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
	e.changed.Broadcast()
}

// runtimeWaits records whether the runtime waits for the next event.
func (e *extension) runtimeWaits(waits bool) {
	e.change(func() { e.runtime, e.started = waits, true })
}

// ServeHTTP is Lambda's Extensions API.
func (e *extension) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case e.served && r.Method == http.MethodPost && r.URL.Path == "/2020-01-01/extension/register":
		e.serveRegister(w, r)
	case e.served && r.Method == http.MethodGet && r.URL.Path == "/2020-01-01/extension/event/next":
		e.serveNext(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serveRegister registers the extension, which Lambda allows before the runtime's first
// event only.
func (e *extension) serveRegister(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Events []string `json:"events"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil || r.Header.Get("Lambda-Extension-Name") == "" || len(body.Events) != 1 || body.Events[0] != "INVOKE" || e.registered || e.started {
		http.Error(w, "the extension cannot be registered", http.StatusForbidden)
		return
	}
	e.registered = true
	w.Header().Set("Lambda-Extension-Identifier", extensionID)
	fmt.Fprint(w, `{"functionName":"test","functionVersion":"$LATEST","handler":"bootstrap"}`)
}

// serveNext delivers the next event. Lambda refuses an extension that waits already, even
// if the program behind it has been replaced.
func (e *extension) serveNext(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	refused := !e.registered || e.waits || r.Header.Get("Lambda-Extension-Identifier") != extensionID
	e.mu.Unlock()
	if refused {
		http.Error(w, "the extension's state does not allow that", http.StatusForbidden)
		return
	}
	e.change(func() { e.waits = true })
	select {
	case deadline := <-e.events:
		e.change(func() { e.waits = false })
		e.taken <- struct{}{}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"eventType":"INVOKE","requestId":%q,"deadlineMs":%d}`, RequestID, deadline.UnixMilli())
	case <-r.Context().Done(): // it counts as waiting still
	}
}

// invoke delivers an event to a registered extension. It reports false if the function
// has ended.
func (e *extension) invoke(deadline time.Time, exited <-chan struct{}) bool {
	e.mu.Lock()
	registered := e.registered
	e.mu.Unlock()
	if !registered {
		return true
	}
	select {
	case e.events <- deadline:
		<-e.taken
		return true
	case <-exited:
		return false
	}
}

// Freeze waits until the runtime and the extension have requested the next event. Then it
// stops the process until the next invocation, as Lambda does.
func (f *Function) Freeze() error {
	e := &f.extension
	e.mu.Lock()
	defer e.mu.Unlock()
	for !e.runtime || e.registered && !e.waits {
		e.changed.Wait()
	}
	e.frozen = true
	return f.process.Process.Signal(syscall.SIGSTOP)
}

// thaw lets a frozen process run.
func (f *Function) thaw() {
	e := &f.extension
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.frozen {
		e.frozen = false
		_ = f.process.Process.Signal(syscall.SIGCONT) // it may have ended
	}
}
