// Package trace tells AWS X-Ray how long the steps of a request took, as
// subsegments of the segment that Lambda makes of the invocation. X-Ray's own
// SDK for Go is no longer developed, and OpenTelemetry wants a collector beside
// the function, which would be larger than the function; the daemon that Lambda
// runs takes a datagram.
//
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"
)

// Tracer sends subsegments. A nil Tracer sends none.
type Tracer struct{ daemon net.Conn }

// New returns a tracer for the daemon at address, host:port, as Lambda's
// AWS_XRAY_DAEMON_ADDRESS says; nil for "".
func New(address string) (*Tracer, error) {
	if address == "" {
		return nil, nil
	}
	daemon, err := new(net.Dialer).DialContext(context.Background(), "udp", address)
	if err != nil {
		return nil, fmt.Errorf("reach the X-Ray daemon: %w", err)
	}
	return &Tracer{daemon}, nil
}

// subsegment is one step of a request. It holds nothing of what was asked or
// answered.
type subsegment struct {
	Name    string  `json:"name"`
	ID      string  `json:"id"`
	TraceID string  `json:"trace_id"`
	Parent  string  `json:"parent_id"`
	Type    string  `json:"type"`
	Start   float64 `json:"start_time"` // seconds since 1970
	End     float64 `json:"end_time"`
	Fault   bool    `json:"fault,omitempty"`
}

// Begin begins a step of the request that ctx is of, and returns what ends it.
// A request that X-Ray does not sample is not traced.
func (t *Tracer) Begin(ctx context.Context, name string) (end func(failed bool)) {
	root, parent, sampled := header(ctx)
	if t == nil || !sampled {
		return func(bool) {}
	}
	start := time.Now()
	return func(failed bool) {
		t.send(subsegment{
			Name: name, ID: newID(), TraceID: root, Parent: parent, Type: "subsegment",
			Start: seconds(start), End: seconds(time.Now()), Fault: failed,
		})
	}
}

// header takes apart the tracing header of the invocation, which Lambda's
// library keeps in the context.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func header(ctx context.Context) (root, parent string, sampled bool) {
	text, _ := ctx.Value("x-amzn-trace-id").(string)
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[key] = value
	}
	root, parent = fields["Root"], fields["Parent"]
	return root, parent, fields["Sampled"] == "1" && root != "" && parent != ""
}

// send sends one datagram. What becomes of it is nobody's concern: a question
// must not fail because nobody watches it.
func (t *Tracer) send(s subsegment) {
	document, err := json.Marshal(s)
	if err != nil {
		return
	}
	_, _ = t.daemon.Write(append([]byte(`{"format":"json","version":1}`+"\n"), document...))
}

// newID is 64 random bits in hex.
func newID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
