// Package awsenv reads the AWS settings in a Lambda function's environment.
//
// The SDK's config package searches many more sources. It makes a function half
// a megabyte larger, and its start slower.
package awsenv

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Settings holds the variables that Lambda sets in each function's environment,
// and the endpoints of a local AWS.
type Settings struct {
	Region, AccessKey, SecretKey, SessionToken, Endpoint string

	// BedrockEndpoint replaces Endpoint for models on Bedrock.
	BedrockEndpoint string

	// CredentialsURL and CredentialsToken locate the credentials of a function
	// with SnapStart: a snapshot must not hold any.
	CredentialsURL, CredentialsToken string
}

// Read returns the settings of an environment.
func Read(get func(string) string) Settings {
	return Settings{
		Region:           cmp.Or(get("AWS_REGION"), get("AWS_DEFAULT_REGION")),
		AccessKey:        get("AWS_ACCESS_KEY_ID"),
		SecretKey:        get("AWS_SECRET_ACCESS_KEY"),
		SessionToken:     get("AWS_SESSION_TOKEN"),
		Endpoint:         get("AWS_ENDPOINT_URL"),
		BedrockEndpoint:  cmp.Or(get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), get("AWS_ENDPOINT_URL")),
		CredentialsURL:   get("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		CredentialsToken: get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
	}
}

// S3 returns a client for S3.
func (s Settings) S3() *s3.Client {
	return s3.New(s3.Options{
		Region:       s.Region,
		Credentials:  s.Credentials(),
		BaseEndpoint: s.BaseEndpoint(),
		UsePathStyle: s.Endpoint != "", // a local AWS has no host name for each bucket
	})
}

// Credentials returns the provider of the function's credentials.
func (s Settings) Credentials() aws.CredentialsProvider {
	if s.AccessKey == "" && s.CredentialsURL != "" {
		return aws.NewCredentialsCache(endpointcreds.New(s.CredentialsURL, func(o *endpointcreds.Options) {
			o.AuthorizationToken = s.CredentialsToken
		}))
	}
	return credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, s.SessionToken)
}

// BaseEndpoint returns the endpoint of a local AWS, or nil for the SDK's own.
func (s Settings) BaseEndpoint() *string { return optional(s.Endpoint) }

// ModelEndpoint returns the endpoint of models on Bedrock, or nil for the SDK's own.
func (s Settings) ModelEndpoint() *string { return optional(s.BedrockEndpoint) }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
