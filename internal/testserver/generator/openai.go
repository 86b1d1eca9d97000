package generator

import (
	"fmt"
	"net/http"
)

// CompletionsPath is where OpenAI's chat completions are, below the base URL.
const CompletionsPath = "/chat/completions"

// OpenAI stands in for an API of OpenAI's form.
// https://platform.openai.com/docs/api-reference/chat/create
type OpenAI struct {
	Model
	Name   string // of the one model that it has
	APIKey string // that requests must carry; "" for none

	recorder
}

// ServeHTTP implements http.Handler.
func (o *OpenAI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != CompletionsPath {
		http.NotFound(w, r)
		return
	}
	body, ok := o.receive(w, r)
	if !ok {
		return
	}
	if o.APIKey != "" && r.Header.Get("Authorization") != "Bearer "+o.APIKey || o.APIKey == "" && r.Header["Authorization"] != nil {
		openAIError(http.StatusUnauthorized, "invalid_api_key").ServeHTTP(w, r)
		return
	}
	var request struct {
		Model    string
		Seed     int
		Messages []struct{ Role, Content string }
		Format   *struct {
			Type   string
			Schema struct {
				Name   string
				Strict bool
				Schema map[string]any
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	switch ok := strict(body, &request); {
	case ok && request.Model != o.Name:
		openAIError(http.StatusNotFound, "model_not_found").ServeHTTP(w, r)
		return
	case !ok, len(request.Messages) == 0, request.Messages[0].Role != "system",
		request.Format != nil && (o.Plain || request.Format.Type != "json_schema" || request.Format.Schema.Name == "" ||
			!request.Format.Schema.Strict || !isAnswerSchema(request.Format.Schema.Schema)):
		openAIError(http.StatusBadRequest, "invalid_request_error").ServeHTTP(w, r)
		return
	}
	var turns []turn
	for _, message := range request.Messages[1:] {
		turns = append(turns, turn{message.Role, message.Content})
	}
	answer, ok := o.answer(request.Messages[0].Content, turns)
	if !ok {
		openAIError(http.StatusBadRequest, "invalid_request_error").ServeHTTP(w, r)
		return
	}
	var prompt string
	for _, turn := range turns {
		prompt += turn.text
	}
	text, finish := answer.text(request.Format != nil), "stop"
	if o.script(turns) {
		finish = "length"
	}
	openAIReply(o.use(request.Messages[0].Content, prompt, text), finish, text, "").ServeHTTP(w, r)
}

// OpenAIReply is a reply with a model's text, finish reason and refusal.
func OpenAIReply(finish, content, refusal string) http.Handler {
	return openAIReply(Tokens{Input: 1, Output: 1}, finish, content, refusal)
}

func openAIReply(tokens Tokens, finish, content, refusal string) http.Handler {
	var refused any
	if refusal != "" {
		refused = refusal
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "stand-in",
			"choices": []any{map[string]any{
				"index": 0, "finish_reason": finish, "logprobs": nil,
				"message": map[string]any{"role": "assistant", "content": content, "refusal": refused, "annotations": []any{}},
			}},
			"usage": map[string]any{
				"prompt_tokens": tokens.prompt(), "completion_tokens": tokens.Output, "total_tokens": tokens.prompt() + tokens.Output,
				"prompt_tokens_details": map[string]any{"cached_tokens": tokens.CacheRead},
			},
		})
	})
}

// openAIError is a failure as OpenAI words it.
func openAIError(status int, code string) http.Handler {
	return Reply(status, fmt.Sprintf(`{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":%q}}`, code))
}
