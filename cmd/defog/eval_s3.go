package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/cmd/defog/client"
)

// throughS3 uploads the event below the input prefix, under a name that is new,
// and waits for an object of that name, with any ending, below the output
// prefix.
func (e *evalCommand) throughS3(ctx context.Context, cfg aws.Config, stack client.Stack, file string, event []byte) ([]byte, error) {
	var place [3]string
	for i, key := range []string{bucketOutput, inputOutput, outputOutput} {
		var err error
		if place[i], err = stack.Need(key, "S3 trigger (function_triggers)"); err != nil {
			return nil, err
		}
	}
	bucket, input, output := place[0], place[1], place[2]
	name := strings.TrimSuffix(file, ".json") + "-" + strings.ToLower(rand.Text()[:12])
	objects := s3.NewFromConfig(cfg)
	key := input + name + ".json"
	if _, err := objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(event), ContentType: aws.String("application/json"),
	}); err != nil {
		return nil, refusal(fmt.Sprintf("write s3://%s/%s", bucket, key), err)
	}
	for {
		found, err := objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(output + name + ".")})
		if err != nil {
			return nil, refusal(fmt.Sprintf("look for s3://%s/%s%s.*", bucket, output, name), err)
		}
		if len(found.Contents) > 0 {
			return fetch(ctx, objects, bucket, aws.ToString(found.Contents[0].Key))
		}
		if err := pause(ctx, e.every); err != nil {
			return nil, err
		}
	}
}

func fetch(ctx context.Context, objects *s3.Client, bucket, key string) ([]byte, error) {
	what := fmt.Sprintf("read s3://%s/%s", bucket, key)
	object, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, refusal(what, err)
	}
	defer object.Body.Close()
	content, err := io.ReadAll(object.Body)
	return content, refusal(what, err)
}
