package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// startTime is the timeout of StartFailure. Lambda's own for a start is 10 s.
const startTime = 15 * time.Second

// StartFailure invokes a query function with an empty request, and returns the
// error with which it ends without an answer. An HTTP API hides that error, and
// local AWS does not log it. StartFailure returns "" for a function that answers,
// or if the caller may not invoke it. The alias may be "".
func StartFailure(ctx context.Context, cfg aws.Config, function, alias string) string {
	if function == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if alias != "" {
		function += ":" + alias
	}
	output, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: []byte("{}")})
	if err != nil || output.FunctionError == nil {
		return ""
	}
	var failure struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(output.Payload, &failure) != nil || failure.Message == "" {
		return *output.FunctionError
	}
	if failure.Type == "" {
		return failure.Message
	}
	return fmt.Sprintf("%s: %s", failure.Type, failure.Message)
}
