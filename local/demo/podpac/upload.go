package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// bucket is the one of the flow in which the zips are in one already.
const bucket = "podpac-demo-source"

// upload puts the zips into a bucket, and returns the settings that deploy them
// from there.
func (d *demo) upload(ctx context.Context) (settings []string, err error) {
	err = d.Step("put the zips into a bucket with `defog upload`", func(out io.Writer) error {
		name := bucket
		if _, err := s3.NewFromConfig(d.config()).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			return fmt.Errorf("make the bucket: %w", err)
		}
		var printed bytes.Buffer
		upload := d.DefogCommand(ctx, io.MultiWriter(out, &printed), "upload", "--bucket", bucket, "--name", "podpac", "--dist-dir", packed)
		upload.Stderr = out
		if err := upload.Run(); err != nil {
			return err
		}
		settings = strings.Fields(printed.String())
		return nil
	})
	return settings, err
}

// config calls the local AWS as its root user.
func (d *demo) config() aws.Config {
	settings := d.AWS.Settings()
	return aws.Config{
		Region:       settings["AWS_REGION"],
		BaseEndpoint: aws.String(d.AWS.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"], ""),
	}
}
