package test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"defog-cdk/internal/localaws"
)

// TestDeployRole deploys review/deploy-role.yml to a local AWS that enforces IAM. A
// caller with its policy deploys an assembly as review/github-deploy.yml does, and may
// do nothing else.
func TestDeployRole(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "byrole", enforcingAWS)
	secret := d.createSecret(t)
	outputs := deployRoleTemplate(t, d)
	deployer := createUser(t, d, "deployer", policyDocument(t, d, outputs["PolicyArn"]))
	if !strings.Contains(outputs["RoleArn"], ":role/") || !strings.Contains(outputs["CodeBuildRoleArn"], ":role/") {
		t.Errorf("the outputs are %v", outputs)
	}

	assembly := filepath.Join(t.TempDir(), "cdk.out")
	synth := slices.Concat([]string{"cdk", "synth", "--quiet", "-o", assembly}, d.settings(secret...), []string{"-c", "architecture=" + localaws.Architecture()})
	if output, code := command(t, d.aws.Environ(os.Environ()), "npx", synth...); code != 0 {
		t.Fatal(output)
	}
	as := append(d.aws.Environ(os.Environ()), "AWS_ACCESS_KEY_ID="+deployer.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+deployer.SecretAccessKey)
	if output, code := command(t, as, "npx", "cdk", "deploy", "--app", assembly, "--all", "--require-approval", "never"); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, output)
	}
	d.resources(t, "AWS::Lambda::Function")
	// The comparison before the next deployment, with the role that reads.
	if output, code := command(t, as, defog.get(t), "review", "--app", assembly); code != 0 || !strings.Contains(output, "### Stack `byrole-dev`: no changes") {
		t.Errorf("review: exit code %d:\n%s", code, output)
	}

	bootstrap := func(role string) string {
		return "arn:aws:iam::000000000000:role/cdk-hnb659fds-" + role + "-000000000000-" + region
	}
	client := sts.NewFromConfig(d.config(deployer))
	for role, want := range map[string]bool{
		"deploy-role": true, "file-publishing-role": true, "lookup-role": true, "image-publishing-role": false, "cfn-exec-role": false,
	} {
		_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(bootstrap(role)), RoleSessionName: aws.String("test")})
		if (err == nil) != want {
			t.Errorf("%s: %v", role, err)
		}
	}
	for name, err := range map[string]error{
		"read the stack": func() error {
			_, err := cloudformation.NewFromConfig(d.config(deployer)).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(d.stack())})
			return err
		}(),
		"list buckets": func() error {
			_, err := s3.NewFromConfig(d.config(deployer)).ListBuckets(t.Context(), nil)
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// deployRoleTemplate deploys the template, and returns its outputs. Local AWS does not
// support AWS::IAM::OIDCProvider.
func deployRoleTemplate(t *testing.T, d *deployment) map[string]string {
	t.Helper()
	template, err := os.ReadFile(filepath.Join(checkout, "review", "deploy-role.yml"))
	if err != nil {
		t.Fatal(err)
	}
	client, name := cloudformation.NewFromConfig(d.config(root())), "byrole-deploy"
	input := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(string(template)), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam}}
	for key, value := range map[string]string{
		"Repository": "owner/shop", "CodeBuildProject": "deploys",
		"ProviderArn": "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com",
	} {
		input.Parameters = append(input.Parameters, cfntypes.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	if _, err := client.CreateStack(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	described := &cloudformation.DescribeStacksInput{StackName: &name}
	output, err := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	}).WaitForOutput(t.Context(), described, 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	for _, output := range output.Stacks[0].Outputs {
		outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	return outputs
}

// policyDocument returns the document of a managed policy.
func policyDocument(t *testing.T, d *deployment, arn string) string {
	t.Helper()
	client := iam.NewFromConfig(d.config(root()))
	policy, err := client.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	version, err := client.GetPolicyVersion(t.Context(), &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		t.Fatal(err)
	}
	document, err := url.QueryUnescape(aws.ToString(version.PolicyVersion.Document))
	if err != nil {
		t.Fatal(err)
	}
	return document
}
