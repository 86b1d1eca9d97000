package connection

import "cmp"

// DefaultModel is the model of the SQL generator bedrock: a global cross-region
// inference profile, which every commercial region can call. The model answers
// without reasoning first, so that a question fits into generator_timeout.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-sonnet-4-6.html
const DefaultModel = "global.anthropic.claude-sonnet-4-6"

// The SQL generators without a setting.
const (
	defog   = "defog"
	bedrock = "bedrock"
)

// DefaultGenerator returns the SQL generator for a connection whose settings name
// none: Defog's API with an api_key, a model on Bedrock without one.
func (c Connection) DefaultGenerator() string {
	if c.APIKey == "" {
		return bedrock
	}
	return defog
}

// SecretGenerator is the SQL generator for a connection in a secret whose settings
// name none. Synth does not read the secret: its content must not decide which
// service receives questions, or what the role may call.
const SecretGenerator = defog

// ModelOf returns the model of an SQL generator for the setting generator_model,
// which may be "".
func ModelOf(generator, model string) string {
	if generator == bedrock {
		return cmp.Or(model, DefaultModel)
	}
	return model
}
