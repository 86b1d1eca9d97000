// Package results keeps answers that are larger than a function may return: as
// CSV in a bucket, behind a URL that expires.
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

// Store is where large answers go.
type Store struct {
	Bucket   string
	Prefix   string        // that keys begin with, before a slash
	Lifetime time.Duration // how long a URL works; the credentials that sign it may end before

	uploader *transfermanager.Client
	signer   presigner
}

type presigner interface {
	PresignGetObject(context.Context, *s3.GetObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

const (
	// abortTime is how long S3 may take to forget an upload that came to
	// nothing.
	abortTime = 2 * time.Second

	// uploads is how many parts, of 8 MB each, are on their way at once, and in
	// memory.
	uploads = 2
)

// New returns a store that writes and signs by the client.
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

// Link is where a stored answer can be fetched, by whoever has the URL.
type Link struct {
	URL     string
	Expires time.Time
	Rows    int
}

// link signs a URL for the key.
func (s *Store) link(ctx context.Context, key string, rows int) (*Link, error) {
	now := time.Now()
	request, err := s.signer.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket:                     &s.Bucket,
		Key:                        &key,
		ResponseContentDisposition: aws.String("attachment"), // a browser is to save it, whatever the data says
	}, s3.WithPresignExpires(s.Lifetime))
	if err != nil {
		return nil, fmt.Errorf("sign the URL of the stored answer: %w", err)
	}
	return &Link{URL: request.URL, Expires: now.Add(s.Lifetime).UTC(), Rows: rows}, nil
}
