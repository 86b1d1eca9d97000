package stacks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
)

const (
	toolsAccount = "111111111111"
	testAccount  = "222222222222"
	prodAccount  = "333333333333"
)

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

// pipelineSettings are those of a pipeline in its own account and eu-west-1,
// whose stages read a secret, with changes.
func pipelineSettings(t *testing.T, source, stages string, changes map[string]any) config.Config {
	t.Helper()
	context := map[string]any{
		"app_name": "defog", "pipeline": "true", "pipeline_source": source, "pipeline_stages": stages,
		"pipeline_account": toolsAccount, "pipeline_region": "eu-west-1",
		"credentials_secret": "defog/credentials", "db_type": "postgres",
	}
	maps.Copy(context, changes)
	conf, err := config.Load(context)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// newPipeline makes the pipeline in an app of its own, with stand-ins for the
// compiled programs.
func newPipeline(t *testing.T, conf config.Config) (app awscdk.App, stack awscdk.Stack) {
	t.Helper()
	inputs := &Inputs{Place: pipelinePlace(conf, Place{}), Config: conf}
	for _, stage := range conf.Stages {
		made := StageInputs{Name: stage.Stage, Approve: stage.Approve}
		for _, place := range stagePlaces(stage, inputs.Place) {
			here := newInputs(t, stage.Config)
			here.Place = place
			made.Regions = append(made.Regions, here)
		}
		inputs.Stages = append(inputs.Stages, made)
	}
	app = newApp(t, nil)
	if err := New(app, inputs); err != nil {
		t.Fatal(err)
	}
	jsii.UnsafeCast(app.Node().FindChild(jsii.String(conf.PipelineName())), &stack)
	return app, stack
}

func TestCDKNagFindsNothingInPipelines(t *testing.T) {
	smoke := map[string]any{"smoke_question": "How many?", "smoke_expect": "3", "pipeline_notify_email": "ops@example.com"}
	for name, conf := range map[string]config.Config{
		"one stage, GitHub":       pipelineSettings(t, fromGitHub, oneStage, nil),
		"two stages, CodeCommit":  pipelineSettings(t, fromCodeCommit, twoStages, smoke),
		"six stages, S3, own key": pipelineSettings(t, fromS3, sixStages, with(smoke, map[string]any{"pipeline_kms": ownKey})),
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := newPipeline(t, conf)
			defer func() { // a finding of the level error makes the synthesis itself fail
				if thrown := recover(); thrown != nil {
					t.Errorf("%v", thrown)
				}
			}()
			awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
			finding := assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
			for _, stack := range stacksOf(app) {
				for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), finding) {
					t.Errorf("%s: %v", *message.Id, message.Entry.Data)
				}
				for _, message := range *assertions.Annotations_FromStack(stack).FindError(jsii.String("*"), finding) {
					t.Errorf("%s: %v", *message.Id, message.Entry.Data)
				}
			}
		})
	}
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
	properties(t, assertions.Template_FromStack(stack, nil), "AWS::CodePipeline::Pipeline", &pipeline)
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

func TestThePipelineDeploysItsStagesInOrder(t *testing.T) {
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

func TestTheApprovalShowsTheReview(t *testing.T) {
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

// stacksOf lists all stacks of an app, those in nested assemblies, too.
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

// expireAndEncrypt checks the stack's artifact bucket: its key rotates, requests
// need TLS, nothing is public, and what is in it ends.
func expireAndEncrypt(t *testing.T, stack awscdk.Stack) {
	t.Helper()
	made := assertions.Template_FromStack(stack, nil)
	made.AllResourcesProperties(jsii.String("AWS::KMS::Key"), map[string]any{"EnableKeyRotation": true})
	made.AllResourcesProperties(jsii.String("AWS::S3::Bucket"), assertions.Match_ObjectLike(&map[string]any{
		"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{assertions.Match_ObjectLike(&map[string]any{
			"ServerSideEncryptionByDefault": assertions.Match_ObjectLike(&map[string]any{"SSEAlgorithm": "aws:kms"}),
		})}},
		"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"LifecycleConfiguration":         map[string]any{"Rules": []any{assertions.Match_ObjectLike(&map[string]any{"ExpirationInDays": artifactDays, "Status": "Enabled"})}},
	}))
	made.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1))
	made.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"), map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{assertions.Match_ObjectLike(&map[string]any{
			"Effect": "Deny", "Action": "s3:*", "Principal": map[string]any{"AWS": "*"},
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		})}),
	}})
}

func TestBuildsRunOnARMWithoutPrivilegesOrSecrets(t *testing.T) {
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
		t.Errorf("%d of %d projects are kept from secrets", len(denied), len(projects))
	}
	made.HasResourceProperties(jsii.String("AWS::CodeBuild::Project"), map[string]any{
		"Cache": assertions.Match_ObjectLike(&map[string]any{"Type": "S3"}),
	})
}

func TestTheSmokeTestMayAskOneAPIAlone(t *testing.T) {
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

func TestAStageWithoutASmokeQuestionHasNoRoleForOne(t *testing.T) {
	app, _ := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, nil))
	for _, stack := range stacksOf(app) {
		if text := fmt.Sprint(*assertions.Template_FromStack(stack, nil).ToJSON()); strings.Contains(text, "smoke") {
			t.Errorf("%s", *stack.StackName())
		}
	}
}

// The pipeline's own build must be told what -c said, whatever is in it.
func TestTheBuildCommandCarriesTheCommandLine(t *testing.T) {
	command := buildCommand(config.Config{CommandLine: []string{"app_name=defog", `smoke_question=it's "$(date)" \ é`}})
	output, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "bash pipeline/build.sh", "printf '%s|'", 1)).Output()
	if want := `-c|app_name=defog|-c|smoke_question=it's "$(date)" \ é|`; err != nil || string(output) != want {
		t.Errorf("%s: the shell hands on %s, %v", command, output, err)
	}
}

func TestStagesAlikeShareTheProgramAndTheDependencies(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is compiled does not matter here
	conf := pipelineSettings(t, fromGitHub, `[{"stage": "a"}, {"stage": "b"}, {"stage": "c"}, {"stage": "d", "regions": ["eu-west-1", "us-east-1"]}]`, nil)
	conf.Stages[2].Config.Architecture = "x86_64"
	conf.Stages[3].Config.Connection.DBType = "sqlite"
	inputs, err := Prepare(ctx, conf, Place{}, "../lambda/query/dependencies")
	if err != nil {
		t.Fatal(err)
	}
	var made []*Inputs
	for _, stage := range inputs.Stages {
		made = append(made, stage.Regions...)
	}
	if len(made) != 5 || made[0].Code != made[1].Code || made[0].Code == made[2].Code || made[0].Code == made[3].Code || made[3].Code != made[4].Code {
		t.Errorf("compiled for %d stacks: %+v", len(made), made)
	}
	if made[0].Dependencies != made[4].Dependencies {
		t.Error("the same dependencies were packed twice")
	}
	if err := inputs.Remove(); err != nil {
		t.Error(err)
	}
}

func TestThePipelineInstallsThePinnedCLI(t *testing.T) {
	data, err := os.ReadFile("../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ DevDependencies map[string]string }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	if pinned := manifest.DevDependencies["aws-cdk"]; pinned != cliVersion {
		t.Errorf("the pipeline installs aws-cdk %s, and package.json %s", cliVersion, pinned)
	}
}

func TestRoleNamesFitIAM(t *testing.T) {
	long := strings.Repeat("x", 80)
	if a, b := roleName(long+"a"), roleName(long+"b"); len(a) != 64 || a == b || roleName("short") != "short" {
		t.Errorf("%s, %s", a, b)
	}
}

func TestThePipelineWarnsOfFilesThatItWillNotFind(t *testing.T) {
	elsewhere := folder(t, map[string]string{"golden.json": "{}"})
	_, stack := newPipeline(t, pipelineSettings(t, fromGitHub, oneStage, map[string]any{"function_source_dependencies_zip": elsewhere}))
	if diff := cmp.Diff([]string{"defog:not-in-checkout"}, warnings(stack)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for path, want := range map[string]bool{"testdata/x.json": true, "./a/../b": true, "../x": false, "~/x.json": false, elsewhere: false} {
		if got := inCheckout(path); got != want {
			t.Errorf("%s in the checkout: %v", path, got)
		}
	}
}

func TestWhereThePipelineIs(t *testing.T) {
	stages := []config.Stage{{PipelineStage: config.PipelineStage{Account: testAccount, Regions: []string{"eu-west-1", "us-east-1"}}}, {}}
	for _, test := range []struct {
		settings config.Settings
		cli      Place
		want     Place
	}{
		{config.Settings{PipelineAccount: toolsAccount, PipelineRegion: "eu-west-3"}, Place{Account: prodAccount, Region: "us-west-2"}, Place{Account: toolsAccount, Region: "eu-west-3"}},
		{config.Settings{}, Place{Account: prodAccount, Region: "us-west-2"}, Place{Account: prodAccount, Region: "us-west-2"}},
		{config.Settings{}, Place{Region: "us-west-2"}, Place{Account: testAccount, Region: "eu-west-1"}}, // the CLI has no credentials
	} {
		if got := pipelinePlace(config.Config{Settings: test.settings, Stages: stages}, test.cli); got != test.want {
			t.Errorf("%+v: got %+v", test, got)
		}
	}
	conf := pipelineSettings(t, fromGitHub, `[{"stage": "test"}, {"stage": "prod", "account": "333333333333"}]`, map[string]any{"pipeline_account": "", "pipeline_region": ""})
	if _, err := Prepare(t.Context(), conf, Place{}, "../lambda/query/dependencies"); err == nil || !strings.HasPrefix(err.Error(), "pipeline_account, pipeline_region: ") {
		t.Errorf("got %v", err)
	}
}
