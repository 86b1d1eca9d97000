package generator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// ConversePath is where Bedrock's Converse API has a model.
func ConversePath(model string) string { return "/model/" + model + "/converse" }

// Bedrock stands in for Amazon Bedrock's Converse API.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
type Bedrock struct {
	Model
	ID string // of the one model that it has

	recorder
}

// ServeHTTP implements http.Handler.
func (b *Bedrock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := b.receive(w, r)
	if !ok {
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") || !strings.Contains(r.Header.Get("Authorization"), "/bedrock/aws4_request") {
		BedrockError(http.StatusForbidden, "AccessDeniedException").ServeHTTP(w, r)
		return
	}
	type text struct{ Text string }
	var request struct {
		System []struct {
			Text  string
			Cache *struct{ Type string } `json:"cachePoint"`
		}
		Messages []struct {
			Role    string
			Content []text
		}
		Inference struct{ MaxTokens int } `json:"inferenceConfig"`
		Tool      *struct {
			Tools []struct {
				Spec struct {
					Name, Description string
					InputSchema       struct{ JSON map[string]any }
				} `json:"toolSpec"`
			}
			Choice struct{ Tool struct{ Name string } } `json:"toolChoice"`
		} `json:"toolConfig"`
	}
	if !strict(body, &request) || r.URL.Path != ConversePath(b.ID) || len(request.System) == 0 || request.System[0].Text == "" ||
		request.Inference.MaxTokens == 0 || request.Tool != nil && (b.Plain || len(request.Tool.Tools) != 1 ||
		request.Tool.Choice.Tool.Name != request.Tool.Tools[0].Spec.Name || !isAnswerSchema(request.Tool.Tools[0].Spec.InputSchema.JSON)) {
		BedrockError(http.StatusBadRequest, "ValidationException").ServeHTTP(w, r)
		return
	}
	var shared, prompt, system string
	for i, block := range request.System {
		if (block.Text == "") != (block.Cache != nil) || block.Cache != nil && (i != 1 || block.Cache.Type != "default" || !b.Caches) {
			BedrockError(http.StatusBadRequest, "ValidationException").ServeHTTP(w, r)
			return
		}
		prompt += block.Text
		system += block.Text
		if block.Cache != nil {
			shared, prompt = prompt, ""
		}
	}
	var turns []turn
	for _, message := range request.Messages {
		all := ""
		for _, block := range message.Content {
			all += block.Text
		}
		turns = append(turns, turn{message.Role, all})
		prompt += all
	}
	answer, ok := b.answer(system, turns)
	tokens := b.use(shared, prompt, answer.text(request.Tool != nil))
	switch {
	case !ok:
		BedrockError(http.StatusBadRequest, "ValidationException").ServeHTTP(w, r)
	case b.script(turns):
		bedrockReply(tokens, "max_tokens", map[string]any{"text": answer.text(false)}).ServeHTTP(w, r)
	case request.Tool == nil:
		bedrockReply(tokens, "end_turn", map[string]any{"text": answer.text(false)}).ServeHTTP(w, r)
	default:
		bedrockReply(tokens, "tool_use",
			map[string]any{"reasoningContent": map[string]any{"reasoningText": map[string]any{"text": "Hm.", "signature": "c2ln"}}},
			map[string]any{"text": "I call the tool."},
			map[string]any{"toolUse": map[string]any{"toolUseId": "tooluse_1", "name": request.Tool.Choice.Tool.Name, "input": answer}},
		).ServeHTTP(w, r)
	}
}

// BedrockReply is a reply with a model's content blocks and stop reason.
func BedrockReply(stop string, content ...any) http.Handler {
	return bedrockReply(Tokens{Input: 1, Output: 1}, stop, content...)
}

func bedrockReply(tokens Tokens, stop string, content ...any) http.Handler {
	body, err := json.Marshal(map[string]any{
		"output":     map[string]any{"message": map[string]any{"role": "assistant", "content": content}},
		"stopReason": stop,
		"usage": map[string]any{
			"inputTokens": tokens.Input, "outputTokens": tokens.Output, "totalTokens": tokens.Input + tokens.Output,
			"cacheReadInputTokens": tokens.CacheRead, "cacheWriteInputTokens": tokens.CacheWrite,
		},
		"metrics": map[string]any{"latencyMs": 1},
	})
	if err != nil {
		panic(err) // for a test that gives what has no JSON form
	}
	return Reply(http.StatusOK, string(body))
}

// BedrockError is a failure as AWS words it.
func BedrockError(status int, name string) http.Handler {
	return Reply(status, `{"message":"No."}`, "X-Amzn-ErrorType", name)
}
