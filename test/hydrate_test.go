package test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/runtimeapi"
)

// hydrateFunctions creates functions on local AWS with hydrate as their bootstrap.
// A bucket holds their dependencies.
type hydrateFunctions struct {
	lambda  *lambda.Client
	s3      *s3.Client
	program []byte
}

func newHydrateFunctions(t *testing.T) *hydrateFunctions {
	t.Helper()
	config := sdkConfig(sharedAWS(t, plainAWS), root())
	h := &hydrateFunctions{lambda: lambda.NewFromConfig(config), s3: s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })}
	file := filepath.Join(t.TempDir(), "hydrate")
	if err := runtimeapi.BuildHydrate(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.program, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("packages")}); err != nil {
		t.Fatal(err)
	}
	return h
}

// zipWith returns a zip of files that are all executable.
func zipWith(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for name, content := range files {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		header.SetMode(0o755)
		member, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// create uploads the dependencies and creates a function whose bootstrap is hydrate.
// The given bootstrap is the original one, which hydrate starts.
func (h *hydrateFunctions) create(t *testing.T, name, bootstrap string, dependencies []byte, variables map[string]string) {
	t.Helper()
	key := name + ".zip"
	if _, err := h.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("packages"), Key: &key, Body: bytes.NewReader(dependencies)}); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(dependencies)
	environment := map[string]string{
		environ.DependenciesBucket: "packages", environ.DependenciesKey: key, environ.DependenciesHash: hex.EncodeToString(hash[:]),
	}
	for name, value := range variables {
		environment[name] = value
	}
	code := zipWith(t, map[string]string{"bootstrap": string(h.program), environ.OriginalBootstrap: bootstrap, "handler.py": squareHandler})
	_, err := h.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("handler.handler"), Timeout: aws.Int32(60),
		Role: aws.String("arn:aws:iam::000000000000:role/function"), Code: &types.FunctionCode{ZipFile: code},
		Environment: &types.Environment{Variables: environment},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// invoke returns the result, and the kind of error if there is one.
func (h *hydrateFunctions) invoke(t *testing.T, name, event string) (answer, failure string) {
	t.Helper()
	out, err := h.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(event)})
	if err != nil {
		t.Fatal(err)
	}
	return string(out.Payload), aws.ToString(out.FunctionError)
}

const squareHandler = `
import os, square

def handler(event, context):
    return [square.area(event["side"]), square.__file__.startswith(os.environ["DEFOG_DEPENDENCIES_FOLDER"])]
`

// TestHydrateStartsProvidedRuntimes invokes functions of a provided runtime, with
// valid and with invalid dependencies.
func TestHydrateStartsProvidedRuntimes(t *testing.T) {
	t.Parallel()
	h := newHydrateFunctions(t)
	dependencies := zipWith(t, map[string]string{"square.py": "def area(side): return side * side\n", "bin/runtime": "#!/bin/sh\nexec python3 -m awslambdaric \"$@\"\n"})
	const original = "#!/bin/sh\nexec python3 -m awslambdaric \"$_HANDLER\"\n"
	for name, variables := range map[string]map[string]string{
		"original": nil,
		"command":  {environ.FunctionCommand: `["python3", "-m", "awslambdaric", "handler.handler"]`},
		"packaged": {environ.FunctionCommand: `["runtime", "handler.handler"]`},
	} {
		t.Run(name, func(t *testing.T) {
			h.create(t, name, original, dependencies, variables)
			for _, event := range []string{`{"side": 7}`, `{"side": 7}`} {
				if answer, failure := h.invoke(t, name, event); failure != "" || answer != "[49, true]" {
					t.Errorf("answer %s, error %q", answer, failure)
				}
			}
		})
	}
	for name, test := range map[string]struct {
		dependencies []byte
		variables    map[string]string
		want         []string
	}{
		"broken": {[]byte("no zip"), nil, []string{"Hydrate.Refused", "s3://packages/broken.zip", "not a zip"}},
		"wrong":  {dependencies, map[string]string{environ.DependenciesHash: strings.Repeat("0", 64)}, []string{"Hydrate.Refused", "SHA-256"}},
		"absent": {dependencies, map[string]string{environ.DependenciesHash: strings.Repeat("0", 64), environ.DependenciesKey: "other.zip"}, []string{"Hydrate.Fetch", "s3://packages/other.zip", "check the key"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.create(t, name, original, test.dependencies, test.variables)
			answer, failure := h.invoke(t, name, `{"side": 7}`)
			if failure == "" {
				t.Errorf("the function started and returned %s", answer)
			}
			for _, want := range test.want {
				if !strings.Contains(answer, want) {
					t.Errorf("the error does not contain %q: %s", want, answer)
				}
			}
		})
	}
}
