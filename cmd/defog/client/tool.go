package client

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"defog-cdk/cmd/defog/session"
)

// CallTool calls a tool of agents by a direct invoke of the function, which needs
// lambda:InvokeFunction.
func CallTool(ctx context.Context, cfg aws.Config, function, tool string, arguments json.RawMessage) (json.RawMessage, error) {
	payload, err := json.Marshal(map[string]any{"tool": tool, "arguments": arguments})
	if err != nil {
		return nil, fmt.Errorf("encode the call of %s: %w", tool, err)
	}
	if err := session.RequireRegion(cfg); err != nil {
		return nil, err
	}
	answer, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: payload})
	switch {
	case err != nil:
		return nil, InvokeFailure(fmt.Sprintf("invoke %s, which needs lambda:InvokeFunction", function), err)
	case answer.FunctionError != nil:
		return nil, fmt.Errorf("invoke %s: the function failed: %s", function, answer.Payload)
	}
	return answer.Payload, nil
}
