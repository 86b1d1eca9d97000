package pipeline

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodebuild"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodecommit"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/construct"
)

// The folders that pipeline/build.sh writes.
const (
	buildCache    = ".build/cache" // speeds up the next build
	buildPrograms = ".build/bin"   // defog, for later steps
	buildAssembly = "cdk.out"
)

// buildStep tests the checkout and makes the cloud assembly.
type buildStep struct {
	step     pipelines.CodeBuildStep
	checkout pipelines.IFileSetProducer
	programs pipelines.FileSet // defog for the pipeline's own processor
}

func newBuild(stack awscdk.Stack, props StackProps, cache awss3.IBucket) buildStep {
	checkout := checkoutFrom(stack, props.Source)
	step := pipelines.NewCodeBuildStep(jsii.String("Build"), &pipelines.CodeBuildStepProps{
		Input:                  checkout,
		Commands:               jsii.Strings(buildCommand(props.CommandLine)),
		PrimaryOutputDirectory: jsii.String(buildAssembly),
		// The tests load the CDK, compile all drivers and start databases.
		BuildEnvironment: &awscodebuild.BuildEnvironment{ComputeType: awscodebuild.ComputeType_LARGE},
		Cache:            awscodebuild.Cache_Bucket(cache, &awscodebuild.BucketCacheOptions{Prefix: jsii.String("cache")}),
		PartialBuildSpec: awscodebuild.BuildSpec_FromObject(&map[string]any{
			"version": "0.2",
			"cache":   map[string]any{"paths": []string{buildCache + "/**/*"}},
		}),
	})
	return buildStep{step: step, checkout: checkout, programs: step.AddOutputDirectory(jsii.String(buildPrograms))}
}

// buildCommand runs the build with the settings of the pipeline's own deployment.
// It starts bash, for some sources lose the mode of executable files.
func buildCommand(commandLine []string) string {
	command := []string{"bash pipeline/build.sh"}
	for _, setting := range commandLine {
		command = append(command, "-c", quoteForShell(setting))
	}
	return strings.Join(command, " ")
}

func quoteForShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// sourceAction is the name of the pipeline's first action.
const sourceAction = "Checkout"

// checkoutFrom returns the source of the checkout.
func checkoutFrom(stack awscdk.Stack, from config.PipelineSource) pipelines.IFileSetProducer {
	switch {
	case from.Bucket != "":
		bucket := awss3.Bucket_FromBucketName(stack, jsii.String("Source"), jsii.String(from.Bucket))
		return pipelines.CodePipelineSource_S3(bucket, jsii.String(from.Key), &pipelines.S3SourceOptions{
			ActionName: jsii.String(sourceAction),
			Trigger:    awscodepipelineactions.S3Trigger_NONE, // startBySource starts the pipeline
		})
	case from.ConnectionARN != "":
		return pipelines.CodePipelineSource_Connection(jsii.String(from.Repository), jsii.String(from.Branch),
			&pipelines.ConnectionSourceOptions{ActionName: jsii.String(sourceAction), ConnectionArn: jsii.String(from.ConnectionARN)})
	}
	repository := awscodecommit.Repository_FromRepositoryName(stack, jsii.String("Source"), jsii.String(from.Repository))
	return pipelines.CodePipelineSource_CodeCommit(repository, jsii.String(from.Branch),
		&pipelines.CodeCommitSourceOptions{ActionName: jsii.String(sourceAction)})
}

// projectDefaults returns the options of all CodeBuild projects: Amazon Linux on
// arm64, not privileged, with logs that expire, and without access to secrets.
//
// pipeline/build.sh installs the versions of Go and Node that go.mod and
// package-lock.json name; the image's are not used.
// https://docs.aws.amazon.com/codebuild/latest/userguide/available-runtimes.html
func projectDefaults(scope constructs.Construct, logs construct.LogSettings) *pipelines.CodeBuildOptions {
	return &pipelines.CodeBuildOptions{
		BuildEnvironment: &awscodebuild.BuildEnvironment{
			BuildImage:  awscodebuild.LinuxArmBuildImage_AMAZON_LINUX_2023_STANDARD_3_0(),
			ComputeType: awscodebuild.ComputeType_SMALL,
			Privileged:  jsii.Bool(false),
		},
		Timeout: awscdk.Duration_Hours(jsii.Number(1)),
		Logging: &awscodebuild.LoggingOptions{CloudWatch: &awscodebuild.CloudWatchLoggingOptions{
			LogGroup: construct.NewLogGroup(scope, "Logs", logs),
		}},
		RolePolicy: &[]awsiam.PolicyStatement{noSecrets()},
	}
}

// noSecrets denies secrets to builds, which run the repository's code: only the
// deployed function requires credentials.
func noSecrets() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:       jsii.String("NoSecrets"),
		Effect:    awsiam.Effect_DENY,
		Actions:   jsii.Strings("secretsmanager:*"),
		Resources: jsii.Strings("*"),
	})
}
