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
)

// TestLeastPrivilege deploys to a local AWS that enforces IAM. The function and its
// callers may do what they need and nothing else.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "privilege", enforcingAWS)
	d.deploy(t, d.createSecret(t)...)
	d.generator.Teach("How many?", "SELECT 1")
	f := findFunction(t, d)
	f.restart(t) // with a folder in which no other stack has extracted dependencies

	t.Run("role suffices for an answer", func(t *testing.T) {
		if err := f.answers(t); err != nil {
			t.Error(err)
		}
	})
	t.Run("role has no action that is not needed", f.testNothingIdle)
	t.Run("role allows nothing else", f.testNothingElse)
	t.Run("API answers authorized callers alone", func(t *testing.T) { testCallers(t, d) })
	t.Run("console answers its page alone", func(t *testing.T) { testConsole(t, d) })
}

// testNothingIdle removes one action after the other from the role, and expects
// that the part which needs it fails.
func (f *deployedFunction) testNothingIdle(t *testing.T) {
	const stream = "of an earlier sandbox"
	if err := createStream(t, f.config(root()), f.logGroup, stream); err != nil {
		t.Fatal(err)
	}
	needs := map[string]func(t *testing.T) error{
		"s3:GetObject":                  f.answers,
		"secretsmanager:GetSecretValue": f.answers,
		// Lambda writes the log with the role's credentials. Local AWS needs none
		// for that, so the test does what Lambda does.
		"logs:CreateLogStream": func(t *testing.T) error { return createStream(t, f.asRole, f.logGroup, "of a new sandbox") },
		"logs:PutLogEvents":    func(t *testing.T) error { return putEvent(t, f.asRole, f.logGroup, stream) },
	}
	name, policy := f.policy(t)
	policy.trimLogGroups()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(needs)), policy.actions()); diff != "" {
		t.Fatalf("the role allows other actions than this test has a need for: -test +role:\n%s", diff)
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

// testNothingElse tries with the role's credentials what an intruder in the
// function would.
func (f *deployedFunction) testNothingElse(t *testing.T) {
	ctx := t.Context()
	if _, err := secretsmanager.NewFromConfig(f.config(root())).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(f.secretName() + "-other"), SecretString: aws.String("other"),
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
	if err := errors.Join(getObject(key), getSecret(f.secretName())); err != nil {
		t.Fatalf("allowed: %v", err)
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
		"read a secret of a similar name": func() error { return getSecret(f.secretName() + "-other") },
		"change the secret": func() error {
			_, err := secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(f.secretName()), SecretString: aws.String("mine")})
			return err
		},
		"read the log": func() error {
			_, err := readLog(t, f.asRole, f.logGroup)
			return err
		},
		"write another log": func() error { return createStream(t, f.asRole, "/aws/lambda/other", "mine") },
		"change the function": func() error {
			_, err := lambda.NewFromConfig(f.asRole).UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name})
			return err
		},
		"change the role": func() error {
			_, err := iam.NewFromConfig(f.asRole).PutRolePolicy(ctx, &iam.PutRolePolicyInput{
				RoleName: &f.role, PolicyName: aws.String("mine"), PolicyDocument: aws.String(allow("*", "*")),
			})
			return err
		},
		"read the template": func() error {
			_, err := cloudformation.NewFromConfig(f.asRole).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(f.stack())})
			return err
		},
	} {
		if refused, ok := errors.AsType[smithy.APIError](try()); !ok || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
			t.Errorf("%s: %v", what, refused)
		}
	}
}

// answers sends a question. If the function is not ready, the error contains its
// answer and its log.
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
