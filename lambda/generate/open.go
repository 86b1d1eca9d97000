package generate

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
)

// The valid values of the setting generator.
const (
	TypeDefog   = "defog"
	TypeGolden  = "golden"
	TypeBedrock = "bedrock"
	TypeOpenAI  = "openai"
)

// Config configures the generator of a deployment.
type Config struct {
	Type       string // one of the values above
	Connection connection.Connection
	Directory  string // with golden.json

	// Source returns the description of the database for bedrock and openai.
	Source func() (Source, error)

	Model       string // of bedrock and openai
	Region      string // of bedrock
	Endpoint    *string
	Credentials aws.CredentialsProvider
	BaseURL     string        // of openai; "" selects the connection's
	Timeout     time.Duration // of one question or retry; 0 for the context's only
	Log         *slog.Logger
	Seed        *int // of openai; nil for none
	Form        Form // of bedrock and openai
	GoldenFirst bool // answer the questions in golden.json from it
}

// Open returns the generator for config.
func Open(config Config) (Generator, error) {
	g, err := open(config)
	if err != nil || !config.GoldenFirst || config.Type == TypeGolden || config.Directory == "" {
		return g, err
	}
	pairs, err := knowledge.ReadGolden(knowledge.Folder(config.Directory))
	if err != nil {
		return nil, err
	}
	return newGoldenFirst(g, pairs), nil
}

func open(config Config) (Generator, error) {
	conn := config.Connection
	switch config.Type {
	case TypeGolden:
		return OpenGolden(config.Directory)
	case TypeBedrock, TypeOpenAI:
		source, err := config.Source()
		if err != nil {
			return nil, err
		}
		if config.Type == TypeOpenAI {
			return NewOpenAI(OpenAIConfig{
				DBType: conn.DBType, Knowledge: source, Model: config.Model, BaseURL: cmp.Or(config.BaseURL, conn.BaseURL), APIKey: conn.APIKey,
				Timeout: config.Timeout, Seed: config.Seed, Form: config.Form,
			}), nil
		}
		return NewBedrock(BedrockConfig{
			DBType: conn.DBType, Knowledge: source, Model: config.Model, Region: config.Region, Credentials: config.Credentials,
			Endpoint: config.Endpoint, Timeout: config.Timeout, Form: config.Form,
		}), nil
	}
	if conn.APIKey == "" {
		return nil, errors.New("api_key: missing in the connection; want the API key, which generator defog requires, or the setting generator=bedrock")
	}
	return NewDefog(DefogConfig{
		APIKey: conn.APIKey, DBType: conn.DBType, BaseURL: conn.BaseURL, GenerateURL: conn.GenerateQueryURL,
		Timeout: config.Timeout, Log: config.Log,
	}), nil
}
