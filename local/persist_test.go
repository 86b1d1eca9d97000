package local_test

import (
	"io"
	"os"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/local"
)

// A start continues from what another persisted, and from objects that were written
// before a kill.
func TestPersist(t *testing.T) {
	directory := t.TempDir()
	first := start(t, local.Persist(directory, ""))
	client, _, _ := answering(t, first)
	storage := s3.NewFromConfig(first.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := awssdk.String("kept"), awssdk.String("a/b")
	if _, err := storage.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if err := first.Shutdown(); err != nil {
		t.Fatal(err)
	}

	second := start(t, local.Persist(directory, first.Address()))
	if second.Endpoint() != first.Endpoint() {
		t.Fatalf("endpoint %s, want that of the first start, %s", second.Endpoint(), first.Endpoint())
	}
	if _, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("content")}); err != nil {
		t.Fatal(err)
	}
	if err := second.Stop(); err != nil { // kills
		t.Fatal(err)
	}

	start(t, local.Persist(directory, first.Address()))
	if answer := string(invoke(t, client, []byte("still there")).Payload); answer != "still there" {
		t.Errorf("the function answers %q", answer)
	}
	object, err := storage.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	if content, err := io.ReadAll(object.Body); err != nil || string(content) != "content" {
		t.Errorf("the object has %q, %v", content, err)
	}
	if _, err := os.ReadDir(directory); err != nil {
		t.Error(err)
	}
}
