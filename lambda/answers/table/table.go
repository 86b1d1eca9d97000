// Package table keeps long questions on AWS. A DynamoDB table holds states and small
// parts, a bucket large answers, and an SQS queue ids.
package table

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/klauspost/compress/gzip"

	"defog-cdk/internal/environ"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/awsenv"
)

// The attributes of items besides the keys in internal/environ.
const (
	statusAttribute   = "status"
	reasonAttribute   = "reason"
	workerAttribute   = "worker"
	ownerAttribute    = "owner"
	createdAttribute  = "created"  // milliseconds
	deadlineAttribute = "deadline" // milliseconds
	contentAttribute  = "content"  // gzip
	objectAttribute   = "object"   // key of the content in the bucket
)

// statePart is the sort key of a state. Its item is small: it is written twice a
// second while the question runs.
const statePart = "state"

// maxContent is the largest content of an item in bytes. The limit of an item is
// 400 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxContent = 350 << 10

// attempts is the number of attempts of a throttled or failed request: about ten
// seconds.
const attempts = 6

// Store implements answers.Store.
type Store struct {
	client  *dynamodb.Client
	table   string
	objects *s3.Client
	bucket  string
}

// New returns a store in a table and a bucket.
func New(settings awsenv.Settings, table, bucket string) *Store {
	return &Store{
		client: newClient(settings, attempts),
		table:  table, objects: settings.S3(), bucket: bucket,
	}
}

func newClient(settings awsenv.Settings, attempts int) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: settings.Region, Credentials: settings.Credentials(), BaseEndpoint: settings.BaseEndpoint(), RetryMaxAttempts: attempts,
	})
}

type item = map[string]types.AttributeValue

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func number(value int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
}

func key(id, part string) item {
	return item{environ.AnswersKey: text(id), environ.AnswersSortKey: text(part)}
}

// Insert implements answers.Store.
func (s *Store) Insert(ctx context.Context, state answers.State) error {
	return s.put(ctx, state, statePart, item{
		statusAttribute:   text(string(state.Status)),
		ownerAttribute:    text(state.Owner),
		createdAttribute:  number(state.Created.UnixMilli()),
		deadlineAttribute: number(state.Deadline.UnixMilli()),
	})
}

func (s *Store) put(ctx context.Context, state answers.State, part string, attributes item) error {
	maps.Copy(attributes, key(state.ID, part))
	attributes[environ.AnswersExpiry] = number(state.Expires.Unix())
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: attributes})
	return err
}

// Read implements answers.Store.
func (s *Store) Read(ctx context.Context, id string) (answers.State, error) {
	found, err := s.get(ctx, id, statePart)
	if err != nil {
		return answers.State{}, err
	}
	return decode(found)
}

func (s *Store) get(ctx context.Context, id, part string) (item, error) {
	output, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: key(id, part), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	if len(output.Item) == 0 {
		return nil, answers.ErrNotFound
	}
	return output.Item, nil
}

// Change implements answers.Store.
func (s *Store) Change(ctx context.Context, id string, change answers.Change) (answers.State, error) {
	values := item{
		":now": number(change.Now.UnixMilli()), ":deadline": number(change.Deadline.UnixMilli()),
		":to": text(string(change.To)), ":reason": text(string(change.Reason)), ":worker": text(change.Worker),
	}
	var from []string
	for i, status := range change.From {
		name := fmt.Sprintf(":from%d", i)
		values[name] = text(string(status))
		from = append(from, name)
	}
	comparison := ">"
	if change.Lapsed {
		comparison = "<="
	}
	output, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.table,
		Key:                 key(id, statePart),
		ConditionExpression: aws.String(fmt.Sprintf("#status IN (%s) AND #deadline %s :now", strings.Join(from, ", "), comparison)),
		UpdateExpression:    aws.String("SET #status = :to, #reason = :reason, #worker = :worker, #deadline = :deadline"),
		ExpressionAttributeNames: map[string]string{
			"#status": statusAttribute, "#reason": reasonAttribute, "#worker": workerAttribute, "#deadline": deadlineAttribute,
		},
		ExpressionAttributeValues: values,
		ReturnValues:              types.ReturnValueAllNew,
	})
	if _, conflict := errors.AsType[*types.ConditionalCheckFailedException](err); conflict {
		return answers.State{}, answers.ErrConflict
	}
	if err != nil {
		return answers.State{}, err
	}
	return decode(output.Attributes)
}

// Put implements answers.Store.
func (s *Store) Put(ctx context.Context, state answers.State, part answers.Part, content []byte) error {
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed)
	if _, err := compressor.Write(content); err != nil {
		return fmt.Errorf("compress the %s: %w", part, err)
	}
	if err := compressor.Close(); err != nil {
		return fmt.Errorf("compress the %s: %w", part, err)
	}
	if packed.Len() <= maxContent {
		return s.put(ctx, state, string(part), item{contentAttribute: &types.AttributeValueMemberB{Value: packed.Bytes()}})
	}
	object := object(state, part)
	if _, err := s.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &object, Body: bytes.NewReader(packed.Bytes())}); err != nil {
		return err
	}
	return s.put(ctx, state, string(part), item{objectAttribute: text(object)})
}

// object returns the key of a part in the bucket. It holds the owner, so that no
// caller's answer can lie at another's key.
func object(state answers.State, part answers.Part) string {
	return environ.AnswersPrefix + cmp.Or(state.Owner, "none") + "/" + state.ID + "/" + string(part)
}

// Get implements answers.Store.
func (s *Store) Get(ctx context.Context, state answers.State, part answers.Part) ([]byte, error) {
	found, err := s.get(ctx, state.ID, string(part))
	if err != nil {
		return nil, err
	}
	if packed, ok := found[contentAttribute].(*types.AttributeValueMemberB); ok {
		return unpack(bytes.NewReader(packed.Value))
	}
	key := object(state, part)
	output, err := s.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer output.Body.Close()
	return unpack(output.Body)
}

func unpack(packed io.Reader) ([]byte, error) {
	expander, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("expand the content: %w", err)
	}
	return io.ReadAll(expander)
}

// decode returns the state in an item.
func decode(from item) (answers.State, error) {
	textOf := func(name string) string {
		value, _ := from[name].(*types.AttributeValueMemberS)
		if value == nil {
			return ""
		}
		return value.Value
	}
	var problem error
	numberOf := func(name string) int64 {
		value, ok := from[name].(*types.AttributeValueMemberN)
		if !ok {
			problem = fmt.Errorf("the state of a question has no number %s", name)
			return 0
		}
		n, err := strconv.ParseInt(value.Value, 10, 64)
		if err != nil {
			problem = fmt.Errorf("the state of a question: %s: %w", name, err)
		}
		return n
	}
	state := answers.State{
		ID: textOf(environ.AnswersKey), Owner: textOf(ownerAttribute), Status: answers.Status(textOf(statusAttribute)),
		Reason: answers.Reason(textOf(reasonAttribute)), Worker: textOf(workerAttribute),
		Created: time.UnixMilli(numberOf(createdAttribute)), Deadline: time.UnixMilli(numberOf(deadlineAttribute)),
		Expires: time.Unix(numberOf(environ.AnswersExpiry), 0),
	}
	return state, problem
}
