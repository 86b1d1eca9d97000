package pipeline_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

const toolsAccount = "111111111111"

// Sources of a pipeline, as JSON.
const (
	fromGitHub     = `{"connection_arn": "arn:aws:codeconnections:eu-west-1:111111111111:connection/12345678-1234-1234-1234-123456789012", "repository": "acme/defog-cdk"}`
	fromCodeCommit = `{"repository": "defog-cdk", "branch": "release"}`
	fromS3         = `{"bucket": "acme-sources", "key": "defog-cdk.zip"}`
)

// One, two and six stages, as JSON.
const (
	oneStage  = `[{"stage": "prod", "account": "333333333333", "region": "eu-west-1"}]`
	twoStages = `[{"stage": "test", "account": "222222222222", "region": "eu-west-1"},
		{"stage": "prod", "account": "333333333333", "region": "us-east-1", "approve": true}]`
	sixStages = `[{"stage": "dev", "account": "222222222222", "region": "eu-west-1"},
		{"stage": "test", "account": "222222222222", "region": "eu-west-1"},
		{"stage": "load", "account": "222222222222", "region": "us-east-1"},
		{"stage": "beta", "account": "333333333333", "region": "eu-west-1", "approve": true},
		{"stage": "canary", "account": "333333333333", "region": "ap-southeast-2"},
		{"stage": "prod", "account": "333333333333", "regions": ["eu-west-1", "us-east-1", "ap-southeast-2"], "approve": true}]`
)

// pipelineSettings returns the settings of a pipeline in its own account and
// eu-west-1, whose stages read a secret, with changes.
func pipelineSettings(t *testing.T, source, stages string, changes map[string]any) config.Config {
	t.Helper()
	return settings.Load(t, settings.With(map[string]any{
		"app_name": "defog", "pipeline": "true", "pipeline_source": source, "pipeline_stages": stages,
		"pipeline_account": toolsAccount, "pipeline_region": "eu-west-1",
		"credentials_secret": "defog/credentials", "db_type": "postgres",
	}, changes))
}

// newPipeline makes the pipeline in a new app.
func newPipeline(t *testing.T, conf config.Config) (app awscdk.App, stack awscdk.Stack) {
	t.Helper()
	app = stacktest.App(t, nil)
	if err := stacks.New(t.Context(), app, stacktest.Artifacts(t, conf, artifact.Environment{}), stacks.Options{}); err != nil {
		t.Fatal(err)
	}
	jsii.UnsafeCast(app.Node().FindChild(jsii.String(conf.PipelineName())), &stack)
	return app, stack
}

// action is one action of a pipeline, as the template has it.
type action struct {
	Name, Region  string
	Namespace     string
	RunOrder      int
	RoleArn       any
	ActionTypeId  struct{ Category, Provider string }
	Configuration map[string]any
}

// pipelineOf returns the pipeline's stages from its template: their names in
// order, and the actions of each.
func pipelineOf(t *testing.T, stack awscdk.Stack) (names []string, actions map[string][]action) {
	t.Helper()
	var pipeline struct {
		PipelineType string
		Stages       []struct {
			Name    string
			Actions []action
		}
	}
	stacktest.Properties(t, assertions.Template_FromStack(stack, nil), "AWS::CodePipeline::Pipeline", &pipeline)
	if pipeline.PipelineType != "V2" {
		t.Errorf("a pipeline of type %q", pipeline.PipelineType)
	}
	actions = map[string][]action{}
	for _, stage := range pipeline.Stages {
		names = append(names, stage.Name)
		slices.SortStableFunc(stage.Actions, func(a, b action) int { return a.RunOrder - b.RunOrder })
		actions[stage.Name] = stage.Actions
	}
	return names, actions
}

func TestPipelineDeploysStagesInOrder(t *testing.T) {
	smoke := map[string]any{"smoke_question": "How many?"}
	for _, test := range []struct {
		name, source, stages string
		want                 []string
		last                 []string // the actions of the last stage, with their regions and accounts
		support              []string // regions with a bucket for artifacts, besides the pipeline's
	}{
		{"one", fromGitHub, oneStage, []string{"prod"}, []string{
			"defog-prod.Prepare - 333333333333", "defog-prod.Deploy - 333333333333", "Smoke - -",
		}, nil},
		{"two", fromCodeCommit, twoStages, []string{"test", "prod"}, []string{
			"Review - -", "Approve - -", "defog-prod.Prepare us-east-1 333333333333", "defog-prod.Deploy us-east-1 333333333333", "Smoke - -",
		}, []string{"us-east-1"}},
		{"six", fromS3, sixStages, []string{"dev", "test", "load", "beta", "canary", "prod"}, []string{
			"Review - -", "Approve - -",
			"prod-eu-west-1.defog-prod.Prepare - 333333333333", "prod-us-east-1.defog-prod.Prepare us-east-1 333333333333", "prod-ap-southeast-2.defog-prod.Prepare ap-southeast-2 333333333333",
			"prod-eu-west-1.defog-prod.Deploy - 333333333333", "prod-us-east-1.defog-prod.Deploy us-east-1 333333333333", "prod-ap-southeast-2.defog-prod.Deploy ap-southeast-2 333333333333",
			"prod-eu-west-1.Smoke - -", "prod-us-east-1.Smoke - -", "prod-ap-southeast-2.Smoke - -",
		}, []string{"ap-southeast-2", "us-east-1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, stack := newPipeline(t, pipelineSettings(t, test.source, test.stages, smoke))
			names, actions := pipelineOf(t, stack)
			if diff := cmp.Diff(append([]string{"Source", "Build", "UpdatePipeline", "Assets"}, test.want...), names); diff != "" {
				t.Errorf("stages: -want +got:\n%s", diff)
			}
			var last []string
			for _, a := range actions[names[len(names)-1]] {
				account := "-"
				if role := regexp.MustCompile(`:iam::(\d+):role/cdk-hnb659fds-deploy-role`).FindStringSubmatch(fmt.Sprint(a.RoleArn)); role != nil {
					account = role[1]
				}
				last = append(last, fmt.Sprintf("%s %s %s", a.Name, orElse(a.Region, "-"), account))
			}
			if diff := cmp.Diff(test.last, last); diff != "" {
				t.Errorf("actions of the last stage: -want +got:\n%s", diff)
			}
			var support []string
			for _, other := range stacksOf(app) {
				if name := *other.StackName(); strings.Contains(name, "support") {
					support = append(support, *other.Region())
					expireAndEncrypt(t, other)
				}
			}
			slices.Sort(support)
			if diff := cmp.Diff(test.support, support); diff != "" {
				t.Errorf("support: -want +got:\n%s", diff)
			}
			expireAndEncrypt(t, stack)
		})
	}
}

func TestApprovalContainsReview(t *testing.T) {
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, twoStages, nil))
	_, actions := pipelineOf(t, stack)
	review, approve := actions["prod"][0], actions["prod"][1]
	if review.Namespace == "" || approve.Configuration["CustomData"] != "Deploy this? #{"+review.Namespace+".REVIEW}" || approve.RunOrder <= review.RunOrder {
		t.Errorf("%+v\n%+v", review, approve)
	}
	made := assertions.Template_FromStack(stack, nil)
	made.HasResourceProperties(jsii.String("AWS::CodeBuild::Project"), map[string]any{"Source": map[string]any{
		"BuildSpec": assertions.Match_StringLikeRegexp(jsii.String(`"exported-variables": \[\s*"REVIEW"`)),
	}})
	made.HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::333333333333:role/cdk-hnb659fds-lookup-role-333333333333-us-east-1",
		}}),
	}})
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// stacksOf lists all stacks of an app, with those in nested assemblies.
func stacksOf(app awscdk.App) (stacks []awscdk.Stack) {
	for _, child := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if *awscdk.Stack_IsStack(child) {
			var stack awscdk.Stack
			jsii.UnsafeCast(child, &stack)
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// expireAndEncrypt checks the stack's artifact bucket: the key rotates, requests
// require TLS, nothing is public, and objects expire.
func expireAndEncrypt(t *testing.T, stack awscdk.Stack) {
	t.Helper()
	made := assertions.Template_FromStack(stack, nil)
	made.AllResourcesProperties(jsii.String("AWS::KMS::Key"), map[string]any{"EnableKeyRotation": true})
	made.AllResourcesProperties(jsii.String("AWS::S3::Bucket"), assertions.Match_ObjectLike(&map[string]any{
		"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{assertions.Match_ObjectLike(&map[string]any{
			"ServerSideEncryptionByDefault": assertions.Match_ObjectLike(&map[string]any{"SSEAlgorithm": "aws:kms"}),
		})}},
		"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"LifecycleConfiguration":         map[string]any{"Rules": []any{assertions.Match_ObjectLike(&map[string]any{"ExpirationInDays": 30, "Status": "Enabled"})}},
	}))
	made.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1))
	made.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"), map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{assertions.Match_ObjectLike(&map[string]any{
			"Effect": "Deny", "Action": "s3:*", "Principal": map[string]any{"AWS": "*"},
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		})}),
	}})
}

func TestBuildsHaveNeitherPrivilegesNorSecrets(t *testing.T) {
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, twoStages, map[string]any{"smoke_question": "How many?"}))
	made := assertions.Template_FromStack(stack, nil)
	projects := *made.FindResources(jsii.String("AWS::CodeBuild::Project"), nil)
	if len(projects) != 6 { // build, renewal, assets, a review, and a smoke test for each stage
		t.Errorf("%d projects", len(projects))
	}
	made.AllResourcesProperties(jsii.String("AWS::CodeBuild::Project"), assertions.Match_ObjectLike(&map[string]any{
		"Environment": assertions.Match_ObjectLike(&map[string]any{
			"Type": "ARM_CONTAINER", "Image": "aws/codebuild/amazonlinux-aarch64-standard:3.0", "PrivilegedMode": false,
		}),
		"LogsConfig": map[string]any{"CloudWatchLogs": assertions.Match_ObjectLike(&map[string]any{"Status": "ENABLED"})},
	}))
	denied := *made.FindResources(jsii.String("AWS::IAM::Policy"), map[string]any{"Properties": map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{map[string]any{"Sid": "NoSecrets", "Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}}),
	}}})
	if len(denied) != len(projects) {
		t.Errorf("%d of %d projects are denied secrets", len(denied), len(projects))
	}
	made.HasResourceProperties(jsii.String("AWS::CodeBuild::Project"), map[string]any{
		"Cache": assertions.Match_ObjectLike(&map[string]any{"Type": "S3"}),
	})
}

func TestSmokeTestMayCallOneAPI(t *testing.T) {
	app, stack := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, map[string]any{"smoke_question": "How many?", "smoke_expect": "3"}))
	assertions.Template_FromStack(stack, nil).HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{"RoleName": "defog-pipeline-prod-smoke"})
	assertions.Template_FromStack(stack, nil).HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::333333333333:role/defog-prod-smoke",
		}}),
	}})
	for _, other := range stacksOf(app) {
		if *other.StackName() != "defog-prod" {
			continue
		}
		assertions.Template_FromStack(other, nil).HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{
			"RoleName": "defog-prod-smoke",
			"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
				"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"AWS": "arn:aws:iam::111111111111:root"},
				"Condition": map[string]any{"ArnLike": map[string]any{"aws:PrincipalArn": []any{"arn:aws:iam::111111111111:role/defog-pipeline-prod-smoke"}}},
			}}},
			"Policies": []any{map[string]any{"PolicyName": "Ask", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
				"Effect": "Allow", "Action": "execute-api:Invoke",
				"Resource": map[string]any{"Fn::Join": []any{"", []any{"arn:aws:execute-api:eu-west-1:333333333333:", assertions.Match_AnyValue(), "/$default/POST/"}}},
			}}}}},
		})
		return
	}
	t.Error("no stack defog-prod")
}

// TestSmokeSetIsEvaluated checks the step's commands: the set is a file of the checkout,
// and the step may do no more than with a smoke question.
func TestSmokeSetIsEvaluated(t *testing.T) {
	build := func(more map[string]any) string {
		_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, settings.With(map[string]any{"smoke_question": "How many?"}, more)))
		return fmt.Sprint(*assertions.Template_FromStack(stack, nil).ToJSON())
	}
	text := build(map[string]any{"smoke_set": "evaluation/set.json", "smoke_min_accuracy": 75})
	for _, part := range []string{"./defog evaluate --url=", "--auth=iam --min-accuracy=0.75 ", "--role-arn=", "checkout/$SMOKE_SET", "SMOKE_SET", "evaluation/set.json"} {
		if !strings.Contains(text, part) {
			t.Errorf("the template lacks %s", part)
		}
	}
	if text := build(nil); strings.Contains(text, "SMOKE_SET") || strings.Contains(text, "defog evaluate") {
		t.Error("a pipeline without the setting evaluates a set")
	}
}

func TestStageWithoutSmokeQuestionHasNoSmokeRole(t *testing.T) {
	app, _ := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, nil))
	for _, stack := range stacksOf(app) {
		if text := fmt.Sprint(*assertions.Template_FromStack(stack, nil).ToJSON()); strings.Contains(text, "smoke") {
			t.Errorf("%s", *stack.StackName())
		}
	}
}

func TestServicesActForOneAccountOnly(t *testing.T) {
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, sixStages, map[string]any{"pipeline_notify_email": "ops@example.com"}))
	template := assertions.Template_FromStack(stack, nil)
	services := map[string]int{}
	check := func(name string, document any) {
		for _, value := range document.(map[string]any)["Statement"].([]any) {
			statement := value.(map[string]any)
			principal, _ := statement["Principal"].(map[string]any)
			service, isService := principal["Service"].(string)
			if !isService {
				continue
			}
			services[service]++
			condition, _ := statement["Condition"].(map[string]any)
			if equals, _ := condition["StringEquals"].(map[string]any); equals["aws:SourceAccount"] != toolsAccount {
				t.Errorf("%s trusts %s with %v", name, service, statement["Condition"])
			}
		}
	}
	for name, resource := range *template.ToJSON() {
		if name != "Resources" {
			continue
		}
		for id, value := range resource.(map[string]any) {
			properties, _ := value.(map[string]any)["Properties"].(map[string]any)
			for _, property := range []string{"AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy"} {
				if document := properties[property]; document != nil {
					check(id, document)
				}
			}
		}
	}
	for _, service := range []string{"codebuild.amazonaws.com", "codepipeline.amazonaws.com", "codestar-notifications.amazonaws.com"} {
		if services[service] == 0 {
			t.Errorf("no policy names %s", service)
		}
	}
}

func TestRoleUsesOnlyKeysOfItsArtifacts(t *testing.T) {
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, sixStages, nil))
	template := assertions.Template_FromStack(stack, nil)
	actions := []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}
	key := func(region string) string { return "arn:aws:kms:" + region + ":" + toolsAccount + ":key/*" }
	template.HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{
		"PolicyName": assertions.Match_StringLikeRegexp(jsii.String("^PipelineRoleDefaultPolicy")),
		"PolicyDocument": map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
			map[string]any{"Effect": "Allow", "Action": actions, "Resource": []any{map[string]any{"Fn::GetAtt": []any{assertions.Match_AnyValue(), "Arn"}}}},
			map[string]any{
				"Effect": "Allow", "Action": actions, "Resource": []any{key("ap-southeast-2"), key("us-east-1")},
				"Condition": map[string]any{"ForAnyValue:StringEquals": map[string]any{"kms:ResourceAliases": []any{
					assertions.Match_StringLikeRegexp(jsii.String("^alias/")), assertions.Match_StringLikeRegexp(jsii.String("^alias/")),
				}}},
			},
			assertions.Match_ObjectLike(&map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole"}), // the grants after it stay
		})},
	})
}

func TestMain(m *testing.M) { stacktest.Main(m) }

func TestSynthWarnsAboutFilesOutsideCheckout(t *testing.T) {
	elsewhere := settings.Folder(t, map[string]string{"golden.json": "{}"})
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, map[string]any{"function_source_dependencies_zip": elsewhere}))
	if diff := cmp.Diff([]string{"defog:not-in-checkout"}, stacktest.Warnings(stack)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The role's ARN implies the dependency on the role (cfn-lint's W3005). When the
// CDK stops adding it, remove dependOnPolicy.
func TestPipelineDependsOnItsPolicyAlone(t *testing.T) {
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, nil))
	template := assertions.Template_FromStack(stack, nil)
	for _, pipeline := range *template.FindResources(jsii.String("AWS::CodePipeline::Pipeline"), nil) {
		dependencies, _ := (*pipeline)["DependsOn"].([]any)
		if len(dependencies) != 1 || !strings.HasPrefix(fmt.Sprint(dependencies[0]), "PipelineRoleDefaultPolicy") {
			t.Errorf("depends on %v", dependencies)
		}
	}

	plain := awscdk.NewStack(stacktest.App(t, nil), jsii.String("plain"), nil)
	bucket := awss3.Bucket_FromBucketName(plain, jsii.String("Bucket"), jsii.String("sources"))
	artifact := awscodepipeline.NewArtifact(nil, nil)
	awscodepipeline.NewPipeline(plain, jsii.String("Pipeline"), &awscodepipeline.PipelineProps{
		ArtifactBucket: bucket,
		Stages: &[]*awscodepipeline.StageProps{
			{StageName: jsii.String("Source"), Actions: &[]awscodepipeline.IAction{awscodepipelineactions.NewS3SourceAction(&awscodepipelineactions.S3SourceActionProps{
				ActionName: jsii.String("Source"), Bucket: bucket, BucketKey: jsii.String("a.zip"), Output: artifact, Trigger: awscodepipelineactions.S3Trigger_NONE,
			})}},
			{StageName: jsii.String("Deploy"), Actions: &[]awscodepipeline.IAction{awscodepipelineactions.NewS3DeployAction(&awscodepipelineactions.S3DeployActionProps{
				ActionName: jsii.String("Deploy"), Bucket: bucket, Input: artifact,
			})}},
		},
	})
	for _, pipeline := range *assertions.Template_FromStack(plain, nil).FindResources(jsii.String("AWS::CodePipeline::Pipeline"), nil) {
		if dependencies, _ := (*pipeline)["DependsOn"].([]any); len(dependencies) != 2 {
			t.Errorf("the CDK's own pipeline depends on %v, want its role and its policy", dependencies)
		}
	}
}
