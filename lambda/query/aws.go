package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// awsSettings is what Lambda puts into every function's environment, and
// AWS_ENDPOINT_URL of a local AWS. The SDK's config package would look for
// them in a dozen places more, and make the function half a megabyte larger.
type awsSettings struct {
	region, accessKey, secretKey, sessionToken, endpoint string
}

func (s settings) s3() *s3.Client {
	return s3.New(s3.Options{
		Region:       s.aws.region,
		Credentials:  s.aws.credentials(),
		BaseEndpoint: s.aws.baseEndpoint(),
		UsePathStyle: s.aws.endpoint != "", // a local AWS has no host name for each bucket
	})
}

func (s settings) secretsManager() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:       s.aws.region,
		Credentials:  s.aws.credentials(),
		BaseEndpoint: s.aws.baseEndpoint(),
	})
}

func (a awsSettings) credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(a.accessKey, a.secretKey, a.sessionToken)
}

// databaseToken is what RDS takes instead of a password from who may connect as
// the user. It is made here, without a request to AWS, and good for 15 minutes.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
func (a awsSettings) databaseToken(ctx context.Context, endpoint, user string) (string, error) {
	return auth.BuildAuthToken(ctx, endpoint, a.region, user, a.credentials())
}

// baseEndpoint is nil on AWS, whose endpoints the SDK knows.
func (a awsSettings) baseEndpoint() *string {
	if a.endpoint == "" {
		return nil
	}
	return &a.endpoint
}
