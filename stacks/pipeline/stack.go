// Package pipeline makes the stack that builds this checkout and deploys its
// stages: CDK Pipelines on CodePipeline.
package pipeline

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// The tools that the pipeline installs to update itself and to upload assets. The
// CLI's version is package.json's; npm's latest one does not support our
// assemblies.
const (
	cliVersion       = "2.1148.1"
	cdkAssetsVersion = "4.7.3"
)

// StackProps are the properties of the pipeline's stack.
type StackProps struct {
	AppName     string
	Environment artifact.Environment
	Source      config.PipelineSource
	CommandLine []string // settings of -c, as key=value, for the build's own synth
	Files       []string // that settings name; the build requires them in the checkout
	Waves       []Wave
	KeyARN      string // of the key that encrypts artifacts; "" makes one
	NotifyEmail string // "" for no notifications
	Logs        construct.LogSettings

	TerminationProtection bool
	Tags                  map[string]string
}

// NewStage makes the stack of a stage. smoke is nil without a smoke test.
type NewStage func(scope constructs.Construct, stage *artifact.Stage, smoke *construct.SmokeRoleProps) (awscdk.Stack, error)

// StackPropsOf returns the properties for a pipeline's artifacts. newStage makes
// the stages' stacks.
func StackPropsOf(pipeline *artifact.Pipeline, newStage NewStage) StackProps {
	conf := pipeline.Config
	props := StackProps{
		AppName: conf.AppName, Environment: pipeline.Environment, Source: *conf.PipelineSource, CommandLine: conf.CommandLine,
		Files: []string{conf.SettingsFile}, KeyARN: conf.PipelineKMS, NotifyEmail: conf.PipelineNotifyEmail,
		Logs: construct.LogSettingsOf(conf.Settings), TerminationProtection: conf.TerminationProtection, Tags: conf.Tags,
	}
	for _, stage := range conf.Stages {
		props.Files = append(props.Files, stage.Config.Dependencies, stage.Config.DistZip, stage.Config.IAMPolicyFile)
	}
	for _, from := range pipeline.Waves {
		wave := Wave{Name: from.Name, Approve: from.Approve}
		for _, stage := range from.Regions {
			wave.Regions = append(wave.Regions, regionOf(stage, newStage))
		}
		props.Waves = append(props.Waves, wave)
	}
	return props
}

// NewStack makes the stack. Each other region gets a stack with a bucket for the
// pipeline's artifacts.
func NewStack(scope constructs.Construct, id string, props StackProps) (awscdk.Stack, error) {
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		Description:           jsii.Sprintf("Builds %s and deploys its stages", props.AppName),
		TerminationProtection: jsii.Bool(props.TerminationProtection),
		Env:                   construct.CDKEnvironment(props.Environment),
		Tags:                  construct.Texts(props.Tags),
	})
	artifacts := newArtifacts(stack, "Artifacts", id, props.KeyARN)
	build := newBuild(stack, props, artifacts)
	pipeline := pipelines.NewCodePipeline(stack, jsii.String("Pipeline"), &pipelines.CodePipelineProps{
		Synth:               build.step,
		PipelineType:        awscodepipeline.PipelineType_V2,
		ArtifactBucket:      artifacts,
		CrossAccountKeys:    jsii.Bool(true),
		EnableKeyRotation:   jsii.Bool(true),
		CliVersion:          jsii.String(cliVersion),
		CdkAssetsCliVersion: jsii.String(cdkAssetsVersion),
		// One project uploads all assets: a stage has two of its own at most.
		PublishAssetsInParallel: jsii.Bool(false),
		CodeBuildDefaults:       projectDefaults(stack, props.Logs),
	})
	deployer := &deployer{app: scope, stack: stack, name: id, environment: props.Environment, pipeline: pipeline, build: build}
	for _, wave := range props.Waves {
		if err := deployer.add(wave); err != nil {
			return nil, err
		}
	}
	pipeline.BuildPipeline()
	dependOnPolicy(stack, pipeline.Pipeline())
	useConnection(pipeline, props.Source)
	startBySource(stack, id, props.Source, pipeline.Pipeline())
	notify(stack, id, props.NotifyEmail, pipeline.Pipeline())
	expireReplicas(pipeline.Pipeline())
	restrictKeys(stack, pipeline.Pipeline())
	restrictTrust(stack)
	acceptPolicies(pipeline, deployer.roles)
	construct.Tag(stack, props.Tags)
	warnAboutFiles(stack, props.Files)
	return stack, nil
}

// startBySource starts the pipeline when its zip in S3 has a new version.
// EventBridge receives that if the bucket sends it events. Repositories start the
// pipeline themselves.
func startBySource(stack awscdk.Stack, name string, source config.PipelineSource, pipeline awscodepipeline.Pipeline) {
	if source.Bucket == "" {
		return
	}
	role := awsiam.NewRole(pipeline, jsii.String("EventsRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil),
	})
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("codepipeline:StartPipelineExecution"),
		Resources: &[]*string{pipeline.PipelineArn()},
	}))
	rule := awsevents.NewRule(stack, jsii.String("NewSource"), &awsevents.RuleProps{
		Description: jsii.Sprintf("Starts %s when its source changes", name),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.s3"),
			DetailType: jsii.Strings("Object Created"),
			Detail: &map[string]any{
				"bucket": map[string]any{"name": []string{source.Bucket}},
				"object": map[string]any{"key": []string{source.Key}},
			},
		},
	})
	construct.SetTarget(rule, &awsevents.CfnRule_TargetProperty{Id: jsii.String("Target0"), Arn: pipeline.PipelineArn(), RoleArn: role.RoleArn()})
}

// notify mails failures and approvals that the pipeline waits for.
// https://docs.aws.amazon.com/dtconsole/latest/userguide/set-up-sns.html
func notify(stack awscdk.Stack, name, email string, pipeline awscodepipeline.Pipeline) {
	if email == "" {
		return
	}
	scope := constructs.NewConstruct(stack, jsii.String("Notices"))
	topic := construct.NewTopic(scope, construct.TopicID, construct.MailTopic("Notices of "+name, "codestar-notifications", email))
	pipeline.NotifyOn(jsii.String("Notify"), topic, &awscodepipeline.PipelineNotifyOnOptions{
		Events: &[]awscodepipeline.PipelineNotificationEvents{
			awscodepipeline.PipelineNotificationEvents_PIPELINE_EXECUTION_FAILED,
			awscodepipeline.PipelineNotificationEvents_MANUAL_APPROVAL_NEEDED,
		},
	})
}

// warnAboutFiles adds a warning about files outside of the checkout: the build
// has no other files.
func warnAboutFiles(stack awscdk.Stack, files []string) {
	named := slices.Clone(files)
	slices.Sort(named)
	outside := slices.DeleteFunc(slices.Compact(named), func(path string) bool { return path == "" || inCheckout(path) })
	if len(outside) > 0 {
		construct.Warn(stack, "not-in-checkout", "The pipeline's build finds only files of its source. These are outside: "+strings.Join(outside, ", ")+
			". Move them into the checkout, and name them by a relative path.")
	}
}

// inCheckout reports whether a path is below the current folder, where the app
// runs.
func inCheckout(path string) bool {
	here, err := filepath.Abs(".")
	if err != nil || strings.HasPrefix(path, "~") {
		return false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(here, path)
	}
	below, err := filepath.Rel(here, path)
	return err == nil && filepath.IsLocal(below)
}
