package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// Why cdk-nag's findings on the roles that CDK Pipelines makes do not hold.
const (
	onArtifacts = "the grants of the CDK name the artifacts' own bucket, its objects and its key, with several actions of one kind written with a star"
	onProject   = onArtifacts + "; and the log and the reports of one project, whose streams have names of CodeBuild's making"
	onMutation  = onProject + "; besides, it may take the CDK's own bootstrap roles, told by their tag, and describe stacks, to deploy the pipeline itself"
	onAssets    = onArtifacts + "; and the logs, the reports and the builds of this account's projects, for the projects that upload come and go"
)

// explainPipeline gives cdk-nag the reasons for what is wide in the roles.
func explainPipeline(pipeline pipelines.CodePipeline, steps []awsiam.Role) {
	actions := pipeline.Pipeline().Node()
	child := func(node constructs.Node, path ...string) constructs.IConstruct {
		found := node.FindChild(jsii.String(path[0]))
		for _, name := range path[1:] {
			found = found.Node().FindChild(jsii.String(name))
		}
		return found
	}
	acceptPolicy(pipeline.Pipeline().Role(), onArtifacts)
	acceptPolicy(child(actions, "Source", sourceAction, "CodePipelineActionRole"), onArtifacts)
	acceptPolicy(pipeline.SynthProject().Role(), onProject)
	acceptPolicy(pipeline.SelfMutationProject().Role(), onMutation)
	acceptPolicy(child(pipeline.Node(), "Assets", "FileRole"), onAssets)
	for _, role := range steps {
		acceptPolicy(role, onProject)
	}
}

// acceptPolicy gives the reason for what is wide in what the CDK lets a role do.
func acceptPolicy(role constructs.IConstruct, reason string) {
	acceptFinding(role.Node().FindChild(jsii.String("DefaultPolicy")), "AwsSolutions-IAM5", reason)
}

// dependOnPolicy has the pipeline wait for its role's policy alone. The construct
// names the role, too, which the role's ARN implies.
func dependOnPolicy(stack awscdk.Stack, pipeline awscodepipeline.Pipeline) {
	var policy awsiam.CfnPolicy
	jsii.UnsafeCast(pipeline.Role().Node().FindChild(jsii.String("DefaultPolicy")).Node().DefaultChild(), &policy)
	var resource awscodepipeline.CfnPipeline
	jsii.UnsafeCast(pipeline.Node().DefaultChild(), &resource)
	resource.AddOverride(jsii.String("DependsOn"), []*string{stack.GetLogicalId(policy)})
}

// useConnection lets the pipeline use its connection by the service's new name,
// which the CDK, that knows the old one, leaves out.
// https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
func useConnection(pipeline pipelines.CodePipeline, source config.PipelineSource) {
	if source.ConnectionARN == "" {
		return
	}
	var role awsiam.Role
	action := pipeline.Pipeline().Node().FindChild(jsii.String("Source")).Node().FindChild(jsii.String(sourceAction))
	jsii.UnsafeCast(action.Node().FindChild(jsii.String("CodePipelineActionRole")), &role)
	role.AddToPolicy(allow(jsii.String(source.ConnectionARN), "codeconnections:UseConnection"))
}
