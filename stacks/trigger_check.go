package stacks

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// checkTriggerBucket refuses a function_s3_bucket that cannot start the function:
// S3 sends events within a region, and the stack changes buckets of its own
// account alone. Without credentials nothing is known, which is no error.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
func (i *Inputs) checkTriggerBucket(ctx context.Context) error {
	name, place := i.Config.Bucket, i.Place
	if name == "" || place.Account == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	settings, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(place.Region))
	if err != nil {
		return nil // as without credentials
	}
	client := s3Client(settings, place)
	region, err := regionOf(ctx, client, name)
	var gone *missing
	switch {
	case errors.As(err, &gone):
		return fmt.Errorf("function_s3_bucket: %w", err)
	case err != nil:
		return nil // as without credentials
	case region != "" && region != place.Region:
		return fmt.Errorf("function_s3_bucket: %s is in %s, and the function in %s; S3 triggers functions in its own region alone", name, region, place.Region)
	}
	_, open := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	_, ours := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name, ExpectedBucketOwner: &place.Account})
	if open == nil && statusOf(ours) == http.StatusForbidden {
		return fmt.Errorf("function_s3_bucket: %s belongs to another account than %s, whose stack cannot have it trigger anything", name, place.Account)
	}
	return nil
}
