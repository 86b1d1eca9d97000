package test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"defog-cdk/internal/environ"
)

// deployedFunction is the stack's function, as the account's root user has it.
type deployedFunction struct {
	*deployment
	name      string
	role      string // its name
	logGroup  string
	variables map[string]string
	folders   string // for the dependencies of its sandboxes
	restarts  int
	asRole    aws.Config // calls AWS with the function's role
}

func findFunction(t *testing.T, d *deployment) *deployedFunction {
	t.Helper()
	f := &deployedFunction{deployment: d, folders: t.TempDir(), name: d.resources(t, "AWS::Lambda::Function")[0]}
	config, err := f.lambda().GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	_, f.role, _ = strings.Cut(aws.ToString(config.Role), ":role/")
	f.logGroup, f.variables = aws.ToString(config.LoggingConfig.LogGroup), config.Environment.Variables
	f.asRole = d.config(roleCredentials(t, f.lambda(), f.app, config.Role))
	return f
}

func (f *deployedFunction) lambda() *lambda.Client { return lambda.NewFromConfig(f.config(root())) }

// restart gives the function a new sandbox. All sandboxes of a local AWS share
// one temporary directory, so this one gets a new folder for the dependencies.
func (f *deployedFunction) restart(t *testing.T) {
	t.Helper()
	f.restarts++
	f.variables[environ.DependenciesDirectory] = filepath.Join(f.folders, strconv.Itoa(f.restarts))
	if _, err := f.lambda().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &f.name, Environment: &types.Environment{Variables: f.variables},
	}); err != nil {
		t.Fatal(err)
	}
	f.release(t)
}

// release publishes a version and points the function's aliases to it.
func (f *deployedFunction) release(t *testing.T) {
	t.Helper()
	listed, err := f.lambda().ListAliases(t.Context(), &lambda.ListAliasesInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	for _, alias := range listed.Aliases {
		published, err := f.lambda().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.lambda().UpdateAlias(t.Context(), &lambda.UpdateAliasInput{
			FunctionName: &f.name, Name: alias.Name, FunctionVersion: published.Version,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// roleCredentials returns the credentials that Lambda gives to functions with the
// role. A function that is created for it, with a name that begins with app,
// returns them.
func roleCredentials(t *testing.T, functions *lambda.Client, app string, role *string) aws.Credentials {
	t.Helper()
	const code = `
import os
def handler(event, context):
    names = {"AccessKeyID": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY", "SessionToken": "AWS_SESSION_TOKEN"}
    return {field: os.environ[name] for field, name in names.items()}
`
	name := aws.String(app + "-credentials")
	if _, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: name, Role: role, Runtime: types.RuntimePython312, Handler: aws.String("index.handler"),
		Code: &types.FunctionCode{ZipFile: zipOf(t, "index.py", code)},
	}); err != nil {
		t.Fatal(err)
	}
	invoked, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: name})
	if err != nil {
		t.Fatal(err)
	}
	var got aws.Credentials
	if err := json.Unmarshal(invoked.Payload, &got); err != nil || !got.HasKeys() {
		t.Fatalf("%v: status %d", err, invoked.StatusCode)
	}
	return got
}

// zipOf returns a zip with one file.
func zipOf(t *testing.T, name, content string) []byte {
	t.Helper()
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	file, err := archive.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, content)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}
