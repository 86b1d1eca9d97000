package fanout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"defog-cdk/cmd/defog/session"
)

// itemsMetadata is the object metadata with the number of items in a file.
const itemsMetadata = "items"

// errExists reports that another client has written the object.
var errExists = errors.New("the object exists")

// create writes an object that does not exist yet. Of several clients, one succeeds.
func (c *Client) create(ctx context.Context, key string, content io.ReadSeeker, metadata map[string]string) error {
	_, err := c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &c.bucket, Key: &key, Body: content, IfNoneMatch: aws.String("*"), Metadata: metadata})
	if service, ok := errors.AsType[smithy.APIError](err); ok && (service.ErrorCode() == "PreconditionFailed" || service.ErrorCode() == "ConditionalRequestConflict") {
		return errExists
	}
	return session.Failure("write s3://"+c.bucket+"/"+key, err)
}

// NoRunError reports that the bucket has no run of this name.
type NoRunError struct{ Name string }

func (e *NoRunError) Error() string {
	return fmt.Sprintf("run %s: not found; defog eval --runs lists the runs", e.Name)
}

// ReadRun reads run.json.
func (c *Client) ReadRun(ctx context.Context, name string) (Run, error) {
	key := Run{Name: name}.key()
	action := "read s3://" + c.bucket + "/" + key
	object, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.bucket, Key: &key})
	if _, missing := errors.AsType[*s3types.NoSuchKey](err); missing {
		return Run{}, &NoRunError{name}
	}
	if err != nil {
		return Run{}, session.Failure(action, err)
	}
	defer object.Body.Close()
	var run Run
	if err := json.NewDecoder(object.Body).Decode(&run); err != nil {
		return Run{}, fmt.Errorf("%s: %w", action, err)
	}
	if run.Name != name || run.Items < 1 || run.Items > maxItems {
		return Run{}, fmt.Errorf("%s: not a run of this name with 1 to %d items", action, maxItems)
	}
	if run.Stack != c.stack {
		return Run{}, fmt.Errorf("run %s: belongs to stack %s, which has the same bucket; want a run of stack %s", name, run.Stack, c.stack)
	}
	return run, nil
}

// writeRun writes run.json, once.
func (c *Client) writeRun(ctx context.Context, run Run) error {
	content, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	return c.create(ctx, run.key(), bytes.NewReader(content), nil)
}

// attemptNumber matches the number in the key of an items file.
var attemptNumber = regexp.MustCompile(`/items(?:-([1-9][0-9]*))?\.jsonl$`)

// latest returns the run's newest attempt.
func (c *Client) latest(ctx context.Context, run Run) (Attempt, error) {
	attempt := Attempt{Run: run}
	err := c.list(ctx, run.itemsFolder(), func(key string) {
		match := attemptNumber.FindStringSubmatch(key)
		if match == nil {
			return
		}
		number := 1
		if match[1] != "" {
			var err error
			if number, err = strconv.Atoi(match[1]); err != nil {
				return // not a number that an attempt has
			}
		}
		attempt.Number = max(attempt.Number, number)
	})
	if err != nil {
		return Attempt{}, err
	}
	if attempt.Number == 0 {
		return Attempt{}, fmt.Errorf("run %s: s3://%s/%s is missing; start a new run", run.Name, c.bucket, run.itemsKey(1))
	}
	key := run.itemsKey(attempt.Number)
	head, err := c.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.bucket, Key: &key})
	if err != nil {
		return Attempt{}, session.Failure("read s3://"+c.bucket+"/"+key, err)
	}
	if attempt.Items, err = strconv.Atoi(head.Metadata[itemsMetadata]); err != nil || attempt.Items < 1 {
		return Attempt{}, fmt.Errorf("s3://%s/%s: the metadata %s is not a number of items", c.bucket, key, itemsMetadata)
	}
	return attempt, nil
}

// list calls a function with each key that has the prefix.
func (c *Client) list(ctx context.Context, prefix string, each func(key string)) error {
	pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: &c.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return session.Failure("list s3://"+c.bucket+"/"+prefix, err)
		}
		for _, object := range page.Contents {
			each(aws.ToString(object.Key))
		}
	}
	return nil
}

// done returns the indexes of the items that are done. It takes one request for each
// thousand.
func (c *Client) done(ctx context.Context, run Run) (*set, error) {
	done := newSet(run.Items)
	err := c.list(ctx, run.doneFolder(), func(key string) {
		if i, err := strconv.Atoi(strings.TrimPrefix(key, run.doneFolder())); err == nil {
			done.add(i)
		}
	})
	return done, err
}

// writeItems writes the items file of an attempt from the events, or returns errExists.
func (c *Client) writeItems(ctx context.Context, attempt *Attempt, fill func(*spool) error) (err error) {
	items, err := newSpool()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, items.remove()) }()
	if err := fill(items); err != nil {
		return err
	}
	content, err := items.rewind()
	if err != nil {
		return err
	}
	if attempt.Items = items.items; attempt.Items == 0 {
		return errNoItems
	}
	return c.create(ctx, attempt.Run.itemsKey(attempt.Number), content, map[string]string{itemsMetadata: strconv.Itoa(attempt.Items)})
}

var errNoItems = errors.New("no items; want one JSON value a line")

// writeMissing writes the items file of an attempt with the run's items that are not
// done.
func (c *Client) writeMissing(ctx context.Context, attempt *Attempt, done *set) error {
	key := attempt.Run.itemsKey(1)
	action := "read s3://" + c.bucket + "/" + key
	object, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.bucket, Key: &key})
	if err != nil {
		return session.Failure(action, err)
	}
	defer object.Body.Close()
	return c.writeItems(ctx, attempt, func(items *spool) error {
		if err := items.addMissing(object.Body, done); err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}
		return nil
	})
}
