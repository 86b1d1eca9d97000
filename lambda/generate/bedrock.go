package generate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
)

const (
	// answerTool is the name of the tool that receives a model's answer.
	answerTool = "answer"

	// maxPause is the longest pause between two attempts.
	maxPause = 5 * time.Second

	// maxTokens is the limit of tokens in one answer, reasoning included. Older
	// models allow no more.
	maxTokens = 4096
)

// Bedrock is an SQL generator with a model on Amazon Bedrock, called by the
// Converse API.
type Bedrock struct{ writer }

// BedrockConfig configures a Bedrock generator.
type BedrockConfig struct {
	DBType      string // as in connection.json
	Knowledge   Source
	Model       string // id or ARN of a model or an inference profile
	Region      string
	Credentials aws.CredentialsProvider
	Endpoint    *string       // nil for the AWS endpoint
	Timeout     time.Duration // of one question or retry; 0 for the context's only
	Form        Form
}

// NewBedrock returns a generator for config.
func NewBedrock(config BedrockConfig) *Bedrock {
	return &Bedrock{writer{
		author: newAuthor(config.DBType, config.Knowledge, config.Form),
		model: &bedrock{
			id: config.Model,
			client: bedrockruntime.New(bedrockruntime.Options{
				Region:       config.Region,
				Credentials:  config.Credentials,
				BaseEndpoint: config.Endpoint,
				HTTPClient:   newClient(),
				Retryer:      retryer(maxPause),
			}),
		},
		timeout: config.Timeout,
	}}
}

func retryer(maxPause time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxPause
	})
}

type bedrock struct {
	id     string
	client *bedrockruntime.Client
}

// cachesPrompts matches the ids of models that accept cache points. A model that
// does not rejects the request.
// https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
var cachesPrompts = regexp.MustCompile(`anthropic\.claude-(?:3-7|3-5-haiku|[a-z]+-[4-9])|amazon\.nova-(?:micro|lite|pro|premier|2-)`)

// system returns the instructions, with a cache point after the part that all
// questions share.
func (b *bedrock) system(prompt conversation) []types.SystemContentBlock {
	if !cachesPrompts.MatchString(b.id) {
		return []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: prompt.instructions()}}
	}
	blocks := []types.SystemContentBlock{
		&types.SystemContentBlockMemberText{Value: prompt.shared},
		&types.SystemContentBlockMemberCachePoint{Value: types.CachePointBlock{Type: types.CachePointTypeDefault}},
	}
	if prompt.system != "" {
		blocks = append(blocks, &types.SystemContentBlockMemberText{Value: prompt.system})
	}
	return blocks
}

// complete implements model. A tool enforces the answer's form, since more models
// support tools than Converse's output formats.
func (b *bedrock) complete(ctx context.Context, prompt conversation, enforced bool) (string, error) {
	input := &bedrockruntime.ConverseInput{
		ModelId:         &b.id,
		System:          b.system(prompt),
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(maxTokens)},
	}
	for _, turn := range prompt.turns {
		input.Messages = append(input.Messages, types.Message{
			Role:    types.ConversationRole(turn.role),
			Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: turn.text}},
		})
	}
	if enforced {
		input.ToolConfig = &types.ToolConfiguration{
			Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
				Name:        aws.String(answerTool),
				Description: aws.String("Returns the answer to the question."),
				InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(answerSchema(prompt.form))},
			}}},
			ToolChoice: &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String(answerTool)}},
		}
	}
	output, err := b.client.Converse(ctx, input)
	if err != nil {
		return "", bedrockFailure(ctx, err)
	}
	u := cmp.Or(output.Usage, &types.TokenUsage{})
	count(ctx, Usage{
		Input: tokenCount(float64(aws.ToInt32(u.InputTokens))), Output: tokenCount(float64(aws.ToInt32(u.OutputTokens))),
		CacheRead: tokenCount(float64(aws.ToInt32(u.CacheReadInputTokens))), CacheWrite: tokenCount(float64(aws.ToInt32(u.CacheWriteInputTokens))),
	})
	switch output.StopReason {
	case types.StopReasonContentFiltered, types.StopReasonGuardrailIntervened:
		return "", filtered()
	case types.StopReasonMaxTokens, types.StopReasonModelContextWindowExceeded:
		return "", truncated()
	}
	return contentOf(output.Output)
}

// contentOf returns the input of the answer tool, or the text of a model that
// did not call it.
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

// bedrockFailure converts an error of the SDK. The caller's message holds only
// AWS's error code, since AWS's message may describe the account.
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
