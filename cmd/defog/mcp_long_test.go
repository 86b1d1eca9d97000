package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestMCPNotifiesOfLongQuestions(t *testing.T) {
	fake := newAWS(t)
	fake.outputs["LongQuestions"] = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead"
	requests := fake.replies(reply{202, queued}, reply{202, queued}, reply{202, runningLong}, reply{200, doneLong})
	var mu sync.Mutex
	var progress []string
	all := make(chan struct{})
	session := startMCPWith(t, &sdk.ClientOptions{ProgressNotificationHandler: func(_ context.Context, request *sdk.ProgressNotificationClientRequest) {
		mu.Lock()
		defer mu.Unlock()
		if progress = append(progress, request.Params.Message); len(progress) == 2 {
			close(all)
		}
	}})
	params := &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": "How many?"}}
	params.SetProgressToken("p-1")
	result, err := session.CallTool(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if text := result.Content[0].(*sdk.TextContent).Text; result.IsError || !strings.Contains(text, "SELECT 1") {
		t.Errorf("%v: %s", result.IsError, text)
	}
	<-all
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"waits for its turn", "the database runs SELECT\x1b[2J 1"}; !slices.Equal(progress, want) {
		t.Errorf("progress %q, want %q", progress, want)
	}
	if got := requests(); len(got) != 4 || got[0] != "POST /" {
		t.Errorf("requests %v", got)
	}
}

func TestMCPCancelsLongQuestions(t *testing.T) {
	fake := newAWS(t)
	fake.outputs["LongQuestions"] = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cancelled := make(chan string, 1)
	fake.next = func(r *http.Request) (int, string) {
		switch r.Method {
		case http.MethodGet:
			cancel()
		case http.MethodDelete:
			cancelled <- r.URL.Path
		}
		return 202, queued
	}
	session := startMCP(t)
	if _, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": "How many?"}}); err == nil {
		t.Error("the cancelled call has a result")
	}
	if path := <-cancelled; path != "/answers/ABC" {
		t.Errorf("cancelled %s", path)
	}
}
