//go:build !onedriver || databricks

package database

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"defog-cdk/lambda/database/hive"
)

// databricksReply is the most bytes of one reply. It is several times what is
// asked for.
const databricksReply = 64 << 20

// databricksHTTP sends the protocol's messages, each in a request.
type databricksHTTP struct {
	config databricksConfig
	client *http.Client
	retry  retry
}

func newDatabricksHTTP(config databricksConfig) *databricksHTTP {
	return &databricksHTTP{config: config, client: newHTTPClient(), retry: usualRetry}
}

// call sends a request and returns the response, if its status is one of
// success. What may pass by itself is tried again, while ctx lasts: whatever
// is asked only reads.
func (h *databricksHTTP) call(ctx context.Context, method string, request hive.Struct) (response hive.Struct, err error) {
	message, err := hive.Encode(method, hive.Call, hive.Struct{1: request})
	if err != nil {
		return nil, err
	}
	err = h.retry.do(ctx, func() error {
		response, err = h.once(ctx, method, message)
		return err
	})
	return response, err
}

func (h *databricksHTTP) once(ctx context.Context, method string, message []byte) (hive.Struct, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.config.url, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-thrift")
	request.Header.Set("Authorization", "Bearer "+h.config.token)
	request.Header.Set("User-Agent", "defog-cdk")
	request.Header["Idempotency-Key"] = nil // see bigqueryREST: a kept connection may be dead
	response, err := h.client.Do(request)
	if err != nil {
		return nil, dialFailure(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, databricksReply))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, &hiveFailure{status: response.StatusCode}
	}
	name, kind, content, err := hive.Decode(text)
	if err != nil {
		return nil, &unreadableReply{err}
	}
	if name != method || kind != hive.Reply {
		return nil, &unreadableReply{fmt.Errorf("the server answered %s with %s of kind %d: %s", method, name, kind, content.Text(1))}
	}
	reply := content.Struct(0)
	switch status := reply.Struct(1); status.Int(1) {
	case statusSuccess, statusSuccessWithInfo, statusStillExecuting:
		return reply, nil
	default:
		return nil, statusFailure(status)
	}
}
