package test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
	"defog-cdk/local"
)

// TestLeastPrivilege proves, on a local AWS that enforces IAM, that the
// function and its callers may do what they must and nothing else.
func TestLeastPrivilege(t *testing.T) {
	w := newWorld(t, local.EnforceIAM())
	w.deploy(t, w.createSecret(t)...)
	w.generator.Teach("How many?", "SELECT 1")
	f := findFunction(t, w)

	t.Run("the function works with its own role", func(t *testing.T) {
		if err := f.answers(t); err != nil {
			t.Error(err)
		}
	})
	t.Run("no action of the role is idle", f.testNothingIdle)
	t.Run("the role allows nothing else", f.testNothingElse)
	t.Run("only who may call the API gets an answer", func(t *testing.T) { testCallers(t, w) })
}

// testNothingIdle takes one action after the other away from the role, and
// sees fail what the function has it for.
func (f *deployedFunction) testNothingIdle(t *testing.T) {
	const stream = "of an earlier sandbox"
	if err := createStream(t, f.config(root()), f.logGroup, stream); err != nil {
		t.Fatal(err)
	}
	needs := map[string]func(t *testing.T) error{
		"s3:GetObject":                  f.answers,
		"secretsmanager:GetSecretValue": f.answers,
		// Lambda writes the log with the role's credentials. The local one
		// needs none to write it, so the test does what Lambda does.
		"logs:CreateLogStream": func(t *testing.T) error { return createStream(t, f.asRole, f.logGroup, "of a new sandbox") },
		"logs:PutLogEvents":    func(t *testing.T) error { return putEvent(t, f.asRole, f.logGroup, stream) },
	}
	name, policy := f.policy(t)
	policy.trimLogGroups()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(needs)), policy.actions()); diff != "" {
		t.Fatalf("the role allows other actions than this test knows a need for: -test +role:\n%s", diff)
	}
	for action, need := range needs {
		t.Run(action, func(t *testing.T) {
			f.setPolicy(t, name, policy.without(action))
			f.restart(t)
			if err := need(t); err == nil || !strings.Contains(err.Error(), "not authorized to perform: "+action) {
				t.Errorf("without it: %v", err)
			}
			f.setPolicy(t, name, policy)
			f.restart(t)
			if err := need(t); err != nil {
				t.Errorf("with it again: %v", err)
			}
		})
	}
}

// testNothingElse tries with the role's credentials what somebody would who
// had got into the function.
func (f *deployedFunction) testNothingElse(t *testing.T) {
	ctx := t.Context()
	if _, err := secretsmanager.NewFromConfig(f.config(root())).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(secretName + "-other"), SecretString: aws.String("other"),
	}); err != nil {
		t.Fatal(err)
	}
	bucket, key := aws.String(f.variables[environ.DependenciesBucket]), aws.String(f.variables[environ.DependenciesKey])
	objects := s3.NewFromConfig(f.asRole, func(o *s3.Options) { o.UsePathStyle = true })
	secrets := secretsmanager.NewFromConfig(f.asRole)
	getObject := func(key *string) error {
		_, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		return err
	}
	getSecret := func(name string) error {
		_, err := secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		return err
	}
	if err := errors.Join(getObject(key), getSecret(secretName)); err != nil {
		t.Fatalf("what it may: %v", err)
	}

	for what, try := range map[string]func() error{
		"read another object": func() error { return getObject(aws.String("other.zip")) },
		"list the bucket": func() error {
			_, err := objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
			return err
		},
		"replace the dependencies": func() error {
			_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("mine")})
			return err
		},
		"read a secret of a similar name": func() error { return getSecret(secretName + "-other") },
		"change the secret": func() error {
			_, err := secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(secretName), SecretString: aws.String("mine")})
			return err
		},
		"read its log": func() error {
			_, err := readLog(t, f.asRole, f.logGroup)
			return err
		},
		"write another log": func() error { return createStream(t, f.asRole, "/aws/lambda/other", "mine") },
		"change itself": func() error {
			_, err := lambda.NewFromConfig(f.asRole).UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name})
			return err
		},
		"change its role": func() error {
			_, err := iam.NewFromConfig(f.asRole).PutRolePolicy(ctx, &iam.PutRolePolicyInput{
				RoleName: &f.role, PolicyName: aws.String("mine"), PolicyDocument: aws.String(allow("*", "*")),
			})
			return err
		},
		"read the template": func() error {
			_, err := cloudformation.NewFromConfig(f.asRole).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(stackName)})
			return err
		},
	} {
		if refused, ok := errors.AsType[smithy.APIError](try()); !ok || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
			t.Errorf("%s: %v", what, refused)
		}
	}
}

// answers asks the function. One that is not ready says so, and the error
// holds its log, which says why.
func (f *deployedFunction) answers(t *testing.T) error {
	t.Helper()
	status, body := f.post(t, `{"question": "How many?"}`)
	if status == http.StatusOK {
		return nil
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("status %d: %s", status, body)
	}
	log, err := readLog(t, f.config(root()), f.logGroup)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Errorf("%s\n%s", body, log)
}

func createStream(t *testing.T, caller aws.Config, group, stream string) error {
	t.Helper()
	_, err := cloudwatchlogs.NewFromConfig(caller).CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: &group, LogStreamName: &stream,
	})
	return err
}

func putEvent(t *testing.T, caller aws.Config, group, stream string) error {
	t.Helper()
	_, err := cloudwatchlogs.NewFromConfig(caller).PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream,
		LogEvents: []logtypes.InputLogEvent{{Message: aws.String("START"), Timestamp: aws.Int64(time.Now().UnixMilli())}},
	})
	return err
}

func readLog(t *testing.T, caller aws.Config, group string) (string, error) {
	t.Helper()
	log, err := cloudwatchlogs.NewFromConfig(caller).FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for _, event := range log.Events {
		fmt.Fprintln(&lines, aws.ToString(event.Message))
	}
	return lines.String(), nil
}
