package artifact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

// readTimeout limits one check of a bucket.
const readTimeout = 30 * time.Second

// sourceBucket reads function_source_bucket with the CDK CLI's credentials.
// Missing credentials or permissions are not an error: the stack does not depend
// on them.
type sourceBucket struct {
	conf        config.Config
	environment Environment
	unchecked   []string // what could not be read, with the reasons

	connect func(context.Context) (*s3.Client, error)
}

func newSourceBucket(conf config.Config, environment Environment) *sourceBucket {
	b := &sourceBucket{conf: conf, environment: environment}
	var once sync.Once
	var client *s3.Client
	var err error
	b.connect = func(ctx context.Context) (*s3.Client, error) {
		once.Do(func() { client, err = b.newClient(ctx) })
		return client, err
	}
	return b
}

// newClient returns a client for the bucket's region, or an error that states
// why the bucket cannot be read.
func (b *sourceBucket) newClient(ctx context.Context) (*s3.Client, error) {
	if b.environment.Account == "" {
		return nil, errors.New("the CDK CLI found no credentials")
	}
	settings, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(b.environment.Region))
	if err != nil {
		return nil, err
	}
	client := s3Client(settings)
	region, err := regionOf(ctx, client, b.conf.SourceBucket)
	switch {
	case err != nil:
		return nil, err
	case region == "" || region == b.environment.Region:
		return client, nil
	case b.conf.DistKey != "":
		return nil, &unusable{fmt.Sprintf("the bucket %s is in %s; want %s, for Lambda reads code only from its own region; copy the zip there",
			b.conf.SourceBucket, region, b.environment.Region)}
	case !b.conf.Hydrate:
		return nil, &unusable{fmt.Sprintf("the bucket %s is in %s; want %s, the function's region; copy the zip there, or set function_hydrate=true",
			b.conf.SourceBucket, region, b.environment.Region)}
	}
	settings.Region = region
	return s3Client(settings), nil
}

func s3Client(settings aws.Config) *s3.Client {
	return s3.NewFromConfig(settings, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil             // such an endpoint may have no DNS names for buckets
		o.DisableLogOutputChecksumValidationSkipped = true // a range of an object has no checksum
	})
}

// unusable is a problem that makes the deployment or the function fail.
type unusable struct{ problem string }

func (u *unusable) Error() string { return u.problem }

// read opens a zip in the bucket. The archive is nil when the zip could not be
// read; unchecked then has the reason.
func (b *sourceBucket) read(ctx context.Context, from zipSource) (*archive.Archive, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	object, err := b.open(ctx, from)
	var fatal *unusable
	switch {
	case errors.As(err, &fatal):
		return nil, fmt.Errorf("%s: %w", from.keySetting, err)
	case err != nil:
		b.unchecked = append(b.unchecked, fmt.Sprintf("%s (%s): %v", from.keySetting, from.key, err))
		return nil, nil
	}
	found, err := archive.Read(object, object.size)
	if object.fault != nil { // of the network, not of the zip
		b.unchecked = append(b.unchecked, fmt.Sprintf("%s (%s): %v", from.keySetting, from.key, object.fault))
		return nil, nil
	}
	return found, about(fmt.Sprintf("%s: s3://%s/%s", from.keySetting, b.conf.SourceBucket, from.key), err)
}

func (b *sourceBucket) open(ctx context.Context, from zipSource) (*object, error) {
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
		problem := fmt.Sprintf("the bucket %s has no object %s", b.conf.SourceBucket, from.key)
		if from.version != "" {
			problem += " with the version " + from.version
		}
		return nil, &unusable{problem}
	default:
		return nil, err
	}
	if key := aws.ToString(head.SSEKMSKeyId); key != "" {
		b.unchecked = append(b.unchecked, fmt.Sprintf("%s (%s): it is encrypted with %s; allow kms:Decrypt on that key with iam_policy_file", from.keySetting, from.key, key))
	}
	return &object{ctx: ctx, client: client, bucket: b.conf.SourceBucket, zipSource: from, etag: head.ETag, size: aws.ToInt64(head.ContentLength)}, nil
}

// fetch copies a zip from the bucket to this machine.
func (b *sourceBucket) fetch(ctx context.Context, from zipSource) (made *Zip, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	object, err := b.open(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from.keySetting, err)
	}
	directory, err := os.MkdirTemp("", "defog-code-")
	if err != nil {
		return nil, err
	}
	made = &Zip{Path: filepath.Join(directory, "function.zip"), directory: directory}
	file, err := os.Create(made.Path)
	if err == nil {
		err = errors.Join(object.save(file), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", from.keySetting, err), made.Remove())
	}
	return made, nil
}

// checkTriggerBucket returns an error for a function_s3_bucket that cannot
// trigger the function. S3 sends events within a region, and the stack changes
// only its own account's buckets. Without credentials it checks nothing.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
func checkTriggerBucket(ctx context.Context, bucket string, environment Environment) error {
	if bucket == "" || environment.Account == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	settings, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(environment.Region))
	if err != nil {
		return nil // as without credentials
	}
	client := s3Client(settings)
	region, err := regionOf(ctx, client, bucket)
	var fatal *unusable
	switch {
	case errors.As(err, &fatal):
		return fmt.Errorf("function_s3_bucket: %w", err)
	case err != nil:
		return nil // as without credentials
	case region != "" && region != environment.Region:
		return fmt.Errorf("function_s3_bucket: %s is in %s; want %s, the function's region, for S3 triggers no function elsewhere", bucket, region, environment.Region)
	}
	_, anyAccount := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	_, sameAccount := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &environment.Account})
	if anyAccount == nil && statusOf(sameAccount) == http.StatusForbidden {
		return fmt.Errorf("function_s3_bucket: %s belongs to another account; want a bucket of %s, for the stack sets its notifications", bucket, environment.Account)
	}
	return nil
}

// statusOf returns the HTTP status in an error of the SDK, 0 for none.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// regionOf returns a bucket's region, "" if S3 does not return it. S3 returns it
// even with a refusal.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func regionOf(ctx context.Context, client *s3.Client, bucket string) (string, error) {
	head, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil {
		return aws.ToString(head.BucketRegion), nil
	}
	var response *awshttp.ResponseError
	switch {
	case statusOf(err) == http.StatusNotFound:
		return "", &unusable{fmt.Sprintf("the bucket %s does not exist", bucket)}
	case errors.As(err, &response) && response.Response != nil && statusOf(err) != 0:
		return response.Response.Header.Get("X-Amz-Bucket-Region"), nil
	}
	return "", err
}

// optional returns nil for "".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
