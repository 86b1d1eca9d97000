package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// The tools that the pipeline installs by itself, to renew itself and to upload
// assets. The CLI is package.json's; what npm calls the latest one does not
// understand our assemblies.
const (
	cliVersion       = "2.1148.1"
	cdkAssetsVersion = "4.7.3"
)

// NewPipelineStack makes the stack that builds the checkout, renews itself, and
// deploys the stages in their order: CDK Pipelines on CodePipeline. Regions
// other than its own get a stack with a bucket for the pipeline's artifacts.
func NewPipelineStack(scope constructs.Construct, id string, inputs *Inputs) error {
	conf := inputs.Config
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		Description:           jsii.Sprintf("Builds %s and deploys its stages", conf.AppName),
		TerminationProtection: jsii.Bool(conf.TerminationProtection),
		Env:                   inputs.environment(),
		Tags:                  texts(conf.Tags),
	})
	artifacts := newArtifacts(stack, conf)
	build := newBuild(stack, conf, artifacts)
	pipeline := pipelines.NewCodePipeline(stack, jsii.String("Pipeline"), &pipelines.CodePipelineProps{
		Synth:               build.step,
		PipelineType:        awscodepipeline.PipelineType_V2,
		ArtifactBucket:      artifacts,
		CrossAccountKeys:    jsii.Bool(true),
		EnableKeyRotation:   jsii.Bool(true),
		CliVersion:          jsii.String(cliVersion),
		CdkAssetsCliVersion: jsii.String(cdkAssetsVersion),
		// One project uploads all that differs: two files a stage at the most.
		PublishAssetsInParallel: jsii.Bool(false),
		CodeBuildDefaults:       projectDefaults(stack, conf),
	})
	deployer := &deployer{app: scope, stack: stack, pipeline: pipeline, build: build, inputs: inputs}
	for _, stage := range inputs.Stages {
		if err := deployer.add(stage); err != nil {
			return err
		}
	}
	pipeline.BuildPipeline()
	dependOnPolicy(stack, pipeline.Pipeline())
	useConnection(pipeline, *conf.PipelineSource)
	startBySource(stack, conf, pipeline.Pipeline())
	notify(stack, conf, pipeline.Pipeline())
	expireReplicas(pipeline.Pipeline())
	explainPipeline(pipeline, deployer.roles)
	tag(stack, conf.Tags)
	warnOfFiles(stack, conf)
	if inputs.Local {
		awscdk.Annotations_Of(stack).AddWarningV2(jsii.String("defog:no-pipelines-on-local-aws"), jsii.String(
			"Local AWS has no CodePipeline, so this stack cannot be deployed there. Its stages can: npx cdk deploy --app cdk.out/assembly-‹stage›."))
	}
	return nil
}

// environment ties a stack to its account and region; nil leaves it free, when
// neither is known.
func (p Place) environment() *awscdk.Environment {
	if p.Account == "" && p.Region == "" {
		return nil
	}
	return &awscdk.Environment{Account: optional(p.Account), Region: optional(p.Region)}
}

// startBySource starts the pipeline when its zip in S3 has a new version, which
// EventBridge says if the bucket tells it. Repositories start it by themselves.
func startBySource(stack awscdk.Stack, conf config.Config, pipeline awscodepipeline.Pipeline) {
	source := conf.PipelineSource
	if source.Bucket == "" {
		return
	}
	awsevents.NewRule(stack, jsii.String("NewSource"), &awsevents.RuleProps{
		Description: jsii.Sprintf("Starts %s when its source changes", conf.PipelineName()),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.s3"),
			DetailType: jsii.Strings("Object Created"),
			Detail: &map[string]any{
				"bucket": map[string]any{"name": []string{source.Bucket}},
				"object": map[string]any{"key": []string{source.Key}},
			},
		},
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewCodePipeline(pipeline, nil)},
	})
}

// notify mails that the pipeline failed, or waits for somebody.
// https://docs.aws.amazon.com/dtconsole/latest/userguide/set-up-sns.html
func notify(stack awscdk.Stack, conf config.Config, pipeline awscodepipeline.Pipeline) {
	if conf.PipelineNotifyEmail == "" {
		return
	}
	scope := constructs.NewConstruct(stack, jsii.String("Notices"))
	topic := newMailTopic(scope, "Notices of "+conf.PipelineName(), conf.PipelineNotifyEmail, "codestar-notifications")
	pipeline.NotifyOn(jsii.String("Notify"), topic, &awscodepipeline.PipelineNotifyOnOptions{
		Events: &[]awscodepipeline.PipelineNotificationEvents{
			awscodepipeline.PipelineNotificationEvents_PIPELINE_EXECUTION_FAILED,
			awscodepipeline.PipelineNotificationEvents_MANUAL_APPROVAL_NEEDED,
		},
	})
}
