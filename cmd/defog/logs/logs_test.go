package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// TestFollowPrintsLateEventsOnce delivers a second event that is older than the
// first.
func TestFollowPrintsLateEventsOnce(t *testing.T) {
	now := time.Now()
	first := fmt.Sprintf(`{"eventId":"1","logStreamName":"a","timestamp":%d,"message":"first"}`, now.UnixMilli())
	late := fmt.Sprintf(`{"eventId":"2","logStreamName":"a","timestamp":%d,"message":"second"}`, now.Add(-time.Second).UnixMilli())
	reads := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reads++
		events := first
		if reads > 1 {
			events += "," + late
		}
		fmt.Fprintf(w, `{"events":[%s]}`, events)
	}))
	defer server.Close()
	group := NewGroup(aws.Config{
		BaseEndpoint: &server.URL, Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}, "group")
	group.every = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	var seen strings.Builder
	err := group.Follow(ctx, now.Add(-time.Minute), func(events []Event) {
		for _, e := range events {
			seen.WriteString(e.Line(true) + "\n")
		}
		if reads > 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || seen.String() != "first\nsecond\n" {
		t.Errorf("got %q, %v", seen.String(), err)
	}
}
