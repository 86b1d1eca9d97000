package generate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
)

const (
	// answerTool is the tool that a model calls to give its answer.
	answerTool = "answer"

	// mostPause is the longest wait between two tries.
	mostPause = 5 * time.Second

	// mostTokens is the most that a model may write for one answer, thinking
	// included; older models allow no more.
	mostTokens = 4096
)

// Bedrock has SQL written by a model on Amazon Bedrock, through its Converse
// API.
type Bedrock struct{ writer }

// BedrockConfig says which model to ask, where, and as whom.
type BedrockConfig struct {
	DBType      string // as in connection.json
	Knowledge   *Knowledge
	Model       string // id or ARN of a model or an inference profile
	Region      string
	Credentials aws.CredentialsProvider
	Endpoint    *string       // nil for AWS's own
	Timeout     time.Duration // of one question or retry; 0 for the context's alone
}

// NewBedrock returns a generator that asks Bedrock.
func NewBedrock(config BedrockConfig) *Bedrock {
	return &Bedrock{writer{
		author: newAuthor(config.DBType, config.Knowledge),
		model: &bedrock{
			id: config.Model,
			client: bedrockruntime.New(bedrockruntime.Options{
				Region:       config.Region,
				Credentials:  config.Credentials,
				BaseEndpoint: config.Endpoint,
				HTTPClient:   newClient(),
				Retryer:      retryer(mostPause),
			}),
		},
		timeout: config.Timeout,
	}}
}

func retryer(mostPause time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = tries
		o.MaxBackoff = mostPause
	})
}

type bedrock struct {
	id     string
	client *bedrockruntime.Client
}

// complete implements model. The form is enforced by a tool, which more models
// know than know Converse's own output formats.
func (b *bedrock) complete(ctx context.Context, asked conversation, enforced bool) (string, error) {
	input := &bedrockruntime.ConverseInput{
		ModelId:         &b.id,
		System:          []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: asked.system}},
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(mostTokens)},
	}
	for _, turn := range asked.turns {
		input.Messages = append(input.Messages, types.Message{
			Role:    types.ConversationRole(turn.role),
			Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: turn.text}},
		})
	}
	if enforced {
		input.ToolConfig = &types.ToolConfiguration{
			Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
				Name:        aws.String(answerTool),
				Description: aws.String("Gives the answer to the question."),
				InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(answerSchema())},
			}}},
			ToolChoice: &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String(answerTool)}},
		}
	}
	output, err := b.client.Converse(ctx, input)
	if err != nil {
		return "", bedrockFailure(ctx, err)
	}
	switch output.StopReason {
	case types.StopReasonContentFiltered, types.StopReasonGuardrailIntervened:
		return "", filtered()
	case types.StopReasonMaxTokens, types.StopReasonModelContextWindowExceeded:
		return "", cut()
	}
	return contentOf(output.Output)
}

// contentOf returns the input of the answer tool, or else the text: of a model
// that did not call it, or has none.
func contentOf(output types.ConverseOutput) (string, error) {
	message, ok := output.(*types.ConverseOutputMemberMessage)
	if !ok {
		return "", noSQL()
	}
	var text string
	for _, block := range message.Value.Content {
		switch block := block.(type) {
		case *types.ContentBlockMemberToolUse:
			if aws.ToString(block.Value.Name) != answerTool || block.Value.Input == nil {
				continue
			}
			input, err := block.Value.Input.MarshalSmithyDocument()
			if err != nil {
				return "", notJSON(err)
			}
			return string(input), nil
		case *types.ContentBlockMemberText:
			text += block.Value
		}
	}
	return text, nil
}

// bedrockFailure words an error for the caller: by AWS's name for it, since its
// message tells about the account.
func bedrockFailure(ctx context.Context, err error) *Error {
	api, answered := errors.AsType[smithy.APIError](err)
	_, slow := errors.AsType[*types.ModelTimeoutException](err)
	_, unreadable := errors.AsType[*smithy.DeserializationError](err)
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	switch {
	case ctx.Err() != nil, tooLong, !answered && !unreadable:
		return failure(ctx, err)
	case slow:
		return &Error{Kind: Timeout, Message: "The generator did not answer in time.", Cause: err}
	case !answered:
		return notJSON(err)
	}
	_, malformed := errors.AsType[*types.ValidationException](err)
	return &Error{
		Kind:      Unreachable,
		Message:   fmt.Sprintf("The generator answered with %s.", api.ErrorCode()),
		Cause:     err,
		malformed: malformed,
	}
}
