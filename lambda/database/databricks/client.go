package databricks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databricks/hive"
)

// maxReplyBytes limits a reply, to twice batchBytes.
const maxReplyBytes = 16 << 20

// client sends the protocol's messages, each in an HTTP request.
type client struct {
	config  config
	http    *http.Client
	backoff database.Backoff
}

func newClient(config config) *client {
	return &client{config: config, http: database.NewHTTPClient(), backoff: database.DefaultBackoff()}
}

// call sends a request and returns the response of a successful one. It repeats
// requests that fail for a transient reason until ctx ends: statements only
// read, so they can be repeated.
func (c *client) call(ctx context.Context, method string, request hive.Struct) (response hive.Struct, err error) {
	message, err := hive.Encode(method, hive.Call, hive.Struct{1: request})
	if err != nil {
		return nil, err
	}
	err = c.backoff.Do(ctx, func() error {
		response, err = c.send(ctx, method, message)
		return err
	})
	return response, err
}

func (c *client) send(ctx context.Context, method string, message []byte) (hive.Struct, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.url, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-thrift")
	request.Header.Set("Authorization", "Bearer "+c.config.token)
	request.Header.Set("User-Agent", "defog-cdk")
	// net/http then repeats the request if a kept connection died while the
	// function was frozen. It does not send the empty header.
	request.Header["Idempotency-Key"] = nil
	status, body, err := database.ReadReply(c.http, request, maxReplyBytes)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, &failure{status: status}
	}
	name, kind, content, err := hive.Decode(body)
	if err != nil {
		return nil, &database.InvalidReplyError{Err: err}
	}
	if name != method || kind != hive.Reply {
		return nil, &database.InvalidReplyError{Err: fmt.Errorf("%s: got %s of kind %d: %s", method, name, kind, content.Text(1))}
	}
	reply := content.Struct(0)
	switch status := reply.Struct(1); status.Int(1) {
	case statusSuccess, statusSuccessWithInfo, statusStillExecuting:
		return reply, nil
	default:
		return nil, statusFailure(status)
	}
}
