package main

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/runtimeapi"
)

// TestTraceHoldsEachStep sends a question whose first SQL fails.
func TestTraceHoldsEachStep(t *testing.T) {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url), "AWS_XRAY_DAEMON_ADDRESS": daemon.LocalAddr().String()})
	f.invoke(t, `{"question": "Which teas are there?"}`)

	type step struct {
		Name  string
		Fault bool
	}
	var got []step
	for range 4 {
		datagram := make([]byte, 64<<10)
		if err := daemon.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := daemon.ReadFrom(datagram)
		if err != nil {
			t.Fatal(err)
		}
		_, document, _ := strings.Cut(string(datagram[:n]), "\n")
		var segment struct {
			step
			Trace  string `json:"trace_id"`
			Parent string `json:"parent_id"`
		}
		if err := json.Unmarshal([]byte(document), &segment); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(runtimeapi.TraceID, "Root="+segment.Trace+";Parent="+segment.Parent+";") {
			t.Errorf("%s does not belong to %s", document, runtimeapi.TraceID)
		}
		if strings.Contains(document, "tea") {
			t.Errorf("the trace holds text of the question: %s", document)
		}
		got = append(got, segment.step)
	}
	want := []step{{"generate", false}, {"query", true}, {"retry", false}, {"query", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
