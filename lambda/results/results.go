// Package results stores answers that exceed the size of a Lambda response: as
// CSV in a bucket, behind a presigned URL.
package results

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Store uploads large answers to a bucket.
type Store struct {
	Bucket   string
	Prefix   string        // of each key, without the slash
	Lifetime time.Duration // of a URL; shorter if the signing credentials expire earlier

	uploader *transfermanager.Client
	signer   presigner
}

type presigner interface {
	PresignGetObject(context.Context, *s3.GetObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

const (
	// abortTime is the timeout for aborting a failed multipart upload.
	abortTime = 2 * time.Second

	// uploads is the number of parts, 8 MB each, that are in memory and uploaded
	// at the same time.
	uploads = 2
)

// New returns a store that uploads with client and signs with its credentials.
func New(client *s3.Client, bucket, prefix string, lifetime time.Duration) *Store {
	return &Store{
		Bucket:   bucket,
		Prefix:   prefix,
		Lifetime: lifetime,
		uploader: transfermanager.New(client, func(o *transfermanager.Options) {
			o.Concurrency = uploads
			o.FailTimeout = abortTime
		}),
		signer: s3.NewPresignClient(client),
	}
}

// Link is a presigned URL of a stored answer. The URL needs no further
// authorization.
type Link struct {
	URL     string
	Expires time.Time
	Rows    int
}

// link returns a presigned URL for key.
func (s *Store) link(ctx context.Context, key string, rows int) (*Link, error) {
	now := time.Now()
	request, err := s.signer.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket:                     &s.Bucket,
		Key:                        &key,
		ResponseContentDisposition: aws.String("attachment"), // a browser must not render the data
	}, s3.WithPresignExpires(s.Lifetime))
	if err != nil {
		return nil, fmt.Errorf("sign the URL of the stored answer: %w", err)
	}
	return &Link{URL: request.URL, Expires: now.Add(s.Lifetime).UTC(), Rows: rows}, nil
}
