package generate

import (
	"io"
	"net/http"
	"testing"

	"defog-cdk/internal/testserver/generator"
)

// TestMeterCountsEachReply compares the meter with the stand-in's own sums. A reply
// without a valid answer counts, too.
func TestMeterCountsEachReply(t *testing.T) {
	reply := map[string]http.Handler{
		"openai":  generator.OpenAIReply("length", "…", ""),
		"bedrock": generator.BedrockReply("max_tokens", map[string]any{"text": "…"}),
	}
	for api, serve := range map[string]func(*testing.T, generator.Model) served{"openai": serveOpenAI, "bedrock": serveBedrock} {
		t.Run(api, func(t *testing.T) {
			model := newModel()
			g := serve(t, model)
			ctx, meter := WithMeter(t.Context())
			for range 3 {
				if _, err := g.Generate(ctx, newQuestion(question)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := g.Retry(ctx, newQuestion(question), Failure{Attempt: 1, First: sql, SQL: sql, Message: "no"}); err != nil {
				t.Fatal(err)
			}
			g.service.Fail(reply[api])
			if _, err := g.Generate(ctx, newQuestion(question)); err == nil {
				t.Fatal("an over-long reply is an answer")
			}
			if _, err := g.Generate(t.Context(), newQuestion(question)); err != nil {
				t.Fatal(err)
			}
			got, sums := meter.Usage(), g.service.Used()
			if got.Replies != 5 || got.CacheRead == 0 {
				t.Errorf("got %+v, want 5 replies, some from the cache", got)
			}
			// The over-long reply has one token of each kind, and the last question
			// has no meter: the same as the first one, from the cache.
			ctx, last := WithMeter(t.Context())
			if _, err := g.Generate(ctx, newQuestion(question)); err != nil {
				t.Fatal(err)
			}
			want := Usage{sums.Replies + 1, sums.Input + 1, sums.Output + 1, sums.CacheRead, sums.CacheWrite}
			if api == "openai" { // which reports no writes
				want.Input, want.CacheWrite = want.Input+want.CacheWrite, 0
			}
			if sum := got.Add(last.Usage()); sum != want {
				t.Errorf("got %+v, want %+v", sum, want)
			}
		})
	}
}

func TestCachePointFollowsSharedInstructions(t *testing.T) {
	for id, want := range map[string]bool{
		"global.anthropic.claude-sonnet-4-6":                                       true,
		"eu.anthropic.claude-haiku-4-5-20251001-v1:0":                              true,
		"us.anthropic.claude-opus-5":                                               true,
		"us.anthropic.claude-3-7-sonnet-20250219-v1:0":                             true,
		"anthropic.claude-3-5-haiku-20241022-v1:0":                                 true,
		"us.amazon.nova-2-lite-v1:0":                                               true,
		"anthropic.claude-3-5-sonnet-20240620-v1:0":                                false,
		"anthropic.claude-3-haiku-20240307-v1:0":                                   false,
		"meta.llama3-1-70b-instruct-v1:0":                                          false,
		"arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc": false,
	} {
		for _, rest := range []string{"", "the question's own part"} {
			blocks := (&bedrock{id: id}).system(conversation{shared: "shared", system: rest})
			count := map[bool]map[string]int{true: {"": 2, "the question's own part": 3}, false: {"": 1, "the question's own part": 1}}
			if len(blocks) != count[want][rest] {
				t.Errorf("%s: got %d blocks, want cache points: %t", id, len(blocks), want)
			}
		}
	}
}

// TestPromptSharesWholeParts checks which part of the instructions is the same for
// every question.
func TestPromptSharesWholeParts(t *testing.T) {
	small, large := newAuthor("postgres", openKnowledge(t), Form{}), newAuthor("postgres", wide(t), Form{})
	with := func(change func(*Options)) Question {
		q := newQuestion("How many shipments?")
		change(&q.Options)
		return q
	}
	for name, test := range map[string]struct {
		author   author
		question Question
		rest     bool
	}{
		"whole schema":          {small, with(func(*Options) {}), false},
		"request with glossary": {small, with(func(o *Options) { o.Glossary = "x" }), true},
		"pruned schema":         {small, with(func(o *Options) { o.SubtablePruning = true }), true},
		"large schema":          {large, with(func(*Options) {}), true},
	} {
		prompt, err := test.author.prompt(t.Context(), test.question)
		if err != nil || prompt.shared == "" || (prompt.system != "") != test.rest {
			t.Errorf("%s: %v, got %d shared bytes and %d others", name, err, len(prompt.shared), len(prompt.system))
		}
	}
}

// TestInvalidUsageReducesNoCount checks that a reply counts, whatever its server
// reports, and that no report reduces a count.
func TestInvalidUsageReducesNoCount(t *testing.T) {
	for usage, want := range map[string]Usage{
		`null`: {Replies: 1},
		`[]`:   {Replies: 1},
		`{"prompt_tokens": "12", "completion_tokens": 3}`:                                                  {Replies: 1, Output: 3},
		`{"prompt_tokens": 12.0, "completion_tokens": 3.0}`:                                                {Replies: 1, Input: 12, Output: 3},
		`{"prompt_tokens": -5, "completion_tokens": -1000000}`:                                             {Replies: 1},
		`{"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": -7}}`:                            {Replies: 1, Input: 10},
		`{"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 70}}`:                            {Replies: 1, CacheRead: 10},
		`{"prompt_tokens": 10, "prompt_tokens_details": []}`:                                               {Replies: 1, Input: 10},
		`{"prompt_tokens": 9223372036854775807, "completion_tokens": 1e30, "prompt_tokens_details": null}`: {Replies: 1, Input: maxTokenCount, Output: maxTokenCount},
	} {
		g := serveOpenAI(t, newModel())
		g.service.Fail(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"choices": [{"message": {"content": "{\"sql\": \"SELECT 1\"}"}}], "usage": `+usage+`}`)
		}))
		ctx, meter := WithMeter(t.Context())
		if query, err := g.Generate(ctx, newQuestion(question)); err != nil || query.SQL != "SELECT 1" {
			t.Errorf("%s: got %q, %v", usage, query.SQL, err)
		}
		if got := meter.Usage(); got != want {
			t.Errorf("%s: got %+v, want %+v", usage, got, want)
		}
	}
}
