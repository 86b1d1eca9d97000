package grid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/invoke"
	"defog-cdk/cmd/defog/session"
)

// Document is what the function reads of a grid. Its texts are JSON in the sense of
// Python, which has NaN.
type Document struct {
	Pipeline, Coordinates, Settings []byte
	Chunks, ZarrChunks              Sizes
	Zarr                            string // key
}

// encode returns the document's JSON.
func (d Document) encode() ([]byte, error) {
	rest, err := json.Marshal(map[string]any{"chunks": d.Chunks, "zarr_chunks": d.ZarrChunks, "zarr": d.Zarr})
	if err != nil {
		return nil, fmt.Errorf("encode the grid: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(`{"pipeline":`)
	out.Write(d.Pipeline)
	out.WriteString(`,"coordinates":`)
	out.Write(d.Coordinates)
	if len(d.Settings) > 0 {
		out.WriteString(`,"settings":`)
		out.Write(d.Settings)
	}
	out.WriteByte(',')
	out.Write(rest[1:])
	return out.Bytes(), nil
}

// Plan is the function's answer about a grid.
type Plan struct {
	Dims   []string `json:"dims"`
	Shape  []int    `json:"shape"`
	Chunks []int    `json:"chunks"`
	Counts []int    `json:"counts"` // of chunks along each dimension
	Zarr   struct {
		Arrays []string `json:"arrays"`
		Dims   []string `json:"dims"`
		Shape  []int    `json:"shape"`
		Chunks []int    `json:"chunks"`
		DType  string   `json:"dtype"`
	} `json:"zarr"`
}

// Items returns the number of chunks.
func (p Plan) Items() int { return product(p.Counts) }

// Parts returns the number of objects that the function writes for a chunk.
func (p Plan) Parts() int {
	parts := max(1, len(p.Zarr.Arrays))
	for i, dimension := range p.Zarr.Dims {
		size := p.Zarr.Shape[i]
		for j, name := range p.Dims {
			if name == dimension {
				size = min(size, p.Chunks[j])
			}
		}
		parts *= (size + p.Zarr.Chunks[i] - 1) / p.Zarr.Chunks[i]
	}
	return parts
}

// String describes the grid in one line.
func (p Plan) String() string {
	var dims, sizes []string
	for i, dimension := range p.Dims {
		dims, sizes = append(dims, fmt.Sprintf("%s %d", dimension, p.Shape[i])), append(sizes, fmt.Sprintf("%d", p.Chunks[i]))
	}
	return fmt.Sprintf("%s: %d chunks of %s", strings.Join(dims, ", "), p.Items(), strings.Join(sizes, " × "))
}

func (p Plan) check() error {
	n := len(p.Dims)
	if n == 0 || len(p.Shape) != n || len(p.Chunks) != n || len(p.Counts) != n || product(p.Counts) < 1 ||
		len(p.Zarr.Shape) != len(p.Zarr.Dims) || len(p.Zarr.Chunks) != len(p.Zarr.Dims) || product(p.Zarr.Chunks) < 1 {
		return errors.New("the function's answer is not that of zarr_plan; want the handler of examples/podpac, of this version")
	}
	return nil
}

func product(numbers []int) int {
	result := 1
	for _, number := range numbers {
		result *= number
	}
	return result
}

// event is an event of the function. The function's document is at the key Grid.
type event struct {
	Grid  string `json:"grid"`
	Chunk []int  `json:"chunk,omitempty"`
}

// encode returns the event with a name.
func (e event) encode(name string) json.RawMessage {
	content, err := json.Marshal(map[string]event{name: e})
	if err != nil {
		panic(err) // a text and numbers have JSON
	}
	return content
}

// Grid is a grid of a run in the bucket of a stack.
type Grid struct {
	s3         *s3.Client
	evaluation invoke.Evaluation

	bucket, run, zarr string
}

// New returns the Grid of a run. The bucket must exist; zarr is the key of the Zarr.
func New(cfg aws.Config, stack client.Stack, bucket, run, zarr string) Grid {
	return Grid{s3: s3.NewFromConfig(cfg), evaluation: invoke.New(cfg, stack), bucket: bucket, run: run, zarr: zarr}
}

// String returns the address of the Zarr.
func (g Grid) String() string { return g.url(g.zarr) }

func (g Grid) key() string { return "runs/" + g.run + "/grid.json" }

func (g Grid) url(key string) string { return "s3://" + g.bucket + "/" + key }

// Write writes the document. The name of a run is used once.
func (g Grid) Write(ctx context.Context, document Document) error {
	document.Zarr = g.zarr
	content, err := document.encode()
	if err != nil {
		return err
	}
	_, err = g.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &g.bucket, Key: aws.String(g.key()), Body: bytes.NewReader(content), ContentType: aws.String("application/json"), IfNoneMatch: aws.String("*"),
	})
	if service, ok := errors.AsType[smithy.APIError](err); ok && (service.ErrorCode() == "PreconditionFailed" || service.ErrorCode() == "ConditionalRequestConflict") {
		return fmt.Errorf("run %s: another client starts it; want another --name", g.run)
	}
	return session.Failure("write "+g.url(g.key()), err)
}

// Plan returns the function's plan of the grid, and writes nothing.
func (g Grid) Plan(ctx context.Context) (Plan, error) { return g.ask(ctx, "zarr_plan") }

// Create writes the Zarr without its data.
func (g Grid) Create(ctx context.Context) (Plan, error) { return g.ask(ctx, "zarr_create") }

func (g Grid) ask(ctx context.Context, name string) (plan Plan, err error) {
	answer, err := g.evaluation.Invoke(ctx, event{Grid: g.key()}.encode(name))
	if err != nil {
		return plan, err
	}
	if err := json.Unmarshal(answer, &plan); err != nil {
		return plan, fmt.Errorf("decode the answer of %s: %w", name, err)
	}
	return plan, plan.check()
}

// Preview draws the Zarr, and returns the PNG.
func (g Grid) Preview(ctx context.Context) ([]byte, error) {
	content, err := g.evaluation.Invoke(ctx, event{Grid: g.key()}.encode("zarr_preview"))
	if err != nil {
		return nil, err
	}
	var answer struct{ Picture string }
	if err := json.Unmarshal(content, &answer); err != nil || answer.Picture == "" {
		return nil, errors.New("the function's answer is not that of zarr_preview; want the handler of examples/podpac, of this version")
	}
	return g.read(ctx, answer.Picture)
}

// Events returns the events of all chunks, the last dimension fastest.
func (g Grid) Events(plan Plan) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for i := range plan.Items() {
			if !yield(g.event(plan, i), nil) {
				return
			}
		}
	}
}

// event returns the event of the chunk with a number.
func (g Grid) event(plan Plan, number int) json.RawMessage {
	chunk := make([]int, len(plan.Counts))
	for i := len(chunk) - 1; i >= 0; i-- {
		chunk[i], number = number%plan.Counts[i], number/plan.Counts[i]
	}
	return event{Grid: g.key(), Chunk: chunk}.encode("zarr_chunk")
}

// Exists reports whether the bucket has objects of the Zarr.
func (g Grid) Exists(ctx context.Context) (bool, error) {
	found, err := g.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &g.bucket, Prefix: aws.String(g.zarr + "/"), MaxKeys: aws.Int32(1)})
	if err != nil {
		return false, session.Failure("list "+g.url(g.zarr+"/"), err)
	}
	return len(found.Contents) > 0, nil
}

// DeleteZarr deletes all objects of the Zarr.
func (g Grid) DeleteZarr(ctx context.Context) error { return g.delete(ctx, g.zarr+"/") }

// DeleteDocument deletes the document of a run that did not start.
func (g Grid) DeleteDocument(ctx context.Context) error { return g.delete(ctx, g.key()) }

func (g Grid) delete(ctx context.Context, prefix string) error {
	pages := s3.NewListObjectsV2Paginator(g.s3, &s3.ListObjectsV2Input{Bucket: &g.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return session.Failure("list "+g.url(prefix), err)
		}
		var objects []s3types.ObjectIdentifier
		for _, object := range page.Contents {
			objects = append(objects, s3types.ObjectIdentifier{Key: object.Key})
		}
		if len(objects) == 0 {
			continue
		}
		deleted, err := g.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &g.bucket, Delete: &s3types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
		if err != nil {
			return session.Failure("delete "+g.url(prefix), err)
		}
		if len(deleted.Errors) > 0 {
			first := deleted.Errors[0]
			return fmt.Errorf("delete %s: %s: %s", g.url(aws.ToString(first.Key)), aws.ToString(first.Code), aws.ToString(first.Message))
		}
	}
	return nil
}

func (g Grid) read(ctx context.Context, key string) ([]byte, error) {
	object, err := g.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &g.bucket, Key: &key})
	if err != nil {
		return nil, session.Failure("read "+g.url(key), err)
	}
	defer object.Body.Close()
	var content bytes.Buffer
	_, err = content.ReadFrom(object.Body)
	return content.Bytes(), session.Failure("read "+g.url(key), err)
}
