package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"defog-cdk/config/connection"
	"defog-cdk/internal/schema"
)

// maxStored is the limit of a stored schema, in bytes.
const maxStored = 32 << 20

// Store keeps the schema as an object in S3.
type Store struct {
	client      *s3.Client
	bucket, key string
}

// NewStore returns the store of a connection's schema below a prefix. Each database
// and user have their own object, since users differ in what they may read.
func NewStore(client *s3.Client, bucket, prefix string, conn connection.Connection) (*Store, error) {
	identity := maps.Clone(conn.DBCreds)
	for key := range (connection.Connection{DBCreds: conn.DBCreds}).Secrets() {
		delete(identity, key[len("db_creds."):])
	}
	text, err := json.Marshal(map[string]any{"db_type": conn.DBType, "db_creds": identity})
	if err != nil {
		return nil, fmt.Errorf("encode the connection: %w", err)
	}
	hash := sha256.Sum256(text)
	return &Store{client: client, bucket: bucket, key: prefix + "/schema-" + hex.EncodeToString(hash[:8]) + ".json"}, nil
}

// load returns the schema and the time of its read.
func (s *Store) load(ctx context.Context) (found schema.Schema, at time.Time, err error) {
	object, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &s.key})
	if err != nil {
		return found, at, fmt.Errorf("read s3://%s/%s: %w", s.bucket, s.key, err)
	}
	defer object.Body.Close()
	text, err := io.ReadAll(io.LimitReader(object.Body, maxStored))
	if err == nil {
		found, err = schema.Parse(text)
	}
	if err != nil {
		return found, at, fmt.Errorf("read s3://%s/%s: %w", s.bucket, s.key, err)
	}
	return found, aws.ToTime(object.LastModified), nil
}

func (s *Store) save(ctx context.Context, found schema.Schema) error {
	text, err := found.Encode()
	if err != nil {
		return err
	}
	if len(text) > maxStored {
		return fmt.Errorf("the schema has %d bytes; want at most %d", len(text), maxStored)
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &s.key, Body: bytes.NewReader(text), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return fmt.Errorf("write s3://%s/%s: %w", s.bucket, s.key, err)
	}
	return nil
}

// isAbsent reports whether no schema is stored. S3 answers 403 in place of 404, since
// the role must not list the bucket.
func isAbsent(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && (response.HTTPStatusCode() == http.StatusNotFound || response.HTTPStatusCode() == http.StatusForbidden)
}
