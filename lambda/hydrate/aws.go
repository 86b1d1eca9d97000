package main

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// awsSettings is what Lambda puts into every function's environment, and
// AWS_ENDPOINT_URL of a local AWS. The SDK's config package would look for
// them in a dozen places more, and take its time.
type awsSettings struct {
	region, accessKey, secretKey, sessionToken, endpoint string

	// Where the credentials are for a function with SnapStart, whose snapshot
	// must not hold any.
	credentialsURL, credentialsToken string
}

func readAWSSettings(get func(string) string) awsSettings {
	return awsSettings{
		region:           cmp.Or(get("AWS_REGION"), get("AWS_DEFAULT_REGION")),
		accessKey:        get("AWS_ACCESS_KEY_ID"),
		secretKey:        get("AWS_SECRET_ACCESS_KEY"),
		sessionToken:     get("AWS_SESSION_TOKEN"),
		endpoint:         get("AWS_ENDPOINT_URL"),
		credentialsURL:   get("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		credentialsToken: get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
	}
}

func (a awsSettings) s3() *s3.Client {
	options := s3.Options{Region: a.region, Credentials: a.credentials()}
	if a.endpoint != "" {
		options.BaseEndpoint = &a.endpoint
		options.UsePathStyle = true // a local AWS has no host name for each bucket
	}
	return s3.New(options)
}

func (a awsSettings) credentials() aws.CredentialsProvider {
	if a.accessKey == "" && a.credentialsURL != "" {
		return aws.NewCredentialsCache(endpointcreds.New(a.credentialsURL, func(o *endpointcreds.Options) {
			o.AuthorizationToken = a.credentialsToken
		}))
	}
	return credentials.NewStaticCredentialsProvider(a.accessKey, a.secretKey, a.sessionToken)
}
