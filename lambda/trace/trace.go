// Package trace reports the duration of each step of a request to AWS X-Ray. A
// step is a subsegment of the segment that Lambda creates for the invocation.
//
// It sends datagrams to the daemon that Lambda runs. AWS no longer develops
// X-Ray's SDK for Go, and OpenTelemetry requires a collector that is larger than
// the function.
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

// New returns a tracer for the daemon at address (host:port, the value of
// Lambda's AWS_XRAY_DAEMON_ADDRESS), or nil if address is "".
func New(address string) (*Tracer, error) {
	if address == "" {
		return nil, nil
	}
	daemon, err := new(net.Dialer).DialContext(context.Background(), "udp", address)
	if err != nil {
		return nil, fmt.Errorf("open a socket to the X-Ray daemon: %w", err)
	}
	return &Tracer{daemon}, nil
}

// subsegment is one step of a request. It holds no part of the question or the
// answer.
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

// Begin starts a step of the request in ctx and returns the function that ends
// the step. It does nothing for a request that X-Ray does not sample.
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

// header parses the tracing header of the invocation, which Lambda's library
// stores in the context.
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

// send sends one datagram and ignores errors: a lost trace must not fail the
// question.
func (t *Tracer) send(s subsegment) {
	document, err := json.Marshal(s)
	if err != nil {
		return
	}
	_, _ = t.daemon.Write(append([]byte(`{"format":"json","version":1}`+"\n"), document...))
}

// newID returns 64 random bits in hex.
func newID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
