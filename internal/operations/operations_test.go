package operations_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/operations"
)

func TestInCodeFindsLiteralsOfInputs(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.go": `package a
import ("github.com/aws/aws-sdk-go-v2/service/s3"; runtime "github.com/aws/aws-sdk-go-v2/service/bedrockruntime"; "example.com/other")
var _ = &s3.GetObjectInput{}
var _ = runtime.ConverseInput{}
var _ = other.PutInput{}
var _ s3.PutObjectInput
`,
		"a_test.go": `package a
import "github.com/aws/aws-sdk-go-v2/service/s3"
var _ = &s3.DeleteObjectInput{}
`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := operations.InCode(folder, ".")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bedrock-runtime:Converse", "s3:GetObject"}, found); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := operations.InCode(folder, "absent"); err == nil {
		t.Error("no error about an absent folder")
	}
}
