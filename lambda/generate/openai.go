package generate

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"
)

// DefaultOpenAIURL is the URL of OpenAI's API.
const DefaultOpenAIURL = "https://api.openai.com/v1"

// OpenAI is an SQL generator with a model behind OpenAI's chat completions API,
// which many other servers implement.
type OpenAI struct{ writer }

// OpenAIConfig configures an OpenAI generator.
type OpenAIConfig struct {
	DBType    string // as in connection.json
	Knowledge Source
	Model     string
	BaseURL   string        // without /chat/completions; "" means DefaultOpenAIURL
	APIKey    string        // "" for a server without authentication
	Timeout   time.Duration // of one question or retry; 0 for the context's only
	Seed      *int          // for repeatable replies, if the server supports that; nil for none
	Form      Form
}

// NewOpenAI returns a generator for config.
func NewOpenAI(config OpenAIConfig) *OpenAI {
	return &OpenAI{writer{
		author: newAuthor(config.DBType, config.Knowledge, config.Form),
		model: &openAI{
			name:      config.Model,
			seed:      config.Seed,
			url:       strings.TrimSuffix(cmp.Or(config.BaseURL, DefaultOpenAIURL), "/") + "/chat/completions",
			transport: newTransport(config.APIKey),
		},
		timeout: config.Timeout,
	}}
}

type openAI struct {
	name      string
	seed      *int
	url       string
	transport transport
}

// The request sets no temperature, which newer models reject, and no limit of
// tokens, whose name differs between servers.
type completionRequest struct {
	Model          string              `json:"model"`
	Messages       []completionMessage `json:"messages"`
	ResponseFormat *responseFormat     `json:"response_format,omitempty"`
	Seed           *int                `json:"seed,omitempty"`
}

type completionMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type responseFormat struct {
	Type       string     `json:"type"`
	JSONSchema jsonSchema `json:"json_schema"`
}

type jsonSchema struct {
	Name   string         `json:"name"`
	Strict bool           `json:"strict"`
	Schema map[string]any `json:"schema"`
}

type completionReply struct {
	Choices []struct {
		FinishReason string `json:"finish_reason"`
		Message      struct {
			Content string `json:"content"`
			Refusal string `json:"refusal"`
		} `json:"message"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
}

// usage returns the tokens of the reply. A server may send none, or other values: these
// count as 0, because the reply is valid without them.
func (r completionReply) usage() Usage {
	var u struct {
		Prompt  float64 `json:"prompt_tokens"` // including those read from a cache
		Output  float64 `json:"completion_tokens"`
		Details struct {
			Cached float64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	}
	_ = json.Unmarshal(r.Usage, &u) // an error leaves out the invalid members alone
	prompt, cached := tokenCount(u.Prompt), tokenCount(min(u.Details.Cached, u.Prompt))
	return Usage{Input: prompt - cached, Output: tokenCount(u.Output), CacheRead: cached}
}

// complete implements model.
func (o *openAI) complete(ctx context.Context, prompt conversation, enforced bool) (string, error) {
	request := completionRequest{Model: o.name, Seed: o.seed, Messages: []completionMessage{{Role: "system", Content: prompt.instructions()}}}
	for _, turn := range prompt.turns {
		request.Messages = append(request.Messages, completionMessage{Role: turn.role, Content: turn.text})
	}
	if enforced {
		request.ResponseFormat = &responseFormat{
			Type:       "json_schema",
			JSONSchema: jsonSchema{Name: "answer", Strict: true, Schema: answerSchema(prompt.form)},
		}
	}
	var reply completionReply
	if err := o.transport.post(ctx, o.url, request, &reply); err != nil {
		return "", err
	}
	count(ctx, reply.usage())
	if len(reply.Choices) == 0 {
		return "", noSQL()
	}
	switch choice := reply.Choices[0]; {
	case choice.Message.Refusal != "":
		return "", refusal(choice.Message.Refusal)
	case choice.FinishReason == "content_filter":
		return "", filtered()
	case choice.FinishReason == "length":
		return "", truncated()
	default:
		return choice.Message.Content, nil
	}
}
