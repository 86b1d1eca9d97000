package invoke

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
)

// pollInterval is the time between two looks for a result in the bucket, and
// failureInterval between two for a failure in the log. An account may read its logs
// only a few times a second. Wait reports a wait of longWait.
const (
	pollInterval    = time.Second
	failureInterval = 5 * time.Second
	longWait        = 20 * time.Second
)

const trigger = "S3 trigger"

// bucket is the bucket of a function's S3 trigger.
type bucket struct {
	service             *s3.Client
	name, input, output string
}

// Upload is an event in the bucket, and the prefix of its result.
type Upload struct {
	bucket   bucket
	prefix   string
	failures failures
}

func (u Upload) String() string { return "s3://" + u.bucket.name + "/" + u.prefix }

// CheckBucket requires the S3 trigger.
func (e Evaluation) CheckBucket() error {
	_, err := e.bucket()
	return err
}

func (e Evaluation) bucket() (bucket, error) {
	var outputs [3]string
	for i, key := range []string{client.BucketOutput, client.InputOutput, client.OutputOutput} {
		var err error
		if outputs[i], err = e.stack.Need(key, trigger+" (function_triggers)"); err != nil {
			return bucket{}, err
		}
	}
	// The bucket also serves other purposes.
	if triggers := e.stack.Output(client.TriggersOutput); triggers != "" && !slices.Contains(strings.Split(triggers, ","), "S3") {
		return bucket{}, fmt.Errorf("stack %s has no %s: function_triggers is %s", e.stack.Name, trigger, triggers)
	}
	return bucket{s3.NewFromConfig(e.cfg), outputs[0], outputs[1], outputs[2]}, nil
}

// Upload uploads the event below the input prefix, under a new name with the file's
// name as its prefix.
func (e Evaluation) Upload(ctx context.Context, file string, event []byte) (Upload, error) {
	b, err := e.bucket()
	if err != nil {
		return Upload{}, err
	}
	id := strings.ToLower(rand.Text()[:12])
	name := strings.TrimSuffix(file, ".json") + "-" + id
	key := b.input + name + ".json"
	if _, err := b.service.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(event), ContentType: aws.String("application/json"),
	}); err != nil {
		return Upload{}, session.Failure(fmt.Sprintf("write s3://%s/%s", b.name, key), err)
	}
	return Upload{b, b.output + name + ".", e.failuresOf(id, key)}, nil
}

// Wait waits for the result: an object of the event's name below the output prefix,
// with any extension. A failure in the function's log ends it, too. It calls waiting
// once, if the result takes long.
func (u Upload) Wait(ctx context.Context, waiting func()) ([]byte, error) {
	started, isLong := time.Now(), false
	for next := started.Add(pollInterval); ; {
		found, err := u.bucket.service.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &u.bucket.name, Prefix: &u.prefix})
		if err != nil {
			return nil, session.Failure(fmt.Sprintf("look for %s*", u), err)
		}
		if len(found.Contents) > 0 {
			return u.bucket.read(ctx, aws.ToString(found.Contents[0].Key))
		}
		if time.Now().After(next) {
			if failure := u.failures.find(ctx); failure != "" {
				return nil, fmt.Errorf("the function failed: %s; Lambda may repeat the event, and the result then is %s*", failure, u)
			}
			next = time.Now().Add(failureInterval)
		}
		if !isLong && time.Since(started) > longWait {
			isLong = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

func (b bucket) read(ctx context.Context, key string) ([]byte, error) {
	action := fmt.Sprintf("read s3://%s/%s", b.name, key)
	object, err := b.service.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, session.Failure(action, err)
	}
	defer object.Body.Close()
	content, err := io.ReadAll(object.Body)
	return content, session.Failure(action, err)
}
