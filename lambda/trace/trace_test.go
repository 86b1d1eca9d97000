package trace

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const traced = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:b"

// newDaemon returns a tracer and a function that returns the next datagram, or
// "" if none arrives.
func newDaemon(t *testing.T) (*Tracer, func() string) {
	t.Helper()
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { daemon.Close() })
	tracer, err := New(daemon.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return tracer, func() string {
		datagram := make([]byte, 64<<10)
		if err := daemon.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, _, err := daemon.ReadFrom(datagram)
		if err != nil && !os.IsTimeout(err) {
			t.Fatal(err)
		}
		return string(datagram[:n])
	}
}

func withHeader(t *testing.T, header string) context.Context {
	return context.WithValue(t.Context(), "x-amzn-trace-id", header) //nolint:staticcheck // the key of Lambda's library
}

func TestBeginSendsSubsegmentOfInvocation(t *testing.T) {
	tracer, read := newDaemon(t)
	tracer.Begin(withHeader(t, traced), "database")(true)
	head, document, _ := strings.Cut(read(), "\n")
	if head != `{"format":"json","version":1}` {
		t.Errorf("the header is %q", head)
	}
	var got subsegment
	if err := json.Unmarshal([]byte(document), &got); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	if !regexp.MustCompile("^[0-9a-f]{16}$").MatchString(got.ID) || got.Start <= 0 || got.End < got.Start {
		t.Errorf("got %+v", got)
	}
	got.ID, got.Start, got.End = "", 0, 0
	want := subsegment{Name: "database", TraceID: "1-5759e988-bd862e3fe1be46a994272793", Parent: "53995c3f42cd8ad8", Type: "subsegment", Fault: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBeginSkipsRequestsWithoutSampling(t *testing.T) {
	tracer, read := newDaemon(t)
	for _, header := range []string{"", strings.Replace(traced, "Sampled=1", "Sampled=0", 1), "Sampled=1", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"} {
		tracer.Begin(withHeader(t, header), "database")(false)
	}
	if datagram := read(); datagram != "" {
		t.Errorf("sent %s", datagram)
	}
}

func TestNilTracerSendsNothing(t *testing.T) {
	tracer, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	tracer.Begin(withHeader(t, traced), "database")(false)
}
