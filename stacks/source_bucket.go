package stacks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

// lookTime is how long a look into the bucket may take.
const lookTime = 30 * time.Second

// sourceBucket is function_source_bucket, seen with the credentials of whoever
// runs the CDK CLI. Without any, or without rights on the bucket, nothing is
// seen, which is no error: a stack is the same whoever makes it.
type sourceBucket struct {
	conf   config.Config
	place  Place
	unseen []string // what could not be seen, and why

	connect func(context.Context) (*s3.Client, error)
}

func newSourceBucket(inputs *Inputs) *sourceBucket {
	b := &sourceBucket{conf: inputs.Config, place: inputs.Place}
	var once sync.Once
	var client *s3.Client
	var err error
	b.connect = func(ctx context.Context) (*s3.Client, error) {
		once.Do(func() { client, err = b.newClient(ctx) })
		return client, err
	}
	return b
}

// newClient returns a client for the region that the bucket is in. The error
// holds why there is none that could see it.
func (b *sourceBucket) newClient(ctx context.Context) (*s3.Client, error) {
	if b.place.Account == "" {
		return nil, errors.New("the CDK CLI found no credentials")
	}
	settings, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(b.place.Region))
	if err != nil {
		return nil, err
	}
	client := s3Client(settings, b.place)
	region, err := regionOf(ctx, client, b.conf.SourceBucket)
	switch {
	case err != nil:
		return nil, err
	case region == "" || region == b.place.Region:
		return client, nil
	case b.conf.DistKey != "":
		return nil, &missing{fmt.Sprintf("the bucket %s is in %s, and Lambda takes code from its own region alone, %s; copy the zip there, or deploy to that region",
			b.conf.SourceBucket, region, b.place.Region)}
	case !b.conf.Hydrate:
		return nil, &missing{fmt.Sprintf("the bucket %s is in %s, and the function in %s; copy the zip there, or leave function_hydrate on, which reads it all the same",
			b.conf.SourceBucket, region, b.place.Region)}
	}
	settings.Region = region
	return s3Client(settings, b.place), nil
}

func s3Client(settings aws.Config, place Place) *s3.Client {
	return s3.NewFromConfig(settings, func(o *s3.Options) {
		o.UsePathStyle = place.Local
		o.DisableLogOutputChecksumValidationSkipped = true // a range of an object has none
	})
}

// missing is what will surely fail when the stack is deployed or used.
type missing struct{ what string }

func (m *missing) Error() string { return m.what }

// look looks into a zip in the bucket. The archive is nil, and unseen says why,
// when it could not be seen.
func (b *sourceBucket) look(ctx context.Context, from source) (*archive.Archive, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	object, err := b.open(ctx, from)
	var gone *missing
	switch {
	case errors.As(err, &gone):
		return nil, fmt.Errorf("%s: %w", from.keySetting, err)
	case err != nil:
		b.unseen = append(b.unseen, fmt.Sprintf("%s (%s): %v", from.keySetting, from.key, err))
		return nil, nil
	}
	found, err := archive.Read(object, object.size)
	if object.fault != nil { // of the network, not of the zip
		b.unseen = append(b.unseen, fmt.Sprintf("%s (%s): %v", from.keySetting, from.key, object.fault))
		return nil, nil
	}
	return found, about(fmt.Sprintf("%s: s3://%s/%s", from.keySetting, b.conf.SourceBucket, from.key), err)
}

func (b *sourceBucket) open(ctx context.Context, from source) (*object, error) {
	client, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: aws.String(b.conf.SourceBucket), Key: aws.String(from.key), VersionId: optional(from.version),
	})
	switch {
	case err == nil:
	case statusOf(err) == http.StatusNotFound, statusOf(err) == http.StatusBadRequest && from.version != "":
		what := fmt.Sprintf("there is no %s in the bucket %s", from.key, b.conf.SourceBucket)
		if from.version != "" {
			what += " with the version " + from.version
		}
		return nil, &missing{what}
	default:
		return nil, err
	}
	if key := aws.ToString(head.SSEKMSKeyId); key != "" {
		b.unseen = append(b.unseen, fmt.Sprintf("whether the function may decrypt %s: it is encrypted with %s; allow kms:Decrypt on that key with iam_policy_file", from.key, key))
	}
	return &object{ctx: ctx, client: client, bucket: b.conf.SourceBucket, source: from, etag: head.ETag, size: aws.ToInt64(head.ContentLength)}, nil
}

// statusOf is the HTTP status in an error of the SDK, 0 for none.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// regionOf is where a bucket is; "" where S3 does not say. It says so even to
// those whom it refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func regionOf(ctx context.Context, client *s3.Client, bucket string) (string, error) {
	head, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil {
		return aws.ToString(head.BucketRegion), nil
	}
	var response *awshttp.ResponseError
	switch {
	case statusOf(err) == http.StatusNotFound:
		return "", &missing{"there is no bucket " + bucket}
	case errors.As(err, &response) && response.Response != nil && statusOf(err) != 0:
		return response.Response.Header.Get("X-Amz-Bucket-Region"), nil
	}
	return "", err
}
