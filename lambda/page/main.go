// Command page is the Lambda function that serves the page's files from its own
// code. It has no access to anything else.
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/internal/page"
)

func main() {
	served, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
	lambda.Start(handler{served}.serve)
}

// open reads the files beside the program.
func open() (*page.Page, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the page: %w", err)
	}
	return page.Open(os.DirFS(filepath.Join(filepath.Dir(program), page.Folder)))
}

type handler struct{ page *page.Page }

// serve answers an event of the HTTP API. The event's route leads to the file: the
// path would also contain the API's stage.
func (h handler) serve(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	_, route, _ := strings.Cut(event.RouteKey, " ")
	response := h.page.Respond(page.Request{
		Method: event.RequestContext.HTTP.Method, Name: page.NameOf(route, event.PathParameters),
		AcceptEncoding: event.Headers["accept-encoding"], IfNoneMatch: event.Headers["if-none-match"],
	})
	return events.APIGatewayV2HTTPResponse{
		StatusCode: response.Status, Headers: response.Header,
		Body: base64.StdEncoding.EncodeToString(response.Body), IsBase64Encoded: true,
	}, nil
}
