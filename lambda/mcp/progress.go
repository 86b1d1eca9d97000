package mcp

import (
	"context"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// progressKey is the key of a progress function in a context.
type progressKey struct{}

// withProgress returns a context for Progress. The client must have asked for
// notifications with a token.
func withProgress(ctx context.Context, request *sdk.CallToolRequest) context.Context {
	token := request.Params.GetProgressToken()
	if token == nil {
		return ctx
	}
	return context.WithValue(ctx, progressKey{}, func(seconds float64, message string) {
		// A notification that is lost changes no answer.
		_ = request.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: token, Progress: seconds, Message: message})
	})
}

// Progress notifies the client of a running call, if it asked for that. seconds must
// increase from one notification to the next.
func Progress(ctx context.Context, seconds float64, message string) {
	if notify, ok := ctx.Value(progressKey{}).(func(float64, string)); ok {
		notify(seconds, message)
	}
}
